using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Reads changes of access from a record. Whoever can write the file must not be able to do anything with it that a
/// revocation of this cluster does not do.
/// </summary>
internal static class GcpAccessChangeReader
{
    private static readonly Dictionary<string, Func<CmekAccessChange, ServiceAccountEmail, GcpAccessChange>> Kinds =
        new(StringComparer.Ordinal)
        {
            [GcpBindingsChange.KindName] = ReadBindings,
            [GcpVersionsChange.KindName] = (change, account) =>
                new GcpVersionsChange(account, KeyOf(change), VersionsOf(change)),
            [GcpDestructionChange.KindName] = (change, account) =>
                new GcpDestructionChange(account, KeyOf(change), VersionsOf(change)),
            [GcpAccountChange.KindName] = ReadAccount,
        };

    /// <summary>The change that the content describes.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public static GcpAccessChange Read(CmekAccessChange change)
    {
        try
        {
            if (!Kinds.TryGetValue(change.Kind, out var read))
                throw Refuse(change, $"'{change.Kind}' is not a kind of change that Google Cloud has");
            if (
                !ServiceAccountEmail.IsWellFormed(change.AuthPrincipal)
                || change.AuthPrincipal.StartsWith(GcpNames.ClusterAccountPrefix, StringComparison.Ordinal)
            )
                throw Refuse(change, $"'{change.AuthPrincipal}' is not a service account of yours");
            var typed = read(change, ServiceAccountEmail.Parse(change.AuthPrincipal));
            if (typed.Target != change.Target || (typed.Key?.ToString() ?? "") != change.KeyUri)
                throw Refuse(change, "its target is not the resource that its content belongs to");
            return typed;
        }
        catch (Exception error)
            when (error is JsonException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw Refuse(change, "its document does not have the form of its kind", error);
        }
    }

    /// <summary>The change, made safe for a cluster.</summary>
    /// <param name="change">The change as it was read.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="keys">The cluster's keys and identities; empty when they are not known.</param>
    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public static CmekAccessChange Verify(
        CmekAccessChange change,
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys
    )
    {
        var typed = Read(change);
        if (typed is GcpDestructionChange)
            throw Refuse(change, "a revocation never schedules a key for destruction");
        if (change.Method != typed.Method && change.Method != CmekRevocationMethod.Default)
            throw Refuse(change, $"{change.Method} does not make such a change");
        if (change.State is < CmekAccessChangeState.Planned or > CmekAccessChangeState.Restored)
            throw Refuse(change, "its state is not known");
        if (typed.ProblemFor(cluster) is { } problem)
            throw Refuse(change, problem);
        var uses = keys.Where(k =>
                GcpKeyName.TryParse(k.KeyUri) is { } key
                && ServiceAccountEmail.IsWellFormed(k.AuthPrincipal)
                && typed.IsOf(key, ServiceAccountEmail.Parse(k.AuthPrincipal))
            )
            .Select(k => k.Region)
            .Distinct()
            .ToList();
        if (keys.Count > 0 && uses.Count == 0)
            throw Refuse(change, $"{change.Target} with {change.AuthPrincipal} does not belong to {cluster.Name}");
        // The regions of a key are what CockroachDB Cloud or the manifest says, not what the file says.
        return typed.ToChange(keys.Count > 0 ? uses : change.Regions, change.State) with { Method = change.Method };
    }

    private static GcpAccessChange ReadBindings(CmekAccessChange change, ServiceAccountEmail account)
    {
        var bindings = ListOf(change).Select(n => BindingOf(change, n)).ToList();
        var members = bindings.Select(b => (string?)b["members"]![0] ?? "").Distinct().ToList();
        if (members.Count != 1)
            throw Refuse(change, "its bindings do not name exactly one member");
        if (change.Target == account.Resource)
            return
                members[0].StartsWith($"serviceAccount:{GcpNames.ClusterAccountPrefix}", StringComparison.Ordinal)
                && ServiceAccountEmail.IsWellFormed(members[0].Substring("serviceAccount:".Length))
                ? Checked(change, new GcpTrustBindings(account, members[0], bindings))
                : throw Refuse(change, $"it names {members[0]}, which is not an account of Cockroach Labs");
        if (members[0] != account.Member)
            throw Refuse(change, $"it names {members[0]}, not {account}");
        return GcpRingName.TryParse(change.Target) is { } ring
            ? Checked(change, new GcpRingBindings(account, ring, bindings))
            : Checked(change, new GcpKeyBindings(account, KeyOf(change), bindings));
    }

    private static GcpBindingsChange Checked(CmekAccessChange change, GcpBindingsChange typed) =>
        typed.Bindings.Select(b => (string?)b["role"] ?? "").FirstOrDefault(r => !typed.Purpose.MayName(r)) is { } wide
            ? throw Refuse(change, $"{wide} is not a role that a revocation removes")
            : typed;

    private static GcpAccountChange ReadAccount(CmekAccessChange change, ServiceAccountEmail account) =>
        JsonNode.Parse(change.Document) is JsonObject { Count: 1 } document
        && document["disabled"] is JsonValue value
        && value.TryGetValue<bool>(out var isDisabled)
        && isDisabled
            ? new GcpAccountChange(account)
            : throw Refuse(change, "its document is not {\"disabled\": true}");

    /// <summary>A binding of the form that is written: one member, one role, and perhaps a condition.</summary>
    private static JsonObject BindingOf(CmekAccessChange change, JsonNode? node)
    {
        if (
            node is not JsonObject binding
            || binding.Any(p => p.Key is not ("role" or "members" or "condition"))
            || binding["members"] is not JsonArray { Count: 1 } members
            || (string?)binding["role"] is not { } role
            || (string?)members[0] is not { } member
        )
            throw Refuse(change, "its bindings do not have one role and one member each");
        if (!binding.TryGetPropertyValue("condition", out var condition))
            return IamPolicy.Binding(role, member);
        if (
            condition is not JsonObject fields
            || fields.Any(p => p.Key is not ("title" or "description" or "expression" or "location"))
            || fields.Any(p => (string?)p.Value is null)
            || (string?)fields["expression"] is not { Length: > 0 }
        )
            throw Refuse(change, "the condition of a binding does not have the form of one");
        return IamPolicy.Binding(role, member, fields);
    }

    private static GcpKeyName KeyOf(CmekAccessChange change) =>
        GcpKeyName.TryParse(change.Target) ?? throw Refuse(change, "its target is not a key");

    private static IReadOnlyList<string> VersionsOf(CmekAccessChange change)
    {
        var key = KeyOf(change);
        List<string> numbers =
        [
            .. Elements(change)
                .Select(n => (string?)n ?? "")
                .Select(n =>
                    n.StartsWith(key.Version(""), StringComparison.Ordinal) ? n.Substring(key.Version("").Length) : ""
                ),
        ];
        return
            numbers.All(n => n.Length is > 0 and < 10 && n.All(c => c is >= '0' and <= '9'))
            && numbers.Distinct().Count() == numbers.Count
            ? numbers
            : throw Refuse(change, "its document does not list versions of the key");
    }

    private static JsonArray ListOf(CmekAccessChange change) =>
        Elements(change) is { Count: > 0 } list ? list : throw Refuse(change, "its document is an empty list");

    private static JsonArray Elements(CmekAccessChange change) =>
        JsonNode.Parse(change.Document) as JsonArray ?? throw Refuse(change, "its document is not a list");

    private static CmekException Refuse(CmekAccessChange change, string reason, Exception? inner = null) =>
        Errors.RecordedChangeInvalid(change.Target, reason, inner);
}
