using CockroachCmek.Sandbox.Azure;
using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Resource Manager's role assignments, role definitions and permissions.</summary>
public sealed class AzureRoleAssignmentTests : IAsyncDisposable
{
    private const string Authorization = "/providers/Microsoft.Authorization/";
    private readonly AzureTestBed _azure = new();

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    [Fact]
    public async Task Each_right_opens_only_its_own_service()
    {
        var nobody = _azure.Sandbox.AddPrincipal("nobody", AzureRights.None);
        var owner = _azure.Sandbox.AddPrincipal("owner", AzureRights.Subscription);
        var keyAdministrator = _azure.Sandbox.AddPrincipal("key-administrator", AzureRights.Keys);
        var consenter = _azure.Sandbox.AddPrincipal("consenter", AzureRights.Graph);
        var keyVault = $"{Arm}{_azure.KeyVaultId()}?api-version=2026-02-01";
        async Task<string> StatusesAsync(AzurePrincipal caller) =>
            string.Join(
                " ",
                (await _azure.SendAsync("GET", keyVault, caller: caller)).Status,
                (await _azure.SendAsync("GET", $"{_azure.KeyVault}/keys{ApiVersion}", caller: caller)).Status,
                (await _azure.SendAsync("GET", Graph + "servicePrincipals", caller: caller)).Status
            );
        Assert.Equal("403 403 403", await StatusesAsync(nobody));
        Assert.Equal("200 403 403", await StatusesAsync(owner));
        Assert.Equal("200 200 403", await StatusesAsync(keyAdministrator));
        Assert.Equal("403 403 200", await StatusesAsync(consenter));
        Assert.Equal("403 AuthorizationFailed", (await _azure.SendAsync("GET", keyVault, caller: nobody)).Refusal);
        Assert.Equal(
            "403 Authorization_RequestDenied",
            (await _azure.SendAsync("GET", Graph + "servicePrincipals", caller: nobody)).Refusal
        );
        Assert.Equal(
            "403 AuthorizationFailed",
            (await _azure.AssignRoleAsync(EncryptionUserRole, nobody.ObjectId, caller: keyAdministrator)).Refusal
        );
    }

    [Fact]
    public async Task A_role_can_be_assigned_to_a_new_principal_only_with_its_type()
    {
        var id = await _azure.CreateClusterPrincipalAsync();
        Assert.Equal(
            "400 PrincipalNotFound",
            (await _azure.AssignRoleAsync(EncryptionUserRole, id, type: null)).Refusal
        );
        Assert.Equal(201, (await _azure.AssignRoleAsync(KeyVaultReaderRole, id)).Status);
        _azure.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(
            "400 UnmatchedPrincipalType",
            (await _azure.AssignRoleAsync(EncryptionUserRole, id, type: "User")).Refusal
        );
        Assert.Equal(
            "ServicePrincipal",
            (await _azure.AssignRoleAsync(EncryptionUserRole, id, type: null)).Text("properties", "principalType")
        );
        _azure.AssertConforms();
    }

    [Fact]
    public async Task A_role_is_assigned_once_under_one_name()
    {
        var (one, other) = (NewPrincipal("one"), NewPrincipal("other"));
        var name = Guid.NewGuid().ToString();
        Assert.Equal(201, (await _azure.AssignRoleAsync(EncryptionUserRole, one, name)).Status);
        Assert.Equal(200, (await _azure.AssignRoleAsync(EncryptionUserRole, one, name)).Status);
        var conflict = await _azure.AssignRoleAsync(EncryptionUserRole, one);
        Assert.Equal("409 RoleAssignmentExists", conflict.Refusal);
        Assert.Equal("The role assignment already exists.", conflict.ErrorMessage);
        _azure.Sandbox.NamesExistingAssignment = true;
        Assert.Contains(
            name.Replace("-", "", StringComparison.Ordinal),
            (await _azure.AssignRoleAsync(EncryptionUserRole, one)).ErrorMessage,
            StringComparison.Ordinal
        );
        Assert.Equal(
            "400 RoleAssignmentUpdateNotPermitted",
            (await _azure.AssignRoleAsync(EncryptionUserRole, other, name)).Refusal
        );
        _azure.AssertConforms();
    }

    [Fact]
    public async Task An_assignment_needs_a_GUID_as_name_a_known_role_and_a_known_scope()
    {
        var id = NewPrincipal("one");
        Assert.Equal(
            "400 InvalidRoleAssignmentId",
            (await _azure.AssignRoleAsync(EncryptionUserRole, id, "no-guid")).Refusal
        );
        Assert.Equal(
            "404 RoleDefinitionDoesNotExist",
            (await _azure.AssignRoleAsync(Guid.NewGuid().ToString(), id)).Refusal
        );
        Assert.Equal(
            "404 ResourceNotFound",
            (await _azure.AssignRoleAsync(EncryptionUserRole, id, scope: _azure.KeyVaultId("nowhere"))).Refusal
        );
        _azure.AssertConforms();
    }

    [Fact]
    public async Task Assignments_are_listed_by_principal_and_scope_until_they_are_deleted()
    {
        var id = NewPrincipal("one");
        var created = await _azure.AssignRoleAsync(EncryptionUserRole, id);
        async Task<int> CountAsync(string scope, string filter) =>
            (
                await _azure.SendAsync(
                    "GET",
                    $"{Arm}{scope}{Authorization}roleAssignments?api-version=2022-04-01"
                        + $"&$filter={Uri.EscapeDataString(filter)}"
                )
            )
                .Items
                .Count;
        Assert.Equal(1, await CountAsync(_azure.KeyVaultId(), $"principalId eq '{id}'"));
        Assert.Equal(1, await CountAsync(_azure.SubscriptionId, $"principalId eq '{id}'"));
        Assert.Equal(0, await CountAsync(_azure.KeyVaultId(_azure.Sandbox.PolicyVaultName), $"principalId eq '{id}'"));
        Assert.Equal(
            1 + await CountAsync(_azure.SubscriptionId, "atScope()"),
            await CountAsync(_azure.KeyVaultId(), "atScope()")
        );

        var url = $"{Arm}{created.Text("id")}?api-version=2022-04-01";
        Assert.Equal(200, (await _azure.SendAsync("GET", url)).Status);
        Assert.Equal(200, (await _azure.SendAsync("DELETE", url)).Status);
        Assert.Equal(204, (await _azure.SendAsync("DELETE", url)).Status);
        Assert.Equal("404 RoleAssignmentNotFound", (await _azure.SendAsync("GET", url)).Refusal);
        _azure.AssertConforms();
    }

    [Fact]
    public async Task A_data_access_administrator_can_assign_key_vault_roles_but_not_Owner()
    {
        var assigner = _azure.Sandbox.AddPrincipal("assigner", AzureRights.None);
        _azure.Sandbox.Assign(assigner, "Key Vault Data Access Administrator", _azure.KeyVaultId());
        Assert.Equal(
            201,
            (await _azure.AssignRoleAsync(EncryptionUserRole, assigner.ObjectId, caller: assigner)).Status
        );
        Assert.Equal(
            "403 AuthorizationFailed",
            (await _azure.AssignRoleAsync(OwnerRole, assigner.ObjectId, caller: assigner)).Refusal
        );
        var roles = await _azure.SendAsync(
            "GET",
            $"{Arm}{_azure.KeyVaultId()}{Authorization}roleDefinitions?api-version=2022-04-01"
                + "&$filter=roleName eq 'Key Vault Crypto Officer'",
            caller: assigner
        );
        Assert.Equal(CryptoOfficerRole, Assert.Single(roles.Items)!["name"]!.ToString());
    }

    [Fact]
    public async Task A_caller_can_read_its_own_permissions()
    {
        var keyAdministrator = _azure.Sandbox.AddPrincipal("key-administrator", AzureRights.Keys);
        var permissions = await _azure.SendAsync(
            "GET",
            $"{Arm}{_azure.KeyVaultId()}{Authorization}permissions?api-version=2022-04-01",
            caller: keyAdministrator
        );
        Assert.Equal(
            """["Microsoft.KeyVault/vaults/*"]""",
            Assert.Single(permissions.Items)!["dataActions"]!.ToJsonString()
        );
    }

    private string NewPrincipal(string name) => _azure.Sandbox.AddPrincipal(name, AzureRights.None).ObjectId;
}
