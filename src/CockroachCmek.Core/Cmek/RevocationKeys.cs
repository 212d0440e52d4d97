using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>The keys of a revocation, and where they are known from.</summary>
internal sealed record RevocationKeys
{
    /// <summary>The key in force of each region. They decide whether CockroachDB Cloud is asked to revoke.</summary>
    public required IReadOnlyList<CmekRegionSpec> InForce { get; init; }

    /// <summary>
    /// Every key, those in force first: past keys, and copies in places that the cluster does not use.
    /// </summary>
    public required IReadOnlyList<CmekRegionSpec> Every { get; init; }

    /// <summary>
    /// Status of CMEK, as CockroachDB Cloud reports it; empty when CockroachDB Cloud was not asked.
    /// </summary>
    public string Status { get; init; } = "";

    /// <summary>True when nothing but a record names the keys.</summary>
    public bool IsFromRecord { get; init; }

    /// <summary>True when the KMS alone showed the keys.</summary>
    public bool IsFromKms { get; init; }

    /// <summary>True when CockroachDB Cloud was asked and responded.</summary>
    public bool IsFromCloud { get; init; }

    /// <summary>
    /// Finds the keys. With a source at hand, <see cref="RevocationOptions.KmsOnly"/> sends nothing to CockroachDB
    /// Cloud; without it, CockroachDB Cloud is asked, and the source is used when it does not respond.
    /// </summary>
    /// <exception cref="CmekException">CmekNotEnabled, RevocationKeysUnknown, AmbiguousClusterKeys.</exception>
    public static async Task<RevocationKeys> FindAsync(KeySources sources, OperationContext context)
    {
        var found = await FindOfClusterAsync(sources, context);
        var copies = await sources.Keys.FindCopiesAsync(found.Every, context);
        return copies.Count == 0 ? found : found with { Every = [.. found.Every, .. copies] };
    }

    private static async Task<RevocationKeys> FindOfClusterAsync(KeySources sources, OperationContext context)
    {
        var (cluster, options) = (sources.Cluster, sources.Options);
        var known = AtHand(cluster, options.Source, sources.Earlier, sources.Clouds);
        if (options.KmsOnly && known is not null)
            return known;
        if (options.KmsOnly)
            TellOfRecord(cluster, options.Source as CmekRevocation ?? sources.Earlier, context);
        try
        {
            var info = await sources.Client.GetCmekAsync(cluster, context);
            var fromCloud = Of(info) with { IsFromCloud = true };
            if (known is { IsFromRecord: false })
                fromCloud = fromCloud with { Every = [.. fromCloud.Every.Concat(known.Every).Distinct()] };
            if (fromCloud.InForce.Count == 0 || info.Status is CmekStatus.Disabled)
                throw Errors.CmekNotEnabled(cluster.Name, info.Status, sources.Purpose);
            return fromCloud;
        }
        catch (CmekException error) when (error.ErrorId != nameof(Errors.CmekNotEnabled))
        {
            var source = "the manifest or record names";
            if (known is null)
            {
                known = await InKmsAsync(sources, context);
                source = "the KMS shows by this module's names and tags";
            }

            if (known is null)
                throw Errors.RevocationKeysUnknown(cluster.Name, error);
            context.Host.Warning(
                $"{cluster.Name}: CockroachDB Cloud could not be asked for the keys. {error.Message} The keys that "
                    + $"{source} are used."
            );
            return known;
        }
    }

    /// <summary>The keys that the KMS itself shows; null when there are none, or it cannot be searched.</summary>
    /// <exception cref="CmekException">AmbiguousClusterKeys.</exception>
    private static async Task<RevocationKeys?> InKmsAsync(KeySources sources, OperationContext context)
    {
        var (cluster, keys) = (sources.Cluster, sources.Keys);
        KeySearch search;
        try
        {
            using var timeUp = new CancellationTokenSource(ClusterSearch.Limit);
            search = await keys.FindKeysAsync(cluster, context, timeUp.Token);
        }
        catch (CmekException error)
        {
            context.Host.Warning(
                $"{cluster.Name}: the KMS could not be searched for the cluster's keys. {error.Message}"
            );
            return null;
        }

        if (search.Clusters.Count > 1)
            throw Errors.AmbiguousClusterKeys(
                cluster.Name,
                [.. search.Clusters.Select(c => (c.Name, c.Id, keys.Cloud.DisplayName))],
                sources.Command
            );
        if (search.Missed.Count > 0)
            context.Host.Warning($"{cluster.Name}: keys may be missing. {string.Join(" ", search.Missed)}");
        return search.Keys.Count == 0 ? null : OfKms(search.Keys);
    }

    private static RevocationKeys? AtHand(
        CrdbCluster cluster,
        object? source,
        CmekRevocation? earlier,
        CustomerCloudTable clouds
    )
    {
        if (source is RevocationKeys given)
            return given;
        if (source is CmekManifest manifest)
            return new RevocationKeys { InForce = manifest.RegionSpecs, Every = manifest.RegionSpecs };
        if (source is CmekInfo info && info.EveryKey().Count > 0)
            return Of(info);
        if ((source as CmekRevocation ?? earlier) is not { Changes.Count: > 0 } record)
            return null;
        var (inForce, every) = RecordedChanges.KeysOf(record, cluster, clouds);
        if (inForce.Count > 0)
            return new RevocationKeys
            {
                InForce = inForce,
                Every = every,
                IsFromRecord = true,
            };
        return null;
    }

    /// <summary>Says why a record is not enough.</summary>
    private static void TellOfRecord(CrdbCluster cluster, CmekRevocation? record, OperationContext context)
    {
        if (record is { Changes.Count: > 0 })
            context.Host.Warning(
                $"{cluster.Name}: the record {record.Path} changes an identity and names no key, because an earlier "
                    + "version of this module wrote it. The keys are looked for elsewhere."
            );
    }

    /// <summary>Keys that only the KMS shows. It does not tell which are in force, so all of them decide.</summary>
    public static RevocationKeys OfKms(IReadOnlyList<CmekRegionSpec> keys) =>
        new()
        {
            InForce = keys,
            Every = keys,
            IsFromKms = true,
        };

    private static RevocationKeys Of(CmekInfo info) =>
        new()
        {
            InForce = info.InForce(),
            Every = info.EveryKey(),
            Status = info.Status,
        };
}

/// <summary>Where the keys of a revocation can be known from.</summary>
/// <param name="Earlier">The record of an interrupted run; null for none.</param>
/// <param name="Keys">The customer's cloud, which shows them itself when nothing else names them.</param>
internal sealed record KeySources(
    CrdbCluster Cluster,
    CmekRevocation? Earlier,
    CrdbCloudClient Client,
    ICmekKeyProvider Keys,
    RevocationOptions Options,
    CustomerCloudTable Clouds
)
{
    /// <summary>What the keys are needed for, for errors: "to revoke".</summary>
    public string Purpose { get; init; } = "to revoke";

    /// <summary>The command that needs them, for errors.</summary>
    public string Command { get; init; } = "Revoke-CrdbCmek";
}
