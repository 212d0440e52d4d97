using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>A key, the service account that uses it, and the regions that it serves.</summary>
internal sealed record GcpKeyUse(GcpKeyName Name, ServiceAccountEmail Account, IReadOnlyList<string> Regions);

/// <summary>The changes of access on Google Cloud: their kinds, texts and documents.</summary>
internal static class GcpAccessChanges
{
    /// <summary>Bindings of an allow policy. The change's target is the resource that has the policy.</summary>
    public const string BindingKind = "IamBinding";

    /// <summary>Versions of a key.</summary>
    public const string VersionsKind = "KeyVersions";

    /// <summary>The account's bindings on a key, which are to be removed.</summary>
    public static CmekAccessChange KeyBindings(GcpKeyUse use, IReadOnlyList<JsonObject> bindings) =>
        Bindings(use.Regions, use.Name.ToString(), use.Account, use.Name.ToString(), bindings);

    /// <summary>The account's bindings on a key ring, which are to be removed.</summary>
    public static CmekAccessChange RingBindings(GcpKeyUse use, IReadOnlyList<JsonObject> bindings) =>
        Bindings(use.Regions, "", use.Account, use.Name.Ring.ToString(), bindings);

    /// <summary>The grant that the module makes, which the key lacks.</summary>
    public static CmekAccessChange MissingGrant(GcpKeyUse use) =>
        KeyBindings(use, [IamPolicy.Binding(GcpNames.UseRole, use.Account.Member)]) with
        {
            State = CmekAccessChangeState.Done,
        };

    /// <summary>
    /// CockroachDB Cloud's bindings on a service account; without any, the one that the module makes.
    /// </summary>
    public static CmekAccessChange Trust(
        CrdbCluster cluster,
        ServiceAccountEmail account,
        IReadOnlyList<string> regions,
        IamPolicy policy
    )
    {
        var trusted = GcpNames.ClusterAccount(cluster).Member;
        var bindings = policy.BindingsOf(trusted);
        return bindings.Count > 0
            ? Bindings(regions, "", account, account.Resource, bindings)
            : Bindings(regions, "", account, account.Resource, [IamPolicy.Binding(GcpNames.TrustRole, trusted)]) with
            {
                State = CmekAccessChangeState.Done,
            };
    }

    /// <summary>The enabled versions of a key, which are to be disabled.</summary>
    public static CmekAccessChange EnabledVersions(GcpKeyUse use, IEnumerable<CryptoKeyVersion> versions) =>
        Versions(use, versions.Where(v => v.State == "ENABLED"), CmekAccessChangeState.Planned);

    /// <summary>The disabled versions of a key.</summary>
    public static CmekAccessChange DisabledVersions(GcpKeyUse use, IEnumerable<CryptoKeyVersion> versions) =>
        Versions(use, versions.Where(v => v.State == "DISABLED"), CmekAccessChangeState.Done);

    /// <summary>Joins equal changes of several regions and keys, for example of the ring that keys share.</summary>
    public static IReadOnlyList<CmekAccessChange> Merge(IEnumerable<CmekAccessChange> changes) =>
        [
            .. changes
                .GroupBy(c => (c.Kind, c.Target, c.AuthPrincipal))
                .Select(g => g.First() with { Regions = [.. g.SelectMany(c => c.Regions).Distinct()] }),
        ];

    /// <summary>The bindings in a change's document.</summary>
    public static IReadOnlyList<JsonObject> BindingsIn(CmekAccessChange change) =>
        [.. Parse(change).OfType<JsonObject>()];

    /// <summary>The names of the versions in a change's document.</summary>
    public static IReadOnlyList<string> VersionsIn(CmekAccessChange change) =>
        [.. Parse(change).Select(n => (string?)n ?? "")];

    private static CmekAccessChange Bindings(
        IReadOnlyList<string> regions,
        string keyUri,
        ServiceAccountEmail account,
        string target,
        IReadOnlyList<JsonObject> bindings
    )
    {
        var roles = string.Join(", ", bindings.Select(b => (string?)b["role"]).Distinct());
        return new CmekAccessChange
        {
            Regions = regions,
            KeyUri = keyUri,
            AuthPrincipal = account.Text,
            Kind = BindingKind,
            Target = target,
            Action = $"Remove the binding of {roles} for {(string?)bindings[0]["members"]![0]} from {target}",
            Document = IamPolicy.Format(new JsonArray([.. bindings.Select(b => (JsonNode)b)])),
            State = CmekAccessChangeState.Planned,
        };
    }

    private static CmekAccessChange Versions(
        GcpKeyUse use,
        IEnumerable<CryptoKeyVersion> versions,
        CmekAccessChangeState state
    )
    {
        var list = versions.ToList();
        var numbers = string.Join(", ", list.Select(v => v.Id));
        return new CmekAccessChange
        {
            Regions = use.Regions,
            KeyUri = use.Name.ToString(),
            AuthPrincipal = use.Account.Text,
            Kind = VersionsKind,
            Target = use.Name.ToString(),
            Action =
                $"Disable version{(list.Count == 1 ? "" : "s")} {numbers} of {use.Name}, for everybody who uses it",
            Document = IamPolicy.Format(new JsonArray([.. list.Select(v => (JsonNode)v.Name!)])),
            State = state,
        };
    }

    private static JsonArray Parse(CmekAccessChange change)
    {
        try
        {
            return JsonNode.Parse(change.Document) as JsonArray
                ?? throw GcpErrors.ChangeMalformed(change.Target, "its document is not a list");
        }
        catch (JsonException error)
        {
            throw GcpErrors.ChangeMalformed(change.Target, "its document is not JSON", error);
        }
    }
}
