using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Testing;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Sign-in, Graph, Resource Manager and the managed identity as another client sees them.</summary>
public sealed class AzureControlPlaneTests : IAsyncLifetime
{
    private const string Graph = "https://graph.microsoft.com/v1.0/";
    private const string EncryptionUser = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
    private const string Reader = "21090545-7ca7-4776-b22c-e363652d74d2";
    private readonly AzureRehearsal _azure = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    private string ClusterApp =>
        _azure.Server.Cloud.Clusters.First(c => c.AzureApplicationId is not null).AzureApplicationId!;

    [Theory]
    [InlineData("", "", "", "wrong", "", "401 invalid_client", "AADSTS7000215")]
    [InlineData("", "", "00000000-0000-4000-8000-000000000000", "", "", "400 unauthorized_client", "AADSTS700016")]
    [InlineData("", "", "", "", "https://nowhere.invalid/.default", "400 invalid_resource", "AADSTS500011")]
    [InlineData("", "", "", "", "https://vault.azure.net", "400 invalid_scope", "AADSTS1002012")]
    [InlineData("00000000-0000-4000-8000-000000000000", "", "", "", "", "400 invalid_request", "AADSTS90002")]
    [InlineData("", "password", "", "", "", "400 unsupported_grant_type", "AADSTS70003")]
    public async Task A_sign_in_that_is_refused_says_why(
        string tenant,
        string grant,
        string client,
        string secret,
        string scope,
        string refusal,
        string number
    )
    {
        static string Or(string text, string other) => text.Length > 0 ? text : other;
        var answer = await _azure.SignInAsync(
            Or(tenant, _azure.Azure.TenantId),
            Or(client, _azure.Azure.Admin.ClientId),
            Or(secret, _azure.Azure.Admin.Secret),
            Or(scope, "https://vault.azure.net/.default"),
            Or(grant, "client_credentials")
        );
        Assert.Equal(refusal, answer.Refusal);
        Assert.StartsWith(number + ":", answer.Text("error_description"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_are_for_one_service_and_one_hour()
    {
        var token = (
            await _azure.SignInAsync(
                _azure.Azure.TenantId,
                _azure.Azure.Admin.ClientId,
                _azure.Azure.Admin.Secret,
                "https://vault.azure.net/.default"
            )
        ).Text("access_token");
        Task<AzureReply> CallAsync(string url) =>
            _azure.RawAsync("GET", url, null, "", ("Authorization", "Bearer " + token));
        Assert.Equal(3, token.Split('.').Length);
        Assert.Equal(200, (await CallAsync($"{_azure.Vault}/keys?api-version=7.4")).Status);
        Assert.Equal(
            "401 InvalidAuthenticationTokenAudience",
            (await CallAsync($"{_azure.Subscription}?api-version=2022-12-01")).Refusal
        );
        Assert.Equal("401 InvalidAuthenticationToken", (await CallAsync(Graph + "servicePrincipals")).Refusal);
        _azure.Time.Advance(TimeSpan.FromMinutes(70));
        Assert.Equal("401 Unauthorized", (await CallAsync($"{_azure.Vault}/keys?api-version=7.4")).Refusal);
    }

    [Fact]
    public async Task Discovery_leads_to_the_token_endpoint_by_either_address()
    {
        var tenant = _azure.Azure.TenantId;
        Assert.Equal(
            $"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
            (
                await _azure.RawAsync(
                    "GET",
                    $"https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration"
                )
            ).Text("token_endpoint")
        );
        Assert.Equal(
            "1.1",
            (
                await _azure.RawAsync(
                    "GET",
                    "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1"
                )
            ).Text("api-version")
        );
        var local = _azure.Server.AzureEndpoint.ToString();
        Assert.Equal(
            $"{local}{tenant}/oauth2/v2.0/token",
            (await _azure.RawAsync("GET", $"{local}{tenant}/v2.0/.well-known/openid-configuration")).Text(
                "token_endpoint"
            )
        );
        Assert.Equal(
            "401 AuthenticationFailed",
            (await _azure.RawAsync("GET", $"{local}subscriptions?api-version=2022-12-01")).Refusal
        );
        Assert.Equal(
            "401 InvalidAuthenticationToken",
            (await _azure.RawAsync("GET", $"{local}v1.0/servicePrincipals")).Refusal
        );
        Assert.Equal("401 Unauthorized", (await _azure.RawAsync("GET", $"{local}keys?api-version=7.6")).Refusal);
    }

    [Fact]
    public async Task The_managed_identity_gives_tokens_that_work_to_who_knows_the_header()
    {
        var url =
            $"{_azure.Server.ManagedIdentityEndpoint}MSI/token?api-version=2019-08-01&resource=https://vault.azure.net";
        var header = ("X-IDENTITY-HEADER", _azure.Azure.ManagedIdentity.Secret);
        var answer = await _azure.RawAsync("GET", url, null, "", header);
        Assert.True(
            long.Parse(answer.Text("expires_on"), System.Globalization.CultureInfo.InvariantCulture)
                > _azure.Time.GetUtcNow().ToUnixTimeSeconds()
        );
        Assert.Equal(
            200,
            (
                await _azure.RawAsync(
                    "GET",
                    $"{_azure.Vault}/keys?api-version=7.6",
                    null,
                    "",
                    ("Authorization", "Bearer " + answer.Text("access_token"))
                )
            ).Status
        );
        Assert.Equal(
            200,
            (
                await _azure.RawAsync(
                    "GET",
                    $"{url}&client_id={_azure.Azure.ManagedIdentity.ClientId}",
                    null,
                    "",
                    header
                )
            ).Status
        );
        Assert.Contains(
            "No User Assigned or Delegated Managed Identity",
            (await _azure.RawAsync("GET", $"{url}&client_id={Guid.NewGuid()}", null, "", header)).Text("message"),
            StringComparison.Ordinal
        );
        Assert.Equal(400, (await _azure.RawAsync("GET", url)).Status);
    }

    [Fact]
    public async Task A_clusters_application_gets_its_principal_once()
    {
        var body = $$"""{"appId":"{{ClusterApp}}"}""";
        Assert.Empty(
            (await _azure.SendAsync("GET", $"{Graph}servicePrincipals?$filter=appId%20eq%20'{ClusterApp}'")).Body[
                "value"
            ]!.AsArray()
        );
        Assert.Equal(
            "404 Request_ResourceNotFound",
            (await _azure.SendAsync("GET", $"{Graph}servicePrincipals(appId='{ClusterApp}')")).Refusal
        );
        var made = await _azure.SendAsync("POST", Graph + "servicePrincipals", body);
        Assert.Equal(201, made.Status);
        Assert.StartsWith("CockroachDB Cloud - ", made.Text("displayName"), StringComparison.Ordinal);
        Assert.NotEqual(ClusterApp, made.Text("id"));
        Assert.Equal(
            "409 Request_MultipleObjectsWithSameKeyValue",
            (await _azure.SendAsync("POST", Graph + "servicePrincipals", body)).Refusal
        );
        Assert.Equal(
            "400 Request_BadRequest",
            (
                await _azure.SendAsync("POST", Graph + "servicePrincipals", $$"""{"appId":"{{Guid.NewGuid()}}"}""")
            ).Refusal
        );
        var found = (
            await _azure.SendAsync("GET", $"{Graph}servicePrincipals?$filter=appId eq '{ClusterApp}'&$select=id,appId")
        ).Body["value"]!.AsArray();
        Assert.Equal(
            $$"""{"id":"{{made.Text("id")}}","appId":"{{ClusterApp}}"}""",
            Assert.Single(found)!.ToJsonString()
        );
        Assert.Equal(204, (await _azure.SendAsync("DELETE", $"{Graph}servicePrincipals/{made.Text("id")}")).Status);
        Assert.Equal(
            "404 Request_ResourceNotFound",
            (await _azure.SendAsync("GET", $"{Graph}servicePrincipals/{made.Text("id")}")).Refusal
        );
    }

    [Fact]
    public async Task The_upsert_creates_once_and_then_changes_nothing()
    {
        var token = (
            await _azure.SignInAsync(
                _azure.Azure.TenantId,
                _azure.Azure.Admin.ClientId,
                _azure.Azure.Admin.Secret,
                "https://graph.microsoft.com/.default"
            )
        ).Text("access_token");
        Task<AzureReply> UpsertAsync(params (string, string)[] more) =>
            _azure.RawAsync(
                "PATCH",
                $"{Graph}servicePrincipals(appId='{ClusterApp}')",
                "{}",
                "application/json",
                [("Authorization", "Bearer " + token), .. more]
            );
        Assert.Equal("404 Request_ResourceNotFound", (await UpsertAsync()).Refusal);
        Assert.Equal(201, (await UpsertAsync(("Prefer", "create-if-missing"))).Status);
        Assert.Equal(204, (await UpsertAsync(("Prefer", "create-if-missing"))).Status);
    }

    [Fact]
    public async Task Consent_in_a_browser_makes_principal_and_grant()
    {
        var page = await _azure.RawAsync(
            "GET",
            $"https://login.microsoftonline.com/{_azure.Azure.TenantId}/adminconsent?client_id={ClusterApp}"
        );
        Assert.Equal(200, page.Status);
        var principal = await _azure.SendAsync("GET", $"{Graph}servicePrincipals(appId='{ClusterApp}')");
        var grants = await _azure.SendAsync(
            "GET",
            $"{Graph}oauth2PermissionGrants?$filter=clientId eq '{principal.Text("id")}'"
        );
        Assert.Equal("User.Read", Assert.Single(grants.Body["value"]!.AsArray())!["scope"]!.ToString());
        Assert.Equal(
            400,
            (
                await _azure.RawAsync(
                    "GET",
                    $"https://login.microsoftonline.com/{_azure.Azure.TenantId}/adminconsent?client_id={Guid.NewGuid()}"
                )
            ).Status
        );
    }

    [Fact]
    public async Task A_grant_can_be_given_without_a_browser_but_not_twice()
    {
        var principal = (
            await _azure.SendAsync("POST", Graph + "servicePrincipals", $$"""{"appId":"{{ClusterApp}}"}""")
        ).Text("id");
        var graph = (
            await _azure.SendAsync("GET", $"{Graph}servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")
        ).Text("id");
        var body =
            $$"""{"clientId":"{{principal}}","consentType":"AllPrincipals","resourceId":"{{graph}}","scope":"User.Read"}""";
        Assert.Equal(201, (await _azure.SendAsync("POST", Graph + "oauth2PermissionGrants", body)).Status);
        Assert.Equal(
            "409 Request_MultipleObjectsWithSameKeyValue",
            (await _azure.SendAsync("POST", Graph + "oauth2PermissionGrants", body)).Refusal
        );
    }

    [Fact]
    public async Task Each_right_opens_its_own_door_only()
    {
        var nobody = _azure.Azure.AddPrincipal("nobody", AzureRights.None);
        var owner = _azure.Azure.AddPrincipal("owner", AzureRights.Subscription);
        var keeper = _azure.Azure.AddPrincipal("keeper", AzureRights.Keys);
        var consenter = _azure.Azure.AddPrincipal("consenter", AzureRights.Graph);
        var vault = $"https://management.azure.com{_azure.VaultId()}?api-version=2026-02-01";
        var keys = $"{_azure.Vault}/keys?api-version=2025-07-01";
        async Task<string> DoorsAsync(AzurePrincipal who) =>
            string.Join(
                " ",
                (await _azure.SendAsync("GET", vault, caller: who)).Status,
                (await _azure.SendAsync("GET", keys, caller: who)).Status,
                (await _azure.SendAsync("GET", Graph + "servicePrincipals", caller: who)).Status
            );
        Assert.Equal(
            ["403 403 403", "200 403 403", "200 200 403", "403 403 200"],
            [await DoorsAsync(nobody), await DoorsAsync(owner), await DoorsAsync(keeper), await DoorsAsync(consenter)]
        );
        Assert.Equal("403 AuthorizationFailed", (await _azure.SendAsync("GET", vault, caller: nobody)).Refusal);
        Assert.Equal(
            "403 Authorization_RequestDenied",
            (await _azure.SendAsync("GET", Graph + "servicePrincipals", caller: nobody)).Refusal
        );
        Assert.Equal(
            "403 AuthorizationFailed",
            (await _azure.AssignAsync(EncryptionUser, nobody.ObjectId, caller: keeper)).Refusal
        );
    }

    [Fact]
    public async Task A_fresh_principal_is_unknown_to_role_assignments_unless_its_type_is_said()
    {
        var id = (await _azure.SendAsync("POST", Graph + "servicePrincipals", $$"""{"appId":"{{ClusterApp}}"}""")).Text(
            "id"
        );
        Assert.Equal("400 PrincipalNotFound", (await _azure.AssignAsync(EncryptionUser, id, type: null)).Refusal);
        Assert.Equal(201, (await _azure.AssignAsync(Reader, id)).Status);
        _azure.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(
            "400 UnmatchedPrincipalType",
            (await _azure.AssignAsync(EncryptionUser, id, type: "User")).Refusal
        );
        Assert.Equal(
            "ServicePrincipal",
            (await _azure.AssignAsync(EncryptionUser, id, type: null)).Text("properties", "principalType")
        );
        Assert.NotEqual(0, _azure.Conforms());
    }

    [Fact]
    public async Task Role_assignments_have_their_traps()
    {
        var (one, other) = (
            _azure.Azure.AddPrincipal("one", AzureRights.None).ObjectId,
            _azure.Azure.AddPrincipal("other", AzureRights.None).ObjectId
        );
        var name = Guid.NewGuid().ToString();
        var made = await _azure.AssignAsync(EncryptionUser, one, name);
        Assert.Equal(201, made.Status);
        Assert.Equal(200, (await _azure.AssignAsync(EncryptionUser, one, name)).Status);
        var conflict = await _azure.AssignAsync(EncryptionUser, one);
        Assert.Equal("409 RoleAssignmentExists", conflict.Refusal);
        Assert.Contains(
            name.Replace("-", "", StringComparison.Ordinal),
            conflict.Text("error", "message"),
            StringComparison.Ordinal
        );
        Assert.Equal(
            "400 RoleAssignmentUpdateNotPermitted",
            (await _azure.AssignAsync(EncryptionUser, other, name)).Refusal
        );
        Assert.Equal("400 InvalidRoleAssignmentId", (await _azure.AssignAsync(EncryptionUser, one, "no-guid")).Refusal);
        Assert.Equal(
            "404 RoleDefinitionDoesNotExist",
            (await _azure.AssignAsync(Guid.NewGuid().ToString(), one)).Refusal
        );
        Assert.Equal(
            "404 ResourceNotFound",
            (await _azure.AssignAsync(EncryptionUser, one, scope: _azure.VaultId("nowhere"))).Refusal
        );

        async Task<int> CountAsync(string scope, string filter) =>
            (
                await _azure.SendAsync(
                    "GET",
                    $"https://management.azure.com{scope}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter={Uri.EscapeDataString(filter)}"
                )
            ).Body["value"]!
                .AsArray()
                .Count;
        Assert.Equal(1, await CountAsync(_azure.VaultId(), $"principalId eq '{one}'"));
        Assert.Equal(1, await CountAsync($"/subscriptions/{_azure.Azure.SubscriptionId}", $"principalId eq '{one}'"));
        Assert.Equal(0, await CountAsync(_azure.VaultId(_azure.Azure.PolicyVaultName), $"principalId eq '{one}'"));
        Assert.Equal(
            1 + await CountAsync($"/subscriptions/{_azure.Azure.SubscriptionId}", "atScope()"),
            await CountAsync(_azure.VaultId(), "atScope()")
        );

        var url = $"https://management.azure.com{made.Text("id")}?api-version=2022-04-01";
        Assert.Equal(200, (await _azure.SendAsync("GET", url)).Status);
        Assert.Equal(200, (await _azure.SendAsync("DELETE", url)).Status);
        Assert.Equal(204, (await _azure.SendAsync("DELETE", url)).Status);
        Assert.Equal("404 RoleAssignmentNotFound", (await _azure.SendAsync("GET", url)).Refusal);
        Assert.NotEqual(0, _azure.Conforms());
    }

    [Fact]
    public async Task Who_may_assign_vault_roles_only_cannot_make_an_owner()
    {
        var assigner = _azure.Azure.AddPrincipal("assigner", AzureRights.None);
        _azure.Azure.Assign(assigner, "Key Vault Data Access Administrator", _azure.VaultId());
        Assert.Equal(201, (await _azure.AssignAsync(EncryptionUser, assigner.ObjectId, caller: assigner)).Status);
        Assert.Equal(
            "403 AuthorizationFailed",
            (
                await _azure.AssignAsync("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", assigner.ObjectId, caller: assigner)
            ).Refusal
        );
        var roles = await _azure.SendAsync(
            "GET",
            $"https://management.azure.com{_azure.VaultId()}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01&$filter=roleName eq 'Key Vault Crypto Officer'",
            caller: assigner
        );
        Assert.Equal(
            "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
            Assert.Single(roles.Body["value"]!.AsArray())!["name"]!.ToString()
        );
    }

    [Fact]
    public async Task A_caller_can_see_where_it_is_and_what_it_may_do()
    {
        var subscription = Assert.Single(
            (await _azure.SendAsync("GET", "https://management.azure.com/subscriptions?api-version=2022-12-01")).Body[
                "value"
            ]!.AsArray()
        )!;
        Assert.Equal(
            (_azure.Azure.SubscriptionId, _azure.Azure.TenantId),
            (subscription["subscriptionId"]!.ToString(), subscription["tenantId"]!.ToString())
        );
        Assert.Equal(
            _azure.Azure.TenantId,
            (await _azure.SendAsync("GET", $"{_azure.Subscription}?api-version=2022-12-01")).Text("tenantId")
        );
        Assert.Single(
            (await _azure.SendAsync("GET", $"{_azure.Subscription}/resourcegroups?api-version=2021-04-01")).Body[
                "value"
            ]!.AsArray()
        );
        Assert.Equal(
            _azure.Azure.Location,
            (
                await _azure.SendAsync(
                    "GET",
                    $"{_azure.Subscription}/resourceGroups/{_azure.Azure.ResourceGroup}?api-version=2021-04-01"
                )
            ).Text("location")
        );
        Assert.Equal(
            "404 ResourceGroupNotFound",
            (await _azure.SendAsync("GET", $"{_azure.Subscription}/resourceGroups/none?api-version=2021-04-01")).Refusal
        );
        var keeper = _azure.Azure.AddPrincipal("keeper", AzureRights.Keys);
        var permissions = await _azure.SendAsync(
            "GET",
            $"https://management.azure.com{_azure.VaultId()}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01",
            caller: keeper
        );
        Assert.Equal(
            """["Microsoft.KeyVault/vaults/*"]""",
            Assert.Single(permissions.Body["value"]!.AsArray())!["dataActions"]!.ToJsonString()
        );
    }

    [Fact]
    public async Task Vaults_are_listed_made_and_changed()
    {
        var listed = await _azure.SendAsync(
            "GET",
            $"{_azure.Subscription}/resources?$filter=resourceType eq 'Microsoft.KeyVault/vaults'&api-version=2021-04-01"
        );
        Assert.Equal(
            ["cmek-sandbox", "cmek-policies", "cmek-walled", "cmek-premium"],
            listed.Body["value"]!.AsArray().Select(v => v!["name"]!.ToString())
        );
        Assert.Equal(
            4,
            (
                await _azure.SendAsync(
                    "GET",
                    $"{_azure.Subscription}/providers/Microsoft.KeyVault/vaults?api-version=2026-02-01"
                )
            ).Body["value"]!
                .AsArray()
                .Count
        );
        Assert.Equal(
            4,
            (
                await _azure.SendAsync(
                    "GET",
                    $"{_azure.Subscription}/resourceGroups/{_azure.Azure.ResourceGroup}/providers/Microsoft.KeyVault/vaults?api-version=2023-07-01"
                )
            ).Body["value"]!
                .AsArray()
                .Count
        );

        string Url(string name, string version = "2026-02-01") =>
            $"https://management.azure.com{_azure.VaultId(name)}?api-version={version}";
        string Body(string more) =>
            $$$"""{"location":"northeurope","properties":{"tenantId":"{{{_azure.Azure.TenantId}}}","sku":{"family":"A","name":"standard"}{{{more}}}}}""";
        var made = await _azure.SendAsync("PUT", Url("fresh"), Body(",\"softDeleteRetentionInDays\":7"));
        Assert.Equal(
            (201, "true", "RegisteringDns", "https://fresh.vault.azure.net/"),
            (
                made.Status,
                made.Text("properties", "enableRbacAuthorization"),
                made.Text("properties", "provisioningState"),
                made.Text("properties", "vaultUri")
            )
        );
        _azure.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(
            "Succeeded",
            (await _azure.SendAsync("GET", Url("fresh"))).Text("properties", "provisioningState")
        );
        await _azure.CreateKeyAsync("k", "fresh", """{"kty":"EC"}""");
        Assert.Equal(
            "CustomizedRecoverable+Purgeable",
            (await _azure.SendAsync("GET", "https://fresh.vault.azure.net/keys/k?api-version=7.6")).Text(
                "attributes",
                "recoveryLevel"
            )
        );
        Assert.Equal(
            "true",
            (await _azure.SendAsync("PATCH", Url("fresh"), """{"properties":{"enablePurgeProtection":true}}""")).Text(
                "properties",
                "enablePurgeProtection"
            )
        );
        Assert.Equal(
            "400 BadRequest",
            (
                await _azure.SendAsync("PATCH", Url("fresh"), """{"properties":{"enablePurgeProtection":false}}""")
            ).Refusal
        );

        Assert.Equal("400 BadRequest", (await _azure.SendAsync("PUT", Url("older", "2023-07-01"), Body(""))).Refusal);
        Assert.Equal(
            "",
            (await _azure.SendAsync("PUT", Url("older", "2023-07-01"), Body(",\"accessPolicies\":[]"))).Text(
                "properties",
                "enableRbacAuthorization"
            )
        );
        Assert.Equal(
            "409 VaultAlreadyExists",
            (await _azure.SendAsync("PUT", Url(_azure.Azure.ForeignVaultName), Body(""))).Refusal
        );
        Assert.Equal("400 VaultNameNotValid", (await _azure.SendAsync("PUT", Url("no--name"), Body(""))).Refusal);
        Assert.Equal("400 MissingApiVersionParameter", (await _azure.SendAsync("GET", _azure.Subscription)).Refusal);
        Assert.Equal(
            "401 InvalidAuthenticationTokenTenant",
            (
                await _azure.SendAsync(
                    "GET",
                    $"https://management.azure.com/subscriptions/{_azure.Azure.ForeignSubscriptionId}?api-version=2022-12-01"
                )
            ).Refusal
        );
    }

    [Fact]
    public async Task Nothing_that_was_recorded_holds_a_secret_and_failures_have_Azures_shape()
    {
        var token = (
            await _azure.SignInAsync(
                _azure.Azure.TenantId,
                _azure.Azure.Admin.ClientId,
                _azure.Azure.Admin.Secret,
                "https://vault.azure.net/.default"
            )
        ).Text("access_token");
        await _azure.RawAsync(
            "GET",
            $"{_azure.Server.ManagedIdentityEndpoint}MSI/token?api-version=2019-08-01&resource=https://vault.azure.net",
            null,
            "",
            ("X-IDENTITY-HEADER", _azure.Azure.ManagedIdentity.Secret)
        );
        await _azure.RawAsync(
            "GET",
            $"{_azure.Vault}/keys?api-version=7.6",
            null,
            "",
            ("Authorization", "Bearer " + token)
        );
        _azure.Server.Faults.Add(
            new FaultRule
            {
                Service = "azure",
                Action = FaultAction.Status,
                Status = 429,
                RetryAfter = 3,
            }
        );
        var failure = await _azure.RawAsync("GET", $"{_azure.Vault}/keys?api-version=7.6");
        Assert.Equal("429 TooManyRequests", failure.Refusal);

        Assert.Equal(4, _azure.Server.Exchanges.Count);
        var text = string.Concat(
            _azure.Server.Exchanges.Select(e =>
                string.Concat(e.Request.Headers.Select(h => h.Value))
                + System.Text.Encoding.UTF8.GetString(e.Request.Body)
                + System.Text.Encoding.UTF8.GetString(e.Response!.Body)
            )
        );
        Assert.Contains("client_secret=(redacted)", text, StringComparison.Ordinal);
        Assert.All([token, _azure.Azure.Admin.Secret, _azure.Azure.ManagedIdentity.Secret, "eyJ"], secret =>
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal)
        );
        Assert.DoesNotContain(_azure.Azure.Admin.Secret, _azure.Azure.Admin.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_validator_finds_what_is_wrong()
    {
        Assert.SkipWhen(
            Repository.Spec("azure-keyvault-keys-2025-07-01.condensed.json") is null,
            "The specifications are not beside the project."
        );
        var validator = new AzureValidator(Repository.Spec("azure-keyvault-keys-2025-07-01.condensed.json")!);
        IReadOnlyList<string> Check(string method, string target, string request, int status, string response) =>
            validator.Check(method, target, request, status, response)!;
        Assert.Null(validator.Check("GET", "/nowhere", "", 200, "{}"));
        Assert.Empty(
            Check(
                "GET",
                "/keys/k/?api%2Dversion=7.6",
                "",
                200,
                """{"key":{"kid":"x","kty":"RSA"},"attributes":{"enabled":true}}"""
            )
        );
        Assert.Equal(["query parameter api-version is required"], Check("GET", "/keys/k", "", 200, "{}"));
        Assert.Equal(["no query parameter color"], Check("GET", "/keys/k?api-version=1&color=red", "", 200, "{}"));
        Assert.Equal(
            ["request: kty is required", "answer 200.key.kty: 'GOLD' is not in the enumeration"],
            Check("POST", "/keys/k/create?api-version=1", "{}", 200, """{"key":{"kty":"GOLD"}}""")
        );
        Assert.Equal(
            ["request.attributes.created is read-only", "answer 200: no member colour"],
            Check("PATCH", "/keys/k/v?api-version=1", """{"attributes":{"created":1}}""", 200, """{"colour":1}""")
        );
        Assert.Equal(
            ["request.value: no base64url", "no status 202"],
            Check("POST", "/keys/k/v/wrapkey?api-version=1", """{"alg":"RSA-OAEP-256","value":"a+b="}""", 202, "{}")
        );
        Assert.Equal(
            ["a body where none is specified", "answer 200.attributes.exp: no integer"],
            Check("POST", "/keys/k/rotate?api-version=1", "{}", 200, """{"attributes":{"exp":"soon"}}""")
        );
    }
}
