using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Takes access to keys away and gives it back. Removed bindings are kept word for word, condition included, in the change's document; of disabled versions
/// their names are.
/// </summary>
internal sealed class GcpKeyAccess(GcpClients clients, GcpCalls calls)
{
    /// <summary>Bindings of an allow policy; the target tells of what.</summary>
    public const string BindingKind = "IamBinding";

    /// <summary>Versions of a key that are disabled.</summary>
    public const string VersionsKind = "KeyVersions";

    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpKeyAccessWriter _writer = new(clients, calls);

    public async Task<IReadOnlyList<CmekAccessChange>> PlanAsync(RevocationRequest request) =>
        request.Method switch
        {
            CmekRevocationMethod.Default or CmekRevocationMethod.RemoveGrant => await ForEachKeyAsync(
                request,
                GrantsAsync
            ),
            CmekRevocationMethod.DisableKey => await ForEachKeyAsync(request, async (use, key) =>
            {
                if (key.Key.RotationPeriod is not null)
                    calls.Context.Log.Warning(
                        $"{use.Name} is rotated by Google Cloud on {key.Key.NextRotationTime}: the new version will be enabled."
                    );
                return [await VersionsAsync(use, isDone: false)];
            }),
            CmekRevocationMethod.RemoveTrust => await Task.WhenAll(
                Accounts(request).Select(a => TrustAsync(request.Cluster, a.Account, a.Regions))
            ),
            _ => throw Errors.RevocationMethodNotSupported(
                request.Cluster.Name,
                "Google Cloud",
                request.Method,
                [CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.RemoveTrust, CmekRevocationMethod.DisableKey]
            ),
        };

    /// <summary>Everything that keeps the cluster from its keys, compared with what the module itself grants.</summary>
    public async Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(RevocationRequest request)
    {
        var found = new List<CmekAccessChange>();
        foreach (var (account, regions) in Accounts(request))
        {
            await new GcpAccounts(clients, calls).RequireAsync(request.Cluster, account, mayBeUnreadable: true);
            found.Add(await TrustAsync(request.Cluster, account, regions));
        }

        found.AddRange(await ForEachKeyAsync(request, async (use, key) =>
            {
                var now = calls.Context.Time.GetUtcNow();
                return
                [
                    .. key.GrantsUse(use.Account.Member, now) == Granted.No
                        ? [Standard(use)]
                        : Array.Empty<CmekAccessChange>(),
                    .. key.Key.Primary?.State == "DISABLED"
                        ? [await VersionsAsync(use, isDone: true)]
                        : Array.Empty<CmekAccessChange>(),
                ];
            }));
        return [.. found.Where(c => c.State == CmekAccessChangeState.Done)];
    }

    public Task<CmekAccessChange> RevokeAsync(CmekAccessChange change) => _writer.RevokeAsync(change);

    public Task<CmekAccessChange> RestoreAsync(CmekAccessChange change) => _writer.RestoreAsync(change);

    /// <summary>The bindings of the account on the key, and on its ring where that lets it use the key too.</summary>
    private async Task<IReadOnlyList<CmekAccessChange>> GrantsAsync(KeyUse use, FoundKey key)
    {
        var ringPolicy = key.RingPolicy ?? await _reader.RingPolicyAsync(use.Name);
        var onKey = key.Policy.BindingsOf(use.Account.Member);
        var changes = new List<CmekAccessChange>();
        if (ringPolicy?.BindingsOf(use.Account.Member) is { Count: > 0 } onRing)
            changes.Add(
                Bindings(use.Regions, "", use.Account.Text, use.Name.RingName, onRing, CmekAccessChangeState.Planned)
            );
        if (onKey.Count > 0)
            changes.Add(
                Bindings(
                    use.Regions,
                    use.Name.ToString(),
                    use.Account.Text,
                    use.Name.ToString(),
                    onKey,
                    CmekAccessChangeState.Planned
                )
            );
        if (changes.Count == 0)
            changes.Add(Standard(use));
        return changes;
    }

    /// <summary>The versions that would be disabled; or, where that was done already, those that are.</summary>
    private async Task<CmekAccessChange> VersionsAsync(KeyUse use, bool isDone)
    {
        var versions = await _reader.VersionsAsync(use.Name);
        var names = isDone ? [] : versions.Where(v => v.State == "ENABLED").Select(v => v.Name!).ToList();
        isDone = names.Count == 0;
        if (isDone)
            names = [.. versions.Where(v => v.State == "DISABLED").Select(v => v.Name!)];
        return new CmekAccessChange
        {
            Regions = use.Regions,
            KeyUri = use.Name.ToString(),
            AuthPrincipal = use.Account.Text,
            Kind = VersionsKind,
            Target = use.Name.ToString(),
            Action =
                $"Disable the version{(names.Count == 1 ? "" : "s")} {string.Join(", ", names.Select(n => n.Split('/').Last()))} of {use.Name}, for everybody who uses it",
            Document = GcpKeyAccessWriter.Print(new JsonArray([.. names.Select(n => (JsonNode)n)])),
            State = isDone ? CmekAccessChangeState.Done : CmekAccessChangeState.Planned,
        };
    }

    private async Task<CmekAccessChange> TrustAsync(
        CrdbCluster cluster,
        ServiceAccountEmail account,
        IReadOnlyList<string> regions
    )
    {
        var member = $"serviceAccount:{GcpNames.KmsUser(cluster)}";
        var bound = (await new GcpAccounts(clients, calls).PolicyAsync(account, patient: false)).BindingsOf(member);
        return bound.Count > 0
            ? Bindings(regions, "", account.Text, account.Resource, bound, CmekAccessChangeState.Planned)
            : Bindings(
                regions,
                "",
                account.Text,
                account.Resource,
                [IamPolicy.Binding(GcpNames.TrustRole, member)],
                CmekAccessChangeState.Done
            );
    }

    /// <summary>The grant that the module makes, which is gone.</summary>
    private static CmekAccessChange Standard(KeyUse use) =>
        Bindings(
            use.Regions,
            use.Name.ToString(),
            use.Account.Text,
            use.Name.ToString(),
            [IamPolicy.Binding(GcpNames.UseRole, use.Account.Member)],
            CmekAccessChangeState.Done
        );

    private static CmekAccessChange Bindings(
        IReadOnlyList<string> regions,
        string keyUri,
        string account,
        string target,
        IReadOnlyList<JsonObject> bindings,
        CmekAccessChangeState state
    ) =>
        new()
        {
            Regions = regions,
            KeyUri = keyUri,
            AuthPrincipal = account,
            Kind = BindingKind,
            Target = target,
            Action =
                $"Remove the binding of {string.Join(", ", bindings.Select(b => (string?)b["role"]).Distinct())} for {(string?)bindings[0]["members"]![0]} from {target}",
            Document = GcpKeyAccessWriter.Print(new JsonArray([.. bindings.Select(b => (JsonNode)b)])),
            State = state,
        };

    private async Task<IReadOnlyList<CmekAccessChange>> ForEachKeyAsync(
        RevocationRequest request,
        Func<KeyUse, FoundKey, Task<IReadOnlyList<CmekAccessChange>>> changes
    )
    {
        var uses = request
            .Keys.GroupBy(k => (Name: GcpKeyName.Parse(k.KeyUri), Account: ServiceAccountEmail.Parse(k.AuthPrincipal)))
            .Select(g => new KeyUse(g.Key.Name, g.Key.Account, [.. g.Select(k => k.Region).Distinct()]))
            .ToList();
        var found = await Task.WhenAll(uses.Select(u => _reader.FindAsync(u.Name, u.Account.Member)));
        // A past key that was deleted gives nobody access; where none is left, the names must be wrong.
        if (uses.Count > 0 && found.All(f => f is null))
            throw GcpErrors.KeyNotFound(uses[0].Name);
        foreach (var gone in uses.Where((_, i) => found[i] is null))
            calls.Context.Log.Warning($"{gone.Name} is not there any more: there is nothing to change about it.");
        var all = await Task.WhenAll(
            uses.Zip(found, (u, f) => f is null ? Task.FromResult<IReadOnlyList<CmekAccessChange>>([]) : changes(u, f))
        );
        // Keys of one ring name the ring once.
        return
        [
            .. all.SelectMany(c => c)
                .GroupBy(c => (c.Kind, c.Target, c.AuthPrincipal))
                .Select(g => g.First() with { Regions = [.. g.SelectMany(c => c.Regions).Distinct()] }),
        ];
    }

    private static IEnumerable<(ServiceAccountEmail Account, IReadOnlyList<string> Regions)> Accounts(
        RevocationRequest request
    ) =>
        request
            .Keys.GroupBy(k => ServiceAccountEmail.Parse(k.AuthPrincipal))
            .Select(g => (g.Key, (IReadOnlyList<string>)[.. g.Select(k => k.Region).Distinct()]));

    /// <summary>A key, the account that uses it, and the regions it does so for.</summary>
    private sealed record KeyUse(GcpKeyName Name, ServiceAccountEmail Account, IReadOnlyList<string> Regions);
}
