namespace CockroachCmek.Core.Cmek;

/// <summary>Questions about a state of CMEK that several operations ask.</summary>
internal static class CmekState
{
    /// <summary>True when every spec is the key in force, or about to be, in its region.</summary>
    public static bool Uses(this CmekInfo info, IEnumerable<CmekRegionSpec> specs) =>
        info.Status is CmekStatus.Enabled or CmekStatus.Enabling or CmekStatus.Rotating && specs.All(info.Uses);

    /// <summary>True when a spec is the key in force, or about to be, in its region.</summary>
    public static bool Uses(this CmekInfo info, CmekRegionSpec spec) =>
        info.Regions.Any(r =>
            r.Region == spec.Region
            && r.Keys.Any(k =>
                k.Status is CmekStatus.Enabled or CmekStatus.Enabling
                && k.KeyUri == spec.KeyUri
                && k.AuthPrincipal == spec.AuthPrincipal
            )
        );

    /// <summary>How many keys, present and past, a region has: every rotation adds one.</summary>
    public static int Entries(this CmekInfo info, string region) =>
        info.Regions.FirstOrDefault(r => r.Region == region)?.Keys.Count ?? 0;

    /// <summary>
    /// True when a region has begun to wrap with a key since an earlier state was read. How the API shows that for a
    /// key that the region uses already is not documented: as a new entry, or as a later update of the same one.
    /// </summary>
    public static bool HasWrapped(this CmekInfo now, CmekInfo before, CmekRegionSpec spec) =>
        now.Uses(spec)
        && (
            now.Entries(spec.Region) > before.Entries(spec.Region)
            || now.Entry(spec)?.UpdatedAt > before.Entry(spec)?.UpdatedAt
        );

    /// <summary>The entry of a key that is in force, or about to be; null when there is none.</summary>
    private static CmekKeyInfo? Entry(this CmekInfo info, CmekRegionSpec spec) =>
        info
            .Regions.FirstOrDefault(r => r.Region == spec.Region)
            ?.Keys.FirstOrDefault(k => k.KeyUri == spec.KeyUri && k.AuthPrincipal == spec.AuthPrincipal);

    /// <summary>A key of a region as a manifest has it.</summary>
    public static CmekRegionSpec Spec(string region, CmekKeyInfo key) =>
        CmekRegionSpec.Create(region, key.KeyType, key.KeyUri, key.AuthPrincipal);

    /// <summary>The key in force of each region that has one.</summary>
    public static IReadOnlyList<CmekRegionSpec> InForce(this CmekInfo info) =>
        [.. info.Regions.Where(r => r.Keys.Count > 0).Select(r => Spec(r.Region, r.Keys[0]))];

    /// <summary>Every key that a region uses or has used, those in force first, each once for a region.</summary>
    public static IReadOnlyList<CmekRegionSpec> EveryKey(this CmekInfo info) =>
        [
            .. info.InForce()
                .Concat(info.Regions.SelectMany(r => r.Keys.Skip(1).Select(k => Spec(r.Region, k))))
                .Distinct(),
        ];

    /// <summary>Refuses a cluster that has CMEK already.</summary>
    /// <exception cref="CmekException">CmekRevoked, CmekBusy, AlreadyEnabledDifferently.</exception>
    public static void RefuseUnlessNew(CmekInfo info)
    {
        switch (info.Status)
        {
            case CmekStatus.Disabled or CmekStatus.EnableFailed:
                return;
            case CmekStatus.Revoked or CmekStatus.Revoking or CmekStatus.RevokeFailed:
                throw Errors.CmekRevoked(info.ClusterName, info.Status);
            case CmekStatus.Enabling or CmekStatus.Rotating or CmekStatus.Disabling:
                throw Errors.CmekBusy(info.ClusterName, info.Status);
            default:
                throw Errors.AlreadyEnabledDifferently(info);
        }
    }

    /// <summary>Refuses a cluster whose CMEK is not enabled or cannot be changed now.</summary>
    /// <param name="purpose">What CMEK is needed for, as in "to rotate".</param>
    /// <exception cref="CmekException">CmekRevoked, CmekBusy, CmekNotEnabled.</exception>
    public static void RefuseUnlessEnabled(CmekInfo info, string purpose)
    {
        if (info.Status is CmekStatus.Enabled or CmekStatus.RotateFailed)
            return;
        if (info.Status is CmekStatus.Disabled or CmekStatus.EnableFailed)
            throw Errors.CmekNotEnabled(info.ClusterName, info.Status, purpose);
        RefuseUnlessNew(info);
    }
}
