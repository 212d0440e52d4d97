using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Takes the application's access to keys away, and gives it back: its role assignments, its entry in a vault's access policies, or the state of the key's versions.</summary>
internal sealed class AzureKeyAccess(AzureClients clients, AzureCalls calls)
{
    private const string Assignment = "RoleAssignment";
    private const string Policy = "AccessPolicy";
    private const string State = "KeyVersionState";
    private const string Application = "ServicePrincipal";

    private readonly AzureKeyReader _reader = new(clients, calls);
    private readonly AzureGrants _grants = new(clients, calls);

    public async Task<IReadOnlyList<CmekAccessChange>> PlanAsync(RevocationRequest request)
    {
        if (request.Method is CmekRevocationMethod.Deny or CmekRevocationMethod.RemoveTrust)
            throw Errors.RevocationMethodNotSupported(
                request.Cluster.Name,
                "Azure",
                request.Method,
                [CmekRevocationMethod.RemoveGrant, CmekRevocationMethod.DisableKey]
            );
        if (request.Method == CmekRevocationMethod.DisableKey)
            return await StatesAsync(request);
        var applicationId = AzureRoles.ApplicationId(request.Cluster);
        if (await new AzureRoles(clients, calls).FindAsync(applicationId) is { } principal)
            return await GrantsAsync(request, principal.Id, PlanGrant);
        // Whoever removed the application took all its access with it.
        return
        [
            new CmekAccessChange
            {
                Regions = RegionsOf(request.Keys),
                AuthPrincipal = request.Keys[0].AuthPrincipal,
                Kind = Application,
                Target = applicationId,
                Action = $"Remove the enterprise application {applicationId} of {request.Cluster.Name} from the tenant",
                Document = new JsonObject
                {
                    ["appId"] = applicationId,
                    ["displayName"] = AzureNames.Application(request.Cluster),
                }.ToJsonString(),
                State = CmekAccessChangeState.Done,
            },
        ];
    }

    /// <summary>What keeps the cluster from its keys now, whoever did it: a grant that is missing, a version that is disabled.</summary>
    public async Task<IReadOnlyList<CmekAccessChange>> FindRevocationAsync(RevocationRequest request)
    {
        var principal = await new AzureRoles(clients, calls).RequireAsync(
            request.Cluster,
            request.Keys[0].AuthPrincipal
        );
        var grants = await GrantsAsync(request, principal.Id, (access, uses) =>
            access.Missing.Count > 0 ? [Missing(access, uses)] : []
        );
        return [.. grants, .. (await StatesAsync(request)).Where(c => c.State == CmekAccessChangeState.Done)];
    }

    public async Task<CmekAccessChange> RevokeAsync(CmekAccessChange change)
    {
        switch (change.Kind)
        {
            case Assignment:
                await _grants.UnassignAsync(change.Target);
                WarnOfDelay(change);
                break;
            case Policy:
                await _grants.RemovePolicyAsync(change.Target, Json<JsonObject>(change));
                WarnOfDelay(change);
                break;
            case State:
                await SwitchAsync(change, enabled: false);
                break;
            default:
                throw Errors.RevocationFileInvalid(change.Target, $"Azure knows no change of kind '{change.Kind}'");
        }

        return change with
        {
            State = CmekAccessChangeState.Done,
        };
    }

    public async Task<CmekAccessChange> RestoreAsync(CmekAccessChange change)
    {
        switch (change.Kind)
        {
            case Assignment:
                await _grants.AssignAsync(change.Target, Json<RoleAssignment>(change).Properties);
                break;
            case Policy:
                await _grants.AddPolicyAsync(change.Target, Json<JsonObject>(change));
                break;
            case State:
                await SwitchAsync(change, enabled: true);
                break;
            case Application:
                // Its object id, and with it every assignment, is new when it comes back.
                if (await new AzureRoles(clients, calls).FindAsync(change.Target) is null)
                    throw AzureErrors.ApplicationGone(
                        change.Target,
                        clients.Cloud.ConsentUrl(change.AuthPrincipal, change.Target)
                    );
                break;
            default:
                throw Errors.RevocationFileInvalid(change.Target, $"Azure knows no change of kind '{change.Kind}'");
        }

        return change with
        {
            State = CmekAccessChangeState.Restored,
            Fault = "",
        };
    }

    /// <summary>What ARM has removed, the vault goes on seeing for a while (key-vault rbac-guide). Nobody but the application itself could tell when that ends.</summary>
    private void WarnOfDelay(CmekAccessChange change) =>
        calls.Context.Log.Warning(
            $"{change.Target} is gone; Key Vault may go on letting the application in for up to ten minutes."
        );

    /// <summary>Changes of grants, each resource once, however many regions and keys hang on it.</summary>
    private async Task<IReadOnlyList<CmekAccessChange>> GrantsAsync(
        RevocationRequest request,
        string principalId,
        Func<GrantedAccess, IReadOnlyList<CmekRegionSpec>, IEnumerable<CmekAccessChange>> describe
    )
    {
        var vaults = new AzureVaults(clients, calls);
        var changes = new List<CmekAccessChange>();
        var keys = request.Keys.GroupBy(k => AzureKeyId.Parse(k.KeyUri, clients.Cloud).WithoutVersion).ToList();
        await vaults.FindAsync(
            [.. keys.Select(k => k.Key.VaultName).Distinct(StringComparer.OrdinalIgnoreCase)],
            null,
            request.Keys[0].AuthPrincipal
        );
        foreach (var key in keys)
            changes.AddRange(
                describe(
                    await _grants.ReadAsync(
                        (await vaults.FindAsync(key.Key, null, request.Keys[0].AuthPrincipal))!,
                        key.Key.Name,
                        principalId
                    ),
                    [.. key]
                )
            );
        return
        [
            .. changes
                .GroupBy(c => c.Target, StringComparer.OrdinalIgnoreCase)
                .Select(g =>
                    g.First() with
                    {
                        Regions = [.. g.SelectMany(c => c.Regions).Distinct()],
                        KeyUri = g.Select(c => c.KeyUri).Distinct().Count() == 1 ? g.First().KeyUri : "",
                        State = g.Any(c => c.State == CmekAccessChangeState.Planned)
                            ? CmekAccessChangeState.Planned
                            : g.First().State,
                    }
                ),
        ];
    }

    private static IEnumerable<CmekAccessChange> PlanGrant(GrantedAccess access, IReadOnlyList<CmekRegionSpec> uses)
    {
        if (access.Policy is { } entry)
            return
            [
                Change(
                    access,
                    uses,
                    Policy,
                    access.Vault.Id,
                    $"Remove {access.PrincipalId} from the access policies of {access.Vault.Name}",
                    entry.ToJsonString(AzureRest.Json)
                ),
            ];
        // A role that only reads gives no access to data.
        var roles = access
            .Roles.Where(r => r.Definition.Covers(KeyVaultRoles.Unwrap) || r.Definition.Covers(KeyVaultRoles.Wrap))
            .ToList();
        return roles.Count == 0
            ? [Missing(access, uses)]
            : roles.Select(r =>
                Change(
                    access,
                    uses,
                    Assignment,
                    r.Assignment.Id,
                    $"Remove the assignment of {r.RoleName} on {r.Scope} to {access.PrincipalId}",
                    JsonSerializer.Serialize(r.Assignment, AzureRest.Json)
                )
            );
    }

    /// <summary>A grant that is not there any more, as the module itself would make it.</summary>
    private static CmekAccessChange Missing(GrantedAccess access, IReadOnlyList<CmekRegionSpec> uses)
    {
        var role = KeyVaultRoles.Find(KeyVaultRoles.Default)!;
        var (target, assignment, entry) = AzureGrants.Standard(access.Vault, role, access.PrincipalId);
        return assignment is not null
            ? Change(
                access,
                uses,
                Assignment,
                target,
                $"Remove the assignment of {KeyVaultRoles.Default} on {access.Vault.Id} to {access.PrincipalId}",
                JsonSerializer.Serialize(
                    new RoleAssignment(target, target.Split('/').Last(), assignment),
                    AzureRest.Json
                )
            ) with
            {
                State = CmekAccessChangeState.Done,
            }
            : Change(
                access,
                uses,
                Policy,
                target,
                $"Remove {access.PrincipalId} from the access policies of {access.Vault.Name}",
                entry!.ToJsonString(AzureRest.Json)
            ) with
            {
                State = CmekAccessChangeState.Done,
            };
    }

    /// <summary>The versions that the cluster uses or has used. A past one that is gone needs no revoking; that none at all can be seen is a mistake.</summary>
    private async Task<IReadOnlyList<CmekAccessChange>> StatesAsync(RevocationRequest request)
    {
        var versions = request.Keys.GroupBy(k => AzureKeyId.Parse(k.KeyUri, clients.Cloud)).ToList();
        var found = await Task.WhenAll(versions.Select(v => _reader.FindAsync(v.Key)));
        if (found.All(k => k is null))
            throw AzureErrors.KeyNotFound(versions[0].Key);
        var changes = new List<CmekAccessChange>();
        foreach (var (uses, key) in versions.Zip(found, (v, k) => (v, k)))
        {
            if (key is null)
            {
                calls.Context.Log.Warning(
                    $"There is no key {uses.Key} that these credentials may see; it is left out."
                );
                continue;
            }

            changes.Add(
                new CmekAccessChange
                {
                    Regions = RegionsOf(uses),
                    KeyUri = uses.First().KeyUri,
                    AuthPrincipal = uses.First().AuthPrincipal,
                    Kind = State,
                    Target = key.Id.ToString(),
                    // Key Vault goes on wrapping with a disabled version, and verifying: what ends is reading.
                    Action = $"Disable {key.Id}, so that nobody can unwrap with it",
                    Document = """{"attributes":{"enabled":true}}""",
                    State = key.Bundle.Attributes.Enabled ? CmekAccessChangeState.Planned : CmekAccessChangeState.Done,
                }
            );
        }

        return changes;
    }

    private Task SwitchAsync(CmekAccessChange change, bool enabled) =>
        new AzureKeyWriter(clients, calls, _reader).EnableAsync(
            AzureKeyId.Parse(change.Target, clients.Cloud),
            enabled
        );

    private static CmekAccessChange Change(
        GrantedAccess access,
        IReadOnlyList<CmekRegionSpec> uses,
        string kind,
        string target,
        string action,
        string document
    ) =>
        new()
        {
            Regions = RegionsOf(uses),
            KeyUri = uses.Select(u => u.KeyUri).Distinct().Count() == 1 ? uses[0].KeyUri : "",
            AuthPrincipal = uses[0].AuthPrincipal,
            Kind = kind,
            Target = target,
            Action = action,
            Document = document,
        };

    private static IReadOnlyList<string> RegionsOf(IEnumerable<CmekRegionSpec> uses) =>
        [.. uses.Select(u => u.Region).Distinct()];

    private static T Json<T>(CmekAccessChange change)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(change.Document, AzureRest.Json)
                ?? throw Errors.RevocationFileInvalid(change.Target, "what was changed is not in it");
        }
        catch (JsonException fault)
        {
            throw Errors.RevocationFileInvalid(change.Target, "what was changed is no JSON", fault);
        }
    }
}
