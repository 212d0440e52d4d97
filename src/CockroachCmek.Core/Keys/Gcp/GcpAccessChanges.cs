using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>A key, the service account that uses it, and the regions that it serves.</summary>
internal sealed record GcpKeyUse(GcpKeyName Name, ServiceAccountEmail Account, IReadOnlyList<string> Regions);

/// <summary>The changes of access on Google Cloud, planned or found.</summary>
internal static class GcpAccessChanges
{
    /// <summary>The account's bindings on a key, which are to be removed.</summary>
    public static CmekAccessChange KeyBindings(GcpKeyUse use, IReadOnlyList<JsonObject> bindings) =>
        new GcpKeyBindings(use.Account, use.Name, bindings).ToChange(use.Regions, CmekAccessChangeState.Planned);

    /// <summary>The account's bindings on a key ring, which are to be removed.</summary>
    public static CmekAccessChange RingBindings(GcpKeyUse use, IReadOnlyList<JsonObject> bindings) =>
        new GcpRingBindings(use.Account, use.Name.Ring, bindings).ToChange(use.Regions, CmekAccessChangeState.Planned);

    /// <summary>The grant that the module makes, which the key lacks.</summary>
    public static CmekAccessChange MissingGrant(GcpKeyUse use) =>
        new GcpKeyBindings(use.Account, use.Name, [IamPolicy.Binding(GcpNames.UseRole, use.Account.Member)]).ToChange(
            use.Regions,
            CmekAccessChangeState.Done
        );

    /// <summary>
    /// CockroachDB Cloud's bindings on a service account; without any, the one that the module makes.
    /// </summary>
    public static CmekAccessChange Trust(
        string trusted,
        ServiceAccountEmail account,
        IReadOnlyList<string> regions,
        IReadOnlyList<JsonObject> bindings
    ) =>
        bindings.Count > 0
            ? new GcpTrustBindings(account, trusted, bindings).ToChange(regions, CmekAccessChangeState.Planned)
            : new GcpTrustBindings(account, trusted, [IamPolicy.Binding(GcpNames.TrustRole, trusted)]).ToChange(
                regions,
                CmekAccessChangeState.Done
            );

    /// <summary>The service account, which is to be disabled or is.</summary>
    public static CmekAccessChange Account(
        ServiceAccountEmail account,
        IReadOnlyList<string> regions,
        bool isDisabled
    ) =>
        new GcpAccountChange(account).ToChange(
            regions,
            isDisabled ? CmekAccessChangeState.Done : CmekAccessChangeState.Planned
        );

    /// <summary>The enabled versions of a key, which are to be disabled.</summary>
    public static CmekAccessChange EnabledVersions(GcpKeyUse use, IEnumerable<CryptoKeyVersion> versions) =>
        new GcpVersionsChange(use.Account, use.Name, In(versions, "ENABLED")).ToChange(
            use.Regions,
            CmekAccessChangeState.Planned
        );

    /// <summary>The disabled versions of a key.</summary>
    public static CmekAccessChange DisabledVersions(GcpKeyUse use, IEnumerable<CryptoKeyVersion> versions) =>
        new GcpVersionsChange(use.Account, use.Name, In(versions, "DISABLED")).ToChange(
            use.Regions,
            CmekAccessChangeState.Done
        );

    /// <summary>The versions of a key that are to be destroyed; null without any.</summary>
    public static CmekAccessChange? ScheduledDestruction(GcpKeyUse use, IEnumerable<CryptoKeyVersion> versions) =>
        In(versions, "DESTROY_SCHEDULED") is { Count: > 0 } scheduled
            ? new GcpDestructionChange(use.Account, use.Name, scheduled).ToChange(
                use.Regions,
                CmekAccessChangeState.Done
            )
            : null;

    /// <summary>Joins equal changes of several regions and keys, for example of the ring that keys share.</summary>
    public static IReadOnlyList<CmekAccessChange> Merge(IEnumerable<CmekAccessChange> changes) =>
        [
            .. changes
                .GroupBy(c => (c.Kind, c.Target, c.AuthPrincipal))
                .Select(g => g.First() with { Regions = [.. g.SelectMany(c => c.Regions).Distinct()] }),
        ];

    private static List<string> In(IEnumerable<CryptoKeyVersion> versions, string state) =>
        [.. versions.Where(v => v.State == state).Select(v => v.Id)];
}
