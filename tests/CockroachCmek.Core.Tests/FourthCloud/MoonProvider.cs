using CockroachCmek.Core.Access;
using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.FourthCloud;

/// <summary>The customer's half of CMEK on the fourth cloud.</summary>
internal sealed class MoonProvider(MoonCloud cloud) : ICmekKeyProvider
{
    public ICustomerCloud Cloud => cloud;

    public Task<CmekRole> EnsureRoleAsync(RoleRequest request, OperationContext context) =>
        Task.FromResult(
            new CmekRole
            {
                Cluster = request.Cluster,
                AuthPrincipal = $"astronaut/{request.Name ?? request.Cluster.Name}",
                Outcome = CmekOutcome.Created,
            }
        );

    public async Task<IReadOnlyList<CmekKey>> EnsureKeysAsync(KeyRequest request, OperationContext context)
    {
        var keys = new List<CmekKey>();
        foreach (var region in request.Regions)
        {
            var uri = $"moon:{region}:{request.Options.Get<string>("Crater") ?? "tycho"}";
            var exists = cloud.Keys.ContainsKey(uri);
            if (!exists && await context.Host.ConfirmAsync(uri, "Create key", context.CancellationToken))
                cloud.Keys[uri] = new MoonKey(context.Time.GetUtcNow(), request.AuthPrincipal);
            keys.Add(
                new CmekKey
                {
                    Cluster = request.Cluster,
                    Region = region,
                    KeyType = cloud.KeyType,
                    KeyUri = uri,
                    AuthPrincipal = request.AuthPrincipal,
                    Outcome = exists ? CmekOutcome.Existing : CmekOutcome.Created,
                }
            );
        }

        return keys;
    }

    public Task<IReadOnlyList<CmekRegionSpec>?> RotateKeysAsync(RotationRequest request, OperationContext context)
    {
        foreach (var key in request.Regions.Select(r => r.Keys[0]))
            cloud.Keys[key.KeyUri] = cloud.Keys[key.KeyUri] with { CreatedAt = context.Time.GetUtcNow() };
        return Task.FromResult<IReadOnlyList<CmekRegionSpec>?>([
            .. request.Regions.Select(r =>
                CmekRegionSpec.Create(r.Region, cloud.KeyType, r.Keys[0].KeyUri, r.Keys[0].AuthPrincipal)
            ),
        ]);
    }

    public Task<KeyOrigin> ReadOriginAsync(CmekRegionSpec key, OperationContext context) =>
        Task.FromResult(KeyOrigin.OfCloud(cloud.DisplayName));

    public Task MarkVaultOriginAsync(CrdbCluster cluster, CmekRegionSpec key, OperationContext context) =>
        Task.CompletedTask;

    public Task SettleNewKeysAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> inForce,
        OperationContext context
    ) => Task.CompletedTask;

    public Task<CmekKeyPolicy> GetKeyPolicyAsync(KeyPolicyRequest request, OperationContext context) =>
        Task.FromResult(new CmekKeyPolicy { Policy = $"allow {request.AuthPrincipal}" });

    public Task<KeyAccess> ReadAccessAsync(KeyAccessRequest request, OperationContext context) =>
        Task.FromResult(
            new KeyAccess
            {
                Key = request.Spec.KeyUri,
                Principal = request.Spec.AuthPrincipal,
                Verdict =
                    cloud.Keys[request.Spec.KeyUri].GrantedTo == request.Spec.AuthPrincipal
                        ? CmekAccessVerdict.Granted
                        : CmekAccessVerdict.NotGranted,
            }
        );

    public async Task<IReadOnlyList<CmekAccess>> ReviewAccessAsync(
        KeyAccessRequest request,
        OperationContext context
    ) =>
        [
            new CmekAccess
            {
                KeyUri = request.Spec.KeyUri,
                Principal = request.Spec.AuthPrincipal,
                Rights = CmekAccessRights.Use,
                Verdict = (await ReadAccessAsync(request, context)).Verdict,
                Place = "the Moon",
                IsExpected = true,
            },
        ];

    public async Task<IReadOnlyList<CmekCheck>> CheckKeyAsync(KeyCheckRequest request, OperationContext context)
    {
        var results = new KeyChecks(request.Cluster, request.Spec.Region, _ => null);
        await results.RunAsync(CmekCheckName.KeyUsable, () =>
        {
            results.Pass(CmekCheckName.KeyUsable, cloud.Keys[request.Spec.KeyUri].ToString());
            return Task.CompletedTask;
        });
        if (cloud.Keys[request.Spec.KeyUri].GrantedTo == request.Spec.AuthPrincipal)
            results.Pass(CmekCheckName.KeyGranted, "The astronaut holds the key.");
        else
            results.Warn(CmekCheckName.KeyGranted, "KeyNotGranted", "The astronaut lost the key.", "New-CrdbCmekKey");
        return results.All;
    }

    public async Task<KeySearch> FindKeysAsync(
        CrdbCluster cluster,
        OperationContext context,
        CancellationToken timeUp = default
    )
    {
        await cloud.SearchEnds;
        var keys = cloud
            .Keys.Where(k => k.Value.GrantedTo is not null)
            .Select(k => CmekRegionSpec.Create(k.Key.Split(':')[1], cloud.KeyType, k.Key, k.Value.GrantedTo!))
            .ToList();
        return new KeySearch
        {
            Clusters = keys.Count == 0 ? [] : [new ClusterKeys(cluster.Id, cluster.Name, keys)],
            Searched = "both sides",
        };
    }

    public Task<KeyUsage> ReadUsageAsync(KeyUsageRequest request, OperationContext context) =>
        Task.FromResult(
            cloud.Usage.TryGetValue(request.Key.KeyUri, out var usage)
                ? usage
                : new KeyUsage
                {
                    Source = "the Moon",
                    Gaps = [new CmekLogGap { What = "uses of the key", Why = "The Moon keeps no logs." }],
                }
        );

    public Task<KeyEvents> ReadEventsAsync(KeyEventsRequest request, OperationContext context) =>
        Task.FromResult(
            new KeyEvents([.. cloud.Events.Where(e => request.Keys.Any(k => k.KeyUri == e.KeyUri))], [])
        );

    public Task<IReadOnlyList<ClusterMark>?> ReadMarksAsync(CmekRegionSpec key, OperationContext context) =>
        Task.FromResult<IReadOnlyList<ClusterMark>?>(
            cloud.Unreadable.ContainsKey(key.KeyUri) ? null
            : cloud.Marks.TryGetValue(key.KeyUri, out var mark) ? [mark]
            : []
        );

    public Task<IReadOnlyList<string>> ReadCallersAsync(IReadOnlyList<CmekRegionSpec> keys, OperationContext context) =>
        Task.FromResult<IReadOnlyList<string>>(["astronaut/commander"]);

    public Task<IReadOnlyList<CmekRegionSpec>> FindCopiesAsync(
        IReadOnlyList<CmekRegionSpec> keys,
        OperationContext context
    ) => Task.FromResult<IReadOnlyList<CmekRegionSpec>>([.. cloud.Copies]);

    public Task<IReadOnlyList<CmekRevocationDrill>> DrillAsync(RevocationRequest request, OperationContext context) =>
        Task.FromResult<IReadOnlyList<CmekRevocationDrill>>([
            .. from k in request.Keys
            from method in request.Method == CmekRevocationMethod.Default ? cloud.RevocationMethods : [request.Method]
            select new CmekRevocationDrill
            {
                KeyUri = k.KeyUri,
                Regions = [k.Region],
                Method = method,
                IsDefault = method != CmekRevocationMethod.DisableKey,
                Status = (method == CmekRevocationMethod.DisableKey) switch
                {
                    true => cloud.CanDisable ? CmekCheckStatus.Pass : CmekCheckStatus.Fail,
                    _ when cloud.Unchangeable.TryGetValue(k.KeyUri, out var kind) => kind == CmekErrorKind.Unavailable
                        ? CmekCheckStatus.Unknown
                        : CmekCheckStatus.Fail,
                    _ => cloud.Unreadable.ContainsKey(k.KeyUri) ? CmekCheckStatus.Fail : CmekCheckStatus.Pass,
                },
            },
        ]);

    public async Task<IReadOnlyList<CmekAccessChange>> PlanRevocationAsync(
        RevocationRequest request,
        OperationContext context
    )
    {
        foreach (var key in request.Keys)
            if (cloud.Late.TryGetValue(key.KeyUri, out var end))
                await end;
        return await PlanAsync(request);
    }

    private Task<IReadOnlyList<CmekAccessChange>> PlanAsync(RevocationRequest request)
    {
        foreach (var key in request.Keys)
            if (cloud.Silent.TryGetValue(key.KeyUri, out var end))
                return KeepSilentAsync(key.KeyUri, end);
            else if (cloud.Unreadable.TryGetValue(key.KeyUri, out var kind))
                throw new CmekException("MoonDark", kind, key.KeyUri, "It is dark.", "Wait for the sun");
        if (request.Method != CmekRevocationMethod.DisableKey)
            return Task.FromResult<IReadOnlyList<CmekAccessChange>>([.. request.Keys.Select(Change)]);
        if (!cloud.CanDisable)
            throw new CmekException("MoonRises", CmekErrorKind.InvalidState, "moon", "It cannot be disabled.", "Wait");
        return Task.FromResult<IReadOnlyList<CmekAccessChange>>([
            .. request.Keys.Select(k => Change(k) with { Kind = "MoonState" }),
        ]);
    }

    public Task<CmekAccessChange> RevokeAccessAsync(CmekAccessChange change, OperationContext context)
    {
        cloud.Changing(change.Target);
        return ChangeAsync(change, context);
    }

    private static async Task<IReadOnlyList<CmekAccessChange>> KeepSilentAsync(string key, Task end)
    {
        await end;
        throw Errors.NoResponse(new NoResponseException("Moon KMS", Patience.Urgent.Attempt), key);
    }

    private Task<CmekAccessChange> ChangeAsync(CmekAccessChange change, OperationContext context) =>
        change.Kind == "MoonGrant" && cloud.Unchangeable.TryGetValue(change.Target, out var kind)
            ? throw new CmekException("MoonLocked", kind, change.Target, "It is locked.", "Unlock it")
            : SetAsync(change, grantedTo: null, CmekAccessChangeState.Done, context);

    public Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(
        RevocationRequest request,
        OperationContext context
    ) =>
        Task.FromResult<IReadOnlyList<CmekAccessChange>>([
            .. request.Keys.Where(k => cloud.Keys[k.KeyUri].GrantedTo is null).Select(Change),
        ]);

    public Task<CmekAccessChange> RestoreAccessAsync(CmekAccessChange change, OperationContext context) =>
        SetAsync(change, change.AuthPrincipal, CmekAccessChangeState.Restored, context);

    public void Dispose() { }

    private static CmekAccessChange Change(CmekRegionSpec key) =>
        new()
        {
            Regions = [key.Region],
            KeyUri = key.KeyUri,
            AuthPrincipal = key.AuthPrincipal,
            Kind = "MoonGrant",
            Target = key.KeyUri,
            Action = $"Take {key.KeyUri} from {key.AuthPrincipal}",
            Document = "{}",
        };

    private Task<CmekAccessChange> SetAsync(
        CmekAccessChange change,
        string? grantedTo,
        CmekAccessChangeState state,
        OperationContext context
    )
    {
        if (cloud.Keys[change.Target].GrantedTo != grantedTo)
            context.Host.Written($"Moon Grant {change.Target}", isCertain: true, $"request-{++cloud.Requests}");
        cloud.Keys[change.Target] = cloud.Keys[change.Target] with { GrantedTo = grantedTo };
        return Task.FromResult(change with { State = state });
    }
}
