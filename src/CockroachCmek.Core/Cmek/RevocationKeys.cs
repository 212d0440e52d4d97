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
    /// <param name="earlier">The record of an interrupted run; null for none.</param>
    /// <exception cref="CmekException">CmekNotEnabled, RevocationKeysUnknown.</exception>
    public static async Task<RevocationKeys> FindAsync(
        CrdbCluster cluster,
        CmekRevocation? earlier,
        CrdbCloudClient client,
        ICmekKeyProvider keys,
        RevocationOptions options,
        CustomerCloudTable clouds,
        OperationContext context
    )
    {
        var found = await FindOfClusterAsync(cluster, earlier, client, keys, options, clouds, context);
        var copies = await keys.FindCopiesAsync(found.Every, context);
        return copies.Count == 0 ? found : found with { Every = [.. found.Every, .. copies] };
    }

    private static async Task<RevocationKeys> FindOfClusterAsync(
        CrdbCluster cluster,
        CmekRevocation? earlier,
        CrdbCloudClient client,
        ICmekKeyProvider keys,
        RevocationOptions options,
        CustomerCloudTable clouds,
        OperationContext context
    )
    {
        var known = AtHand(cluster, options.Source, earlier, clouds);
        if (options.KmsOnly && known is not null)
            return known;
        if (options.KmsOnly)
            TellOfRecord(cluster, options.Source as CmekRevocation ?? earlier, context);
        try
        {
            var info = await client.GetCmekAsync(cluster, context);
            var fromCloud = Of(info) with { IsFromCloud = true };
            if (known is { IsFromRecord: false })
                fromCloud = fromCloud with { Every = [.. fromCloud.Every.Concat(known.Every).Distinct()] };
            if (fromCloud.InForce.Count == 0 || info.Status is CmekStatus.Disabled)
                throw Errors.CmekNotEnabled(cluster.Name, info.Status, "to revoke");
            return fromCloud;
        }
        catch (CmekException error) when (error.ErrorId != nameof(Errors.CmekNotEnabled))
        {
            var source = "the manifest or record names";
            if (known is null)
            {
                known = await InKmsAsync(cluster, keys, context);
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
    private static async Task<RevocationKeys?> InKmsAsync(
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        try
        {
            var specs = await keys.FindKeysAsync(cluster, context);
            // The KMS does not tell which keys are in force, so all of them decide.
            return specs.Count == 0
                ? null
                : new RevocationKeys
                {
                    InForce = specs,
                    Every = specs,
                    IsFromKms = true,
                };
        }
        catch (CmekException error)
        {
            context.Host.Warning(
                $"{cluster.Name}: the KMS could not be searched for the cluster's keys. {error.Message}"
            );
            return null;
        }
    }

    private static RevocationKeys? AtHand(
        CrdbCluster cluster,
        object? source,
        CmekRevocation? earlier,
        CustomerCloudTable clouds
    )
    {
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

    private static RevocationKeys Of(CmekInfo info) =>
        new()
        {
            InForce = info.InForce(),
            Every = info.EveryKey(),
            Status = info.Status,
        };
}
