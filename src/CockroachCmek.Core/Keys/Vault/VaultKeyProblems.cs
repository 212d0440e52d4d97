namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// What makes a Vault key, an entry or a request unfit for CMEK. Each problem is the error that the user reads.
/// </summary>
internal sealed class VaultKeyProblems(ICustomerCloud cloud, string mount)
{
    private readonly IVaultTarget _target = cloud.VaultTarget!;

    /// <summary>Problems of a request that can be told without reading anything.</summary>
    public IEnumerable<CmekException> OfRequest(KeyRequest request)
    {
        var regions = request.Cluster.Regions.Select(r => r.Name).ToList();
        foreach (var region in request.Regions.Where(r => !regions.Contains(r)))
            yield return Errors.RegionUnknown(request.Cluster.Name, region, regions);
        if (cloud.PrincipalProblem(request.AuthPrincipal, request.Cluster) is { } problem)
            yield return VaultErrors.PrincipalMalformed(request.AuthPrincipal, cloud.KeyType, problem);
        if (UnsupportedOptions(request).ToList() is { Count: > 0 } options)
            yield return VaultErrors.VaultOptionsNotSupported(request.Cluster.Name, options);
        if (VaultKeyOptions.From(request.Options).KeyType is { } type && !_target.KeyTypes.Contains(type))
            yield return TypeRefused(request.Name ?? VaultNames.FirstKey(request.Cluster, null, null), type);
    }

    /// <summary>
    /// Problems of a key that exists or is to be created: its type, and what it was distributed for.
    /// </summary>
    public IEnumerable<CmekException> OfKey(string name, string type, FoundVaultKey? found)
    {
        if (!_target.KeyTypes.Contains(type))
            yield return TypeRefused(name, type);
        if (found?.Copy is { } copy && _target.NeededPurposes.Except(copy.Distribution.Purposes).Any())
            yield return VaultErrors.VaultDistributionDiffers(
                name,
                string.Join(", ", copy.Distribution.Purposes),
                string.Join(" and ", _target.NeededPurposes)
            );
    }

    /// <summary>The KMS lacks Vault's latest version.</summary>
    public IEnumerable<CmekException> OfDistribution(FoundVaultKey? found)
    {
        if (found is { Copy: { } copy, HasLatestInKms: false })
            yield return VaultErrors.VaultVersionMismatch(
                found.Name,
                found.Key.LatestVersion,
                found.VersionsInKms,
                copy.EntryName,
                mount
            );
    }

    /// <summary>
    /// Problems of a planned key: its own, and those of the entry and the key collection that exist.
    /// </summary>
    /// <param name="wantedType">The type that was asked for; null for none.</param>
    public IEnumerable<CmekException> OfPlan(VaultPlan plan, string? wantedType)
    {
        foreach (var problem in OfKey(plan.KeyName, plan.Type, plan.Found))
            yield return problem;
        foreach (var problem in OfDistribution(plan.Found))
            yield return problem;
        if (wantedType is not null && wantedType != plan.Type)
            yield return VaultErrors.VaultKeyTypeRefused(plan.KeyName, plan.Type, "the request", [wantedType]);
        if (plan.Found?.Copy is { } copy)
        {
            if (Differences(copy.Entry, plan.Collection.Name).Any())
                yield return VaultErrors.VaultKeyElsewhere(
                    plan.KeyName,
                    copy.EntryName,
                    $"{copy.Entry.Provider} {copy.Entry.KeyCollection}"
                );
        }
        else if (
            plan.EntryExists && Differences(plan.Entry, plan.Collection.Name).ToList() is { Count: > 0 } differences
        )
            yield return VaultErrors.VaultEntryDiffers(plan.EntryName, differences, mount);
    }

    private CmekException TypeRefused(string key, string type) =>
        VaultErrors.VaultKeyTypeRefused(key, type, $"CMEK on {cloud.DisplayName}", _target.KeyTypes);

    private IEnumerable<string> UnsupportedOptions(KeyRequest request)
    {
        foreach (var name in request.Options.Names.Except(_target.KeyOptions))
            yield return $"-{name}";
        if (request.RotationPeriodInDays is not null)
            yield return "-RotationPeriodInDays";
        if (request.Tags.Count > 0)
            yield return "-Tag";
    }

    private IEnumerable<string> Differences(VaultEntry entry, string collection)
    {
        if (entry.Provider != _target.Provider)
            yield return $"it is for {entry.Provider}, not {_target.Provider}";
        if (!_target.CollectionComparer.Equals(entry.KeyCollection, collection))
            yield return $"its key collection is {entry.KeyCollection}, not {collection}";
    }
}
