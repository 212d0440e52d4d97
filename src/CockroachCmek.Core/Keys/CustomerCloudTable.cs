namespace CockroachCmek.Core.Keys;

/// <summary>The clouds that can hold a customer's keys, and what is asked of all of them.</summary>
internal sealed class CustomerCloudTable(IReadOnlyList<ICustomerCloud> clouds)
{
    /// <summary>Every cloud.</summary>
    public IReadOnlyList<ICustomerCloud> All => clouds;

    /// <summary>Every key type that a manifest can hold.</summary>
    public IEnumerable<string> KeyTypes => clouds.Select(c => c.KeyType);

    /// <summary>The cloud of a cluster.</summary>
    /// <exception cref="CmekException">CloudNotSupported.</exception>
    public ICustomerCloud Of(CrdbCluster cluster) =>
        Find(cluster) ?? throw Errors.CloudNotSupported(cluster.Name, cluster.CloudProvider);

    /// <summary>The cloud of a cluster; null for a cloud that is newer than this module.</summary>
    public ICustomerCloud? Find(CrdbCluster cluster) => clouds.FirstOrDefault(c => c.Provider == cluster.CloudProvider);

    /// <summary>The cloud whose keys have a type; null for an unknown type.</summary>
    public ICustomerCloud? OfKeyType(string keyType) => clouds.FirstOrDefault(c => c.KeyType == keyType);

    /// <summary>Reads a key URI of any cloud. Never throws: <see cref="KeyUri.Problem"/> says what is wrong.</summary>
    public KeyUri ParseKeyUri(string text) =>
        clouds.Select(c => c.ParseKeyUri(text)).OfType<KeyUri>().FirstOrDefault()
        ?? KeyUri.Malformed(text, "it is not a key ARN, resource name or Key Identifier");

    /// <summary>Refuses, by name, parameters that do not apply to the cluster's cloud.</summary>
    /// <param name="supported">Which parameters a cloud supports.</param>
    /// <exception cref="CmekException">ParameterNotSupported.</exception>
    public void RefuseForeignOptions(
        CrdbCluster cluster,
        CloudOptions options,
        Func<ICustomerCloud, IReadOnlyCollection<string>> supported
    )
    {
        var cloud = Of(cluster);
        var foreign = options.Names.Where(n => !supported(cloud).Contains(n)).ToList();
        if (foreign.Count == 0)
            return;
        var owners = clouds.Where(c => foreign.Any(n => supported(c).Contains(n))).Select(c => c.DisplayName);
        throw Errors.ParameterNotSupported(cluster, cloud.DisplayName, foreign, [.. owners], supported(cloud));
    }
}
