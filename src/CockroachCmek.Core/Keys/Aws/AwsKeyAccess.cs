using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Takes the role's access to keys away, and gives it back: by a Deny, by its grant, or by disabling the key. Each region's key has a policy and a state of its own.</summary>
internal sealed class AwsKeyAccess(AwsClients clients, AwsCalls calls)
{
    private const string Deny = "KeyPolicyDeny";
    private const string Grant = "KeyPolicyGrant";
    private const string State = "KeyState";

    private static readonly TimeSpan Propagation = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private readonly AwsKeyReader _reader = new(clients, calls);

    public async Task<IReadOnlyList<CmekAccessChange>> PlanAsync(RevocationRequest request)
    {
        if (request.Method is CmekRevocationMethod.RemoveTrust)
            throw Errors.RevocationMethodNotSupported(
                request.Cluster.Name,
                "AWS",
                request.Method,
                [CmekRevocationMethod.Deny, CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey]
            );
        return
        [
            .. (await FindAsync(request)).Select(k =>
                request.Method switch
                {
                    CmekRevocationMethod.RemoveGrant => PlanGrant(k),
                    CmekRevocationMethod.DisableKey => PlanState(k),
                    _ => PlanDeny(request.Cluster, k),
                }
            ),
        ];
    }

    /// <summary>What keeps the cluster from its keys now, whoever did it: a Deny of ours, a grant that is missing, a disabled key.</summary>
    public async Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(RevocationRequest request)
    {
        var found = new List<CmekAccessChange>();
        foreach (var key in await FindAsync(request))
        {
            if (PlanDeny(request.Cluster, key) is { State: CmekAccessChangeState.Done } deny)
                found.Add(deny);
            if (key.Found.Policy.MissingFor(key.Role).Count > 0)
                found.Add(Change(key, Grant, RemoveGrant(key), StandardGrant(key.Role), isDone: true));
            if (key.Found.Metadata.KeyState == KeyState.Disabled)
                found.Add(PlanState(key));
        }

        return found;
    }

    public async Task<CmekAccessChange> RevokeAsync(CmekAccessChange change)
    {
        var (region, arn) = (RegionOf(change.Target), change.Target);
        switch (change.Kind)
        {
            case Deny:
                await PutAsync(region, arn, policy => policy.With(Statement(change)));
                break;
            case Grant:
                await PutAsync(region, arn, policy => policy.WithoutGrantsTo(change.AuthPrincipal));
                break;
            default:
                await SwitchAsync(region, arn, KeyState.Disabled, "DisableKey", c =>
                    clients.Kms(region).DisableKeyAsync(new DisableKeyRequest { KeyId = IdOf(arn) }, c)
                );
                break;
        }

        return change with
        {
            State = CmekAccessChangeState.Done,
        };
    }

    public async Task<CmekAccessChange> RestoreAsync(CmekAccessChange change)
    {
        var (region, arn) = (RegionOf(change.Target), change.Target);
        switch (change.Kind)
        {
            case Deny:
                await PutAsync(region, arn, policy => policy.Without(Statement(change)));
                break;
            case Grant:
                await PutAsync(region, arn, policy => policy.WithGrants(Json<JsonArray>(change), change.AuthPrincipal));
                break;
            case State:
                await SwitchAsync(region, arn, KeyState.Enabled, "EnableKey", c =>
                    clients.Kms(region).EnableKeyAsync(new EnableKeyRequest { KeyId = IdOf(arn) }, c)
                );
                break;
            default:
                throw Errors.RevocationFileInvalid(change.Target, $"AWS knows no change of kind '{change.Kind}'");
        }

        return change with
        {
            State = CmekAccessChangeState.Restored,
            Fault = "",
        };
    }

    private sealed record KeyInUse(FoundKey Found, string Role, IReadOnlyList<string> Regions);

    /// <summary>Each key once, however many regions use it. A past key that is gone needs no revoking; that no key at all can be seen is a mistake.</summary>
    private async Task<IReadOnlyList<KeyInUse>> FindAsync(RevocationRequest request)
    {
        var groups = request.Keys.GroupBy(k => (k.KeyUri, k.AuthPrincipal)).ToList();
        var found = await Task.WhenAll(groups.Select(g => _reader.FindAsync(RegionOf(g.Key.KeyUri), g.Key.KeyUri)));
        if (found.All(k => k is null))
            throw AwsErrors.KeyNotFound(groups[0].Key.KeyUri, RegionOf(groups[0].Key.KeyUri));
        var keys = new List<KeyInUse>();
        for (var i = 0; i < groups.Count; i++)
        {
            if (found[i] is { } key)
                keys.Add(
                    new KeyInUse(key, groups[i].Key.AuthPrincipal, [.. groups[i].Select(k => k.Region).Distinct()])
                );
            else
                calls.Context.Log.Warning(
                    $"There is no key {groups[i].Key.KeyUri} that these credentials may see; it is left out."
                );
        }

        return keys;
    }

    private static CmekAccessChange PlanDeny(CrdbCluster cluster, KeyInUse key)
    {
        var statement = KeyPolicyDocument.DenyStatement(cluster, key.Role);
        return Change(
            key,
            Deny,
            $"Add an explicit Deny for {key.Role} to the policy of {key.Found.Arn}",
            statement.ToJsonString(),
            isDone: key.Found.Policy.Has(statement)
        );
    }

    private static CmekAccessChange PlanGrant(KeyInUse key)
    {
        var rest = key.Found.Policy.WithoutGrantsTo(key.Role);
        // A statement for everybody has no name in it that could be taken out.
        if (rest.MissingFor(key.Role).Count < KeyPolicyDocument.UseActions.Count)
            throw AwsErrors.GrantNotRemovable(key.Found.Arn, key.Role);
        var grants = key.Found.Policy.GrantsOf(key.Role);
        return Change(
            key,
            Grant,
            RemoveGrant(key),
            grants.Count == 0 ? StandardGrant(key.Role) : grants.ToJsonString(),
            isDone: grants.Count == 0
        );
    }

    private static string RemoveGrant(KeyInUse key) =>
        $"Remove the grant to {key.Role} from the policy of {key.Found.Arn}";

    private static CmekAccessChange PlanState(KeyInUse key) =>
        Change(
            key,
            State,
            $"Disable {key.Found.Arn}",
            """{"KeyState":"Enabled"}""",
            isDone: key.Found.Metadata.KeyState != KeyState.Enabled
        );

    private static CmekAccessChange Change(KeyInUse key, string kind, string action, string document, bool isDone) =>
        new()
        {
            Regions = key.Regions,
            KeyUri = key.Found.Arn,
            AuthPrincipal = key.Role,
            Kind = kind,
            Target = key.Found.Arn,
            Action = action,
            Document = document,
            State = isDone ? CmekAccessChangeState.Done : CmekAccessChangeState.Planned,
        };

    /// <summary>Read, change, put, read back. Nothing is put where the policy is so already.</summary>
    private async Task PutAsync(string region, string arn, Func<KeyPolicyDocument, KeyPolicyDocument> change)
    {
        var policy = await _reader.PolicyAsync(region, arn);
        var wanted = change(policy);
        if (!wanted.IsEquivalentTo(policy))
            await new AwsKeyWriter(clients, calls, _reader).PutPolicyAsync(region, arn, wanted);
    }

    /// <summary>Enabling and disabling twice is the same as once, so a lost answer is simply followed by a look.</summary>
    private async Task SwitchAsync<T>(
        string region,
        string arn,
        KeyState wanted,
        string verb,
        Func<CancellationToken, Task<T>> call
    )
    {
        if ((await _reader.DescribeAsync(region, arn))?.KeyState == wanted)
            return;
        for (var round = 1; ; round++)
        {
            try
            {
                await calls.WriteAsync("KMS", verb, arn, call);
                break;
            }
            catch (Exception fault) when (calls.IsResponseLost(fault) && round < 3)
            {
                if ((await _reader.DescribeAsync(region, arn))?.KeyState == wanted)
                    return;
            }
        }

        await calls.PollUntilAsync(
            async () => (await _reader.DescribeAsync(region, arn))?.KeyState == wanted,
            Propagation,
            Pause,
            () => AwsErrors.KeyStateNotSeen(arn, wanted.Value)
        );
    }

    private static JsonObject Statement(CmekAccessChange change) => Json<JsonObject>(change);

    private static T Json<T>(CmekAccessChange change)
        where T : JsonNode
    {
        try
        {
            return JsonNode.Parse(change.Document) as T
                ?? throw Errors.RevocationFileInvalid(change.Target, "what was changed is not in it");
        }
        catch (JsonException fault)
        {
            throw Errors.RevocationFileInvalid(change.Target, "what was changed is no JSON", fault);
        }
    }

    private static string StandardGrant(string role) =>
        new JsonArray(
            new JsonObject { ["index"] = int.MaxValue, ["statement"] = KeyPolicyDocument.UseStatement(role) }
        ).ToJsonString();

    private static string IdOf(string arn) => arn.Substring(arn.LastIndexOf('/') + 1);

    private static string RegionOf(string arn) =>
        arn.Split(':') is { Length: >= 6 } parts ? parts[3] : throw AwsErrors.KeyNotFound(arn, "AWS");
}
