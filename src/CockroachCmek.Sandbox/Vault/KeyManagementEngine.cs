using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// A mount of the key management engine: routes, keys and providers. Where HashiCorp's pages give only the status of a
/// refusal, the sentence is the sandbox's own.
/// </summary>
internal sealed class KeyManagementEngine(
    SandboxClock clock,
    IReadOnlyList<IKeyDistributor> clouds,
    KeyManagementData data,
    RsaSupply rsa,
    bool supportsReplicas
)
{
    private const string NamePattern = @"^\w(([\w.-]+)?\w)?$";
    private readonly KeyDistributions _distributions = new(clock, clouds, data);

    /// <summary>True if a write to the path updates something. Policies distinguish create and update.</summary>
    public bool Exists(string path) =>
        path.Split('/') switch
        {
            ["key", var name] => data.Keys.ContainsKey(name),
            ["kms", var kms] => data.Providers.ContainsKey(kms),
            ["kms", var kms, "key", var name] => _distributions.Find(kms, name) is not null,
            _ => true,
        };

    public VaultResponse Handle(VaultOperation operation, string path, VaultFields fields)
    {
        var parts = path.Split('/');
        if (parts.Where((_, i) => i % 2 == 1).Any(name => !Regex.IsMatch(name, NamePattern)))
            throw VaultException.UnsupportedPath();
        return parts[0] switch
        {
            "key" => HandleKeys(operation, parts, fields),
            "kms" when parts.Length <= 2 => HandleProviders(operation, parts, fields),
            "kms" => HandleDistributions(operation, parts, fields),
            _ => throw VaultException.UnsupportedPath(),
        };
    }

    private VaultResponse HandleKeys(VaultOperation operation, string[] path, VaultFields fields) =>
        (path, operation) switch
        {
            (["key"], VaultOperation.List) => VaultResponse.Keys(data.Keys.Keys),
            (["key", var name], VaultOperation.Read) => new VaultResponse(
                Find(data.Keys, name).ToJson(supportsReplicas)
            ),
            (["key", var name], VaultOperation.Write) => WriteKey(name, fields),
            (["key", var name], VaultOperation.Delete) => DeleteKey(name),
            (["key", var name, "rotate"], VaultOperation.Write) => Rotate(name),
            (["key", var name, "kms"], VaultOperation.List) => VaultResponse.Keys(
                Find(data.Keys, name).Distribution is { } distribution ? [distribution.Kms.Name] : []
            ),
            (["key"] or ["key", _] or ["key", _, "rotate" or "kms"], _) => throw VaultException.UnsupportedOperation(),
            _ => throw VaultException.UnsupportedPath(),
        };

    private VaultResponse HandleProviders(VaultOperation operation, string[] path, VaultFields fields) =>
        (path, operation) switch
        {
            (["kms"], VaultOperation.List) => VaultResponse.Keys(data.Providers.Keys),
            (["kms", var kms], VaultOperation.Read) => new VaultResponse(Find(data.Providers, kms).ToJson()),
            (["kms", var kms], VaultOperation.Write) => WriteProvider(kms, fields),
            (["kms", var kms], VaultOperation.Delete) => DeleteProvider(kms),
            _ => throw VaultException.UnsupportedOperation(),
        };

    private VaultResponse HandleDistributions(VaultOperation operation, string[] path, VaultFields fields) =>
        (path, operation) switch
        {
            (["kms", var kms, "key"], VaultOperation.List) => VaultResponse.Keys(
                data.Keys.Values.Where(k => k.Distribution?.Kms.Name == kms).Select(k => k.Name)
            ),
            (["kms", var kms, "key", var name], VaultOperation.Read) => new VaultResponse(
                (_distributions.Find(kms, name) ?? throw VaultException.NotFound()).ToJson()
            ),
            (["kms", var kms, "key", var name], VaultOperation.Write) => _distributions.Add(kms, name, fields),
            (["kms", var kms, "key", var name], VaultOperation.Delete) => _distributions.Remove(kms, name),
            (["kms", var kms, "key", var name, "replicate"], VaultOperation.Write) when supportsReplicas =>
                _distributions.Replicate(kms, name),
            (["kms", _, "key", _, "replicate"], _) when supportsReplicas => throw VaultException.UnsupportedOperation(),
            (["kms", _, "key"] or ["kms", _, "key", _], _) => throw VaultException.UnsupportedOperation(),
            _ => throw VaultException.UnsupportedPath(),
        };

    private VaultResponse WriteKey(string name, VaultFields fields)
    {
        var type = fields.Text("type");
        var (minimum, deletion) = (fields.Number("min_enabled_version"), fields.Flag("deletion_allowed"));
        var replicas = supportsReplicas ? fields.List("replica_regions") : null;
        if (!data.Keys.TryGetValue(name, out var key))
        {
            type ??= "rsa-2048";
            if (!VaultMaterial.Types.Contains(type))
                throw VaultException.Invalid($"invalid key type \"{type}\"");
            key = new VaultKey(name, type, [.. (replicas ?? []).Distinct()]);
            key.Rotate(clock.UtcNow, rsa);
        }
        else if (type is not null && type != key.Type)
            throw VaultException.Invalid($"type of key \"{name}\" cannot be changed from \"{key.Type}\"");
        else if (replicas is not null && !replicas.OrderBy(r => r).SequenceEqual(key.ReplicaRegions.OrderBy(r => r)))
            throw VaultException.Invalid($"replica_regions of key \"{name}\" cannot be changed");

        if (minimum is { } version)
            _distributions.SetMinimum(key, version);
        key.DeletionAllowed = deletion ?? key.DeletionAllowed;
        data.Keys[name] = key;
        return VaultResponse.Done;
    }

    private VaultResponse DeleteKey(string name)
    {
        if (!data.Keys.TryGetValue(name, out var key))
            return VaultResponse.Done;
        if (!key.DeletionAllowed)
            throw VaultException.Invalid($"deletion is not allowed for key \"{name}\": deletion_allowed is false");
        if (key.Distribution is { } distribution)
            throw VaultException.Invalid(
                $"key \"{name}\" must be removed from KMS provider \"{distribution.Kms.Name}\" before it can be deleted"
            );
        data.Keys.Remove(name);
        return VaultResponse.Done;
    }

    /// <summary>
    /// Adds a version. If the cloud refuses it, it stays in Vault only, until the next rotation or distribution.
    /// </summary>
    private VaultResponse Rotate(string name)
    {
        var key = data.FindKey(name);
        key.Rotate(clock.UtcNow, rsa);
        if (key.Distribution is { } distribution)
            _distributions.DistributeMissing(key, distribution);
        return VaultResponse.Done;
    }

    private VaultResponse WriteProvider(string name, VaultFields fields)
    {
        var (provider, collection) = (fields.Text("provider"), fields.Text("key_collection"));
        var credentials = fields.Pairs("credentials");
        if (!data.Providers.TryGetValue(name, out var kms))
        {
            if (string.IsNullOrEmpty(provider))
                throw VaultException.Invalid("provider is required");
            if (clouds.All(c => c.Provider != provider))
                throw VaultException.Invalid($"unsupported provider \"{provider}\"");
            if (string.IsNullOrEmpty(collection))
                throw VaultException.Invalid("key_collection is required");
            data.Providers[name] = kms = new KmsProvider(name, provider!, collection!);
        }
        else if (provider is not null && provider != kms.Provider)
            throw VaultException.Invalid($"provider of \"{name}\" cannot be changed from \"{kms.Provider}\"");
        else if (collection is not null && collection != kms.Collection)
            throw VaultException.Invalid($"key_collection of \"{name}\" cannot be changed from \"{kms.Collection}\"");

        kms.Credentials = credentials ?? kms.Credentials;
        return VaultResponse.Done;
    }

    private VaultResponse DeleteProvider(string name)
    {
        if (data.Keys.Values.FirstOrDefault(k => k.Distribution?.Kms.Name == name) is { } key)
            throw VaultException.Invalid(
                $"KMS provider \"{name}\" cannot be deleted: key \"{key.Name}\" is distributed to it"
            );
        data.Providers.Remove(name);
        return VaultResponse.Done;
    }

    private static T Find<T>(SortedDictionary<string, T> items, string name) =>
        items.TryGetValue(name, out var item) ? item : throw VaultException.NotFound();
}
