using CockroachCmek.Sandbox.Azure;
using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Roles from above a key vault, custom roles, conditions, deny assignments and compound identities.</summary>
public sealed class AzureScopeTests : IAsyncDisposable
{
    private const string Keys = "Microsoft.KeyVault/vaults/keys/";
    private readonly AzureTestBed _azure = new();
    private readonly AzurePrincipal _user;

    public AzureScopeTests() => _user = _azure.Sandbox.AddPrincipal("user", AzureRights.None);

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Fact]
    public async Task A_filter_decides_which_inherited_and_group_assignments_are_listed()
    {
        var group = _azure.Sandbox.AddGroup("operators", _user.ObjectId);
        var resourceGroup = _azure.KeyVaultId().Split("/providers/")[0];
        string[] scopes = [_azure.Sandbox.ManagementGroupId, _azure.SubscriptionId, resourceGroup, _azure.KeyVaultId()];
        foreach (var scope in scopes)
            _azure.Sandbox.Assign(_user.ObjectId, "Reader", scope);
        _azure.Sandbox.Assign(group, "Reader", _azure.KeyVaultId() + "/keys/k");
        _azure.Sandbox.Assign(group, "Reader", _azure.KeyVaultId());

        var literal = (await ListAsync($"principalId eq '{_user.ObjectId}'")).Items;
        Assert.Equal(scopes, literal.Select(a => a!["properties"]!["scope"]!.ToString()));
        Assert.Equal(6, (await ListAsync($"assignedTo('{_user.ObjectId}')")).Items.Count);
        var above = (await ListAsync($"atScope() and assignedTo('{_user.ObjectId}')")).Items;
        Assert.Equal(5, above.Count);
        var through = above.Single(a => a!["properties"]!["principalType"]!.ToString() == "Group")!;
        Assert.Equal(group, through["properties"]!["principalId"]!.ToString());
        Assert.StartsWith(_azure.Sandbox.ManagementGroupId, above[0]!["id"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(
            "400 InvalidFilter",
            (await ListAsync($"atScope() and principalId eq '{_user.ObjectId}'")).Refusal
        );
        _azure.AssertConforms();
    }

    [Fact]
    public async Task A_management_group_can_be_read_with_a_role_there()
    {
        var url = $"{Arm}{_azure.Sandbox.ManagementGroupId}?api-version=2020-05-01";
        Assert.Equal("403 AuthorizationFailed", (await _azure.SendAsync("GET", url, caller: _user)).Refusal);
        _azure.Sandbox.Assign(_user, "Reader", _azure.Sandbox.ManagementGroupId);
        var group = await _azure.SendAsync("GET", url, caller: _user);
        Assert.Equal(_azure.Sandbox.TenantId, group.Text("properties", "details", "parent", "name"));
        Assert.Equal(
            200,
            (await _azure.SendAsync("GET", $"{Arm}{_azure.KeyVaultId()}?api-version=2026-02-01", caller: _user)).Status
        );
    }

    [Fact]
    public async Task A_custom_role_allows_its_wildcards_less_its_exclusions()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        var role = Guid.NewGuid().ToString();
        Assert.Equal(201, (await DefineAsync(role, $"{Keys}*", $"{Keys}unwrap/action")).Status);
        Assert.Equal(201, (await _azure.AssignRoleAsync(role, _user.ObjectId)).Status);
        Assert.Equal("400 RoleDefinitionHasAssignments", (await DefinitionAsync("DELETE", role)).Refusal);
        _azure.Propagate();
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", _user)).Status);
        Assert.Equal("403 ForbiddenByRbac", (await _azure.UseKeyAsync(kid, "unwrapkey", "AAAA", _user)).Refusal);

        var wrapped = (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", _user)).Text("value");
        await DefineAsync(role, $"{Keys}*", "");
        Assert.Equal("403 ForbiddenByRbac", (await _azure.UseKeyAsync(kid, "unwrapkey", wrapped, _user)).Refusal);
        _azure.Propagate();
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "unwrapkey", wrapped, _user)).Status);
        var read = await DefinitionAsync("GET", role);
        Assert.Equal("CustomRole", read.Text("properties", "type"));
        Assert.Equal("403 AuthorizationFailed", (await DefinitionAsync("GET", role, _user)).Refusal);
    }

    [Fact]
    public async Task A_condition_is_evaluated_for_action_and_time_and_otherwise_by_the_owner_of_the_sandbox()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        var wrap = $"ActionMatches{{'{Keys}wrap/action'}}";
        var name = Guid.NewGuid().ToString();
        var until = _azure.Server.Clock.UtcNow.AddHours(1);
        await AssignAsync(name, $"(!({wrap}) OR (@Environment[UtcNow] DateTimeLessThan '{until:O}'))");
        Assert.Equal(200, (await UseLaterAsync()).Status);
        _azure.Advance(TimeSpan.FromHours(1));
        Assert.Equal("403 ForbiddenByRbac", (await UseLaterAsync()).Refusal);
        Assert.Equal(200, (await _azure.SendAsync("GET", kid + ApiVersion, caller: _user)).Status);

        const string Unknown = "@Resource[Microsoft.KeyVault/vaults:name] StringEquals 'cmek-sandbox'";
        Assert.Equal(200, (await AssignAsync(name, Unknown)).Status);
        Assert.Equal("403 ForbiddenByRbac", (await UseLaterAsync()).Refusal);
        _azure.Sandbox.UnknownConditionsHold = true;
        Assert.Equal(200, (await UseLaterAsync()).Status);
        Assert.Equal("400 InvalidCondition", (await AssignAsync(name, "@Resource[x] StringEquals")).Refusal);

        Task<TestResponse> UseLaterAsync()
        {
            _azure.Propagate();
            return _azure.UseKeyAsync(kid, "wrapkey", "AAAA", _user);
        }
    }

    [Fact]
    public async Task A_deny_assignment_beats_every_role_until_it_is_gone()
    {
        var kid = await _azure.CreateKeyAsync("cmek");
        var resourceGroup = _azure.KeyVaultId().Split("/providers/")[0];
        _azure.Sandbox.Assign(_user, "Key Vault Crypto Officer", _azure.KeyVaultId());
        var id = _azure.Sandbox.Deny(resourceGroup, ["*/delete"], [Keys + "*"]);
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", _user)).Status);
        _azure.Propagate();
        var refused = await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", _user);
        Assert.Equal("403 ForbiddenByRbac", refused.Refusal);
        Assert.Contains($"DenyAssignmentId: '{id.Split('/')[^1]}'", refused.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(
            "403 DenyAssignmentAuthorizationFailed",
            (await _azure.SendAsync("DELETE", $"{Arm}{_azure.KeyVaultId()}?api-version=2026-02-01")).Refusal
        );
        var url = $"{Arm}{_azure.KeyVaultId()}/providers/Microsoft.Authorization/denyAssignments";
        var listed = await _azure.SendAsync("GET", $"{url}?api-version=2022-04-01");
        Assert.Equal(
            "SystemDefined",
            Assert.Single(listed.Items)!["properties"]!["principals"]![0]!["type"]!.ToString()
        );
        _azure.Sandbox.RemoveDeny(id);
        _azure.Propagate();
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", _user)).Status);
    }

    [Fact]
    public async Task An_access_policy_for_a_group_grants_and_one_for_a_compound_identity_does_not()
    {
        var keyVault = _azure.Sandbox.PolicyVaultName;
        var kid = await _azure.CreateKeyAsync("cmek", keyVault);
        Task<TestResponse> AddAsync(string objectId, string extra = "") =>
            _azure.SendAsync(
                "PUT",
                $"{Arm}{_azure.KeyVaultId(keyVault)}/accessPolicies/add?api-version=2026-02-01",
                $$$"""
                {"properties":{"accessPolicies":[{"tenantId":"{{{_azure.Sandbox.TenantId}}}",
                 "objectId":"{{{objectId}}}"{{{extra}}},"permissions":{"keys":["wrapKey"]}}]}}
                """
            );
        Assert.Equal(200, (await AddAsync(_user.ObjectId, $",\"applicationId\":\"{_user.ClientId}\"")).Status);
        _azure.Propagate();
        Assert.Equal("403 ForbiddenByPolicy", (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", _user)).Refusal);
        await AddAsync(_azure.Sandbox.AddGroup("wrappers", _user.ObjectId));
        _azure.Propagate();
        Assert.Equal(200, (await _azure.UseKeyAsync(kid, "wrapkey", "AAAA", _user)).Status);
    }

    private Task<TestResponse> ListAsync(string filter) =>
        _azure.SendAsync(
            "GET",
            $"{Arm}{_azure.KeyVaultId()}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01"
                + $"&$filter={Uri.EscapeDataString(filter)}"
        );

    private Task<TestResponse> DefineAsync(string role, string dataAction, string excluded) =>
        DefinitionAsync(
            "PUT",
            role,
            body: $$$"""
            {"properties":{"roleName":"custom","assignableScopes":["{{{_azure.SubscriptionId}}}"],"permissions":[
              {"dataActions":["{{{dataAction}}}"],"notDataActions":["{{{excluded}}}"]}]}}
            """
        );

    private Task<TestResponse> DefinitionAsync(
        string method,
        string role,
        AzurePrincipal? caller = null,
        string? body = null
    ) =>
        _azure.SendAsync(
            method,
            $"{_azure.Subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}?api-version=2022-04-01",
            body,
            caller
        );

    private Task<TestResponse> AssignAsync(string name, string condition) =>
        _azure.SendAsync(
            "PUT",
            $"{Arm}{_azure.KeyVaultId()}/providers/Microsoft.Authorization/roleAssignments/{name}"
                + "?api-version=2022-04-01",
            $$$"""
            {"properties":{
             "roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/{{{EncryptionUserRole}}}",
             "principalId":"{{{_user.ObjectId}}}","principalType":"ServicePrincipal",
             "condition":"{{{condition}}}","conditionVersion":"2.0"}}
            """
        );
}
