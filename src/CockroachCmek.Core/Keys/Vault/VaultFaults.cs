namespace CockroachCmek.Core.Keys.Vault;

/// <summary>What makes a key of Vault unfit for CMEK, before anything is written: each with the id and the next command that the user reads.</summary>
internal static class VaultFaults
{
    /// <summary>Type, versions and purpose of a key, found or to be made.</summary>
    public static IEnumerable<CmekException> OfKey(
        IVaultTarget target,
        FoundVaultKey? found,
        string name,
        string type,
        string mount
    )
    {
        if (!target.KeyTypes.Contains(type))
            yield return VaultErrors.VaultKeyTypeRefused(name, type, $"CMEK on {target.Provider}", target.KeyTypes);
        if (found?.Place is not { } place)
            yield break;
        // Those that use the key for more than CMEK may have asked for more.
        string[] needed = [.. target.NeededPurposes];
        if (needed.Except(place.Distribution.Purposes).Any())
            yield return VaultErrors.VaultDistributionDiffers(
                name,
                string.Join(", ", place.Distribution.Purposes),
                string.Join(" and ", needed)
            );
        if (!found.IsWhole)
            yield return VaultErrors.VaultVersionMismatch(
                name,
                found.Key.LatestVersion,
                VaultKeyWriter.VersionsOf(found),
                place.EntryName,
                mount
            );
    }

    public static bool IsSame(VaultEntry entry, IVaultTarget target, string collection) =>
        Differences(entry, target, collection).Count == 0;

    public static IReadOnlyList<string> Differences(VaultEntry entry, IVaultTarget target, string collection)
    {
        var differences = new List<string>();
        if (entry.Provider != target.Provider)
            differences.Add($"it is for {entry.Provider}, not {target.Provider}");
        if (!target.CollectionComparer.Equals(entry.KeyCollection, collection))
            differences.Add($"its key collection is {entry.KeyCollection}, not {collection}");
        return differences;
    }
}
