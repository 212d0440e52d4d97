using Amazon.KeyManagementService;
using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Plans how the role's access to keys is revoked: by a Deny in the key policy, by removing its grant, or by disabling
/// the key. Each region's key has a policy and a state of its own. Reads only.
/// </summary>
internal sealed class AwsKeyAccess(AwsRun run, ICustomerCloud cloud)
{
    /// <summary>The changes that revoke access, one for each key.</summary>
    public async Task<IReadOnlyList<CmekAccessChange>> PlanAsync(RevocationRequest request)
    {
        if (request.Method != CmekRevocationMethod.Default && !cloud.RevocationMethods.Contains(request.Method))
            throw Errors.RevocationMethodNotSupported(
                request.Cluster.Name,
                cloud.DisplayName,
                request.Method,
                cloud.RevocationMethods
            );
        var keys = await FindKeysAsync(request);
        var plan = new List<(KeyInUse Key, CmekAccessChange Change)>();
        foreach (var key in keys)
            plan.Add(
                (
                    key,
                    request.Method switch
                    {
                        CmekRevocationMethod.RemoveGrant => await PlanRemoveGrantAsync(key),
                        CmekRevocationMethod.DisableKey => PlanDisable(key),
                        _ => PlanDeny(request.Cluster, key),
                    }
                )
            );
        if (request.Method != CmekRevocationMethod.DisableKey)
            ThrowIfStale(
                request.Cluster,
                plan.Where(p => p.Change.State != CmekAccessChangeState.Done).Select(p => p.Key)
            );
        return [.. plan.Select(p => p.Change)];
    }

    /// <summary>
    /// What keeps the cluster from its keys now, whoever did it: our Deny, a missing grant, a disabled key.
    /// </summary>
    public async Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(RevocationRequest request)
    {
        var found = new List<CmekAccessChange>();
        foreach (var key in await FindKeysAsync(request))
        {
            if (PlanDeny(request.Cluster, key) is { State: CmekAccessChangeState.Done } deny)
                found.Add(deny);
            if (await IsGrantMissingAsync(key))
                found.Add(RemoveGrant(key, AwsAccessChange.StandardGrant(key.Role), isDone: true));
            if (key.Found.Metadata.KeyState == KeyState.Disabled)
                found.Add(PlanDisable(key));
        }

        return found;
    }

    /// <summary>
    /// Each key once, however many regions use it. A past key that was deleted needs no revoking, but at least one key
    /// must be visible.
    /// </summary>
    private async Task<IReadOnlyList<KeyInUse>> FindKeysAsync(RevocationRequest request)
    {
        var keys = await Task.WhenAll(
            request
                .Keys.GroupBy(k => (k.KeyUri, k.AuthPrincipal))
                .Select(async uses =>
                {
                    var arn = AwsKeyArn.Parse(uses.Key.KeyUri);
                    return (Arn: arn, Found: await run.Keys.FindAsync(arn), Uses: uses);
                })
        );
        if (keys.All(k => k.Found is null))
            throw AwsErrors.KeyNotFound(keys[0].Arn.ToString(), keys[0].Arn.Region);
        foreach (var (arn, _, _) in keys.Where(k => k.Found is null))
            run.Warn($"The key {arn} was not found, or these credentials are not allowed to see it. It is skipped.");
        return
        [
            .. keys.Where(k => k.Found is not null)
                .Select(k => new KeyInUse(
                    k.Found!,
                    k.Uses.Key.AuthPrincipal,
                    [.. k.Uses.Select(u => u.Region).Distinct()]
                )),
        ];
    }

    /// <summary>
    /// AWS refuses to write a policy that names deleted principals: said before the first key is changed.
    /// </summary>
    private static void ThrowIfStale(CrdbCluster cluster, IEnumerable<KeyInUse> keys) =>
        Errors.ThrowCombined(
            cluster.Name,
            [
                .. keys.Where(k => k.Found.Policy.StalePrincipals.Count > 0)
                    .Select(k => AwsErrors.KeyPolicyStale(k.Found.Metadata.Arn, k.Found.Policy.StalePrincipals)),
            ]
        );

    private static CmekAccessChange PlanDeny(CrdbCluster cluster, KeyInUse key)
    {
        var statement = KeyPolicyDocument.DenyStatement(cluster, key.Role);
        return AwsAccessChange.Create(
            key,
            AwsAccessChange.Deny,
            $"Add an explicit Deny for {key.Role} to the policy of {key.Found.Arn}",
            statement.ToJsonString(),
            isDone: key.Found.Policy.Has(statement)
        );
    }

    /// <summary>
    /// Only a statement that names the role can be taken away from it. What else lets it use the key goes on.
    /// </summary>
    private async Task<CmekAccessChange> PlanRemoveGrantAsync(KeyInUse key)
    {
        var left = key.Found with { Policy = key.Found.Policy.WithoutGrantsTo(key.Role) };
        var rest = (await new AwsKeyAccessReader(run).ReadAsync(left, key.Role)).ToAccess();
        if (rest.Verdict != CmekAccessVerdict.Denied && rest.Grants.Count > 0)
            throw AwsErrors.GrantNotRemovable(rest);
        if (rest.Verdict == CmekAccessVerdict.Unknown)
            run.Warn($"Without its grant in the key policy: {rest.Uncertainty()} Check: {rest.Unread[0].Command}");
        var grants = key.Found.Policy.GrantsOf(key.Role);
        return grants.Count == 0
            ? RemoveGrant(key, AwsAccessChange.StandardGrant(key.Role), isDone: true)
            : RemoveGrant(key, grants.ToJsonString(), isDone: false);
    }

    /// <summary>
    /// True when nothing is known to allow the use. A grant that somebody narrowed is there, and stays as it is.
    /// </summary>
    private async Task<bool> IsGrantMissingAsync(KeyInUse key) =>
        await new AwsKeyAccessReader(run).ReadAsync(key.Found, key.Role)
            is { IsGrantedByKey: false, IsAllowed: false, Narrowed.Count: 0 };

    private static CmekAccessChange RemoveGrant(KeyInUse key, string grants, bool isDone) =>
        AwsAccessChange.Create(
            key,
            AwsAccessChange.Grant,
            $"Remove the grant to {key.Role} from the policy of {key.Found.Arn}",
            grants,
            isDone
        );

    private static CmekAccessChange PlanDisable(KeyInUse key) =>
        AwsAccessChange.Create(
            key,
            AwsAccessChange.State,
            $"Disable {key.Found.Arn}",
            """{"KeyState":"Enabled"}""",
            isDone: key.Found.Metadata.KeyState != KeyState.Enabled
        );
}

/// <summary>A key of the cluster, and the role through which the cluster uses it.</summary>
/// <param name="Regions">The cluster's regions that use it.</param>
internal sealed record KeyInUse(FoundKey Found, string Role, IReadOnlyList<string> Regions);
