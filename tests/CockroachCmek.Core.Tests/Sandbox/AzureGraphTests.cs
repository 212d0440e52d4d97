using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Microsoft Graph: service principals, delegated permission grants and admin consent.</summary>
public sealed class AzureGraphTests : IAsyncDisposable
{
    private readonly AzureTestBed _azure = new();

    public ValueTask DisposeAsync() => _azure.DisposeAsync();

    private string ByApplication => $"{Graph}servicePrincipals(appId='{_azure.ClusterApplication}')";

    [Fact]
    public async Task A_cluster_application_gets_one_service_principal()
    {
        var application = _azure.ClusterApplication;
        var body = $$"""{"appId":"{{application}}"}""";
        var filtered = $"{Graph}servicePrincipals?$filter=appId%20eq%20'{application}'";
        Assert.Empty((await _azure.SendAsync("GET", filtered)).Items);
        Assert.Equal("404 Request_ResourceNotFound", (await _azure.SendAsync("GET", ByApplication)).Refusal);

        var created = await _azure.SendAsync("POST", Graph + "servicePrincipals", body);
        var id = created.Text("id");
        Assert.Equal(201, created.Status);
        Assert.StartsWith("CockroachDB Cloud - ", created.Text("displayName"), StringComparison.Ordinal);
        Assert.NotEqual(application, id);
        Assert.Equal(
            "409 Request_MultipleObjectsWithSameKeyValue",
            (await _azure.SendAsync("POST", Graph + "servicePrincipals", body)).Refusal
        );
        var unknown = $$"""{"appId":"{{Guid.NewGuid()}}"}""";
        Assert.Equal(
            "400 Request_BadRequest",
            (await _azure.SendAsync("POST", Graph + "servicePrincipals", unknown)).Refusal
        );
        var found = await _azure.SendAsync(
            "GET",
            $"{Graph}servicePrincipals?$filter=appId eq '{application}'&$select=id,appId"
        );
        Assert.Equal($$"""{"id":"{{id}}","appId":"{{application}}"}""", Assert.Single(found.Items)!.ToJsonString());

        Assert.Equal(204, (await _azure.SendAsync("DELETE", $"{Graph}servicePrincipals/{id}")).Status);
        Assert.Equal(
            "404 Request_ResourceNotFound",
            (await _azure.SendAsync("GET", $"{Graph}servicePrincipals/{id}")).Refusal
        );
    }

    [Fact]
    public async Task An_upsert_creates_a_service_principal_once()
    {
        var token = await _azure.TokenAsync(_azure.Sandbox.Admin, Graph);
        Task<TestResponse> UpsertAsync(params (string, string)[] headers) =>
            _azure.SendRawAsync("PATCH", ByApplication, "{}", [Bearer(token), .. headers]);
        Assert.Equal("404 Request_ResourceNotFound", (await UpsertAsync()).Refusal);
        Assert.Equal(201, (await UpsertAsync(("Prefer", "create-if-missing"))).Status);
        Assert.Equal(204, (await UpsertAsync(("Prefer", "create-if-missing"))).Status);
    }

    [Fact]
    public async Task Consent_in_a_browser_creates_the_service_principal_and_its_grant()
    {
        var consent = $"https://login.microsoftonline.com/{_azure.Sandbox.TenantId}/adminconsent?client_id=";
        Assert.Equal(200, (await _azure.SendRawAsync("GET", consent + _azure.ClusterApplication)).Status);
        var principal = (await _azure.SendAsync("GET", ByApplication)).Text("id");
        var grants = await _azure.SendAsync("GET", $"{Graph}oauth2PermissionGrants?$filter=clientId eq '{principal}'");
        Assert.Equal("User.Read", Assert.Single(grants.Items)!["scope"]!.ToString());
        Assert.Equal(400, (await _azure.SendRawAsync("GET", consent + Guid.NewGuid())).Status);
    }

    [Fact]
    public async Task A_permission_can_be_granted_without_a_browser_but_not_twice()
    {
        var principal = await _azure.CreateClusterPrincipalAsync();
        var graph = (
            await _azure.SendAsync("GET", $"{Graph}servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")
        ).Text("id");
        var body = $$"""
            {"clientId":"{{principal}}","consentType":"AllPrincipals","resourceId":"{{graph}}","scope":"User.Read"}
            """;
        Assert.Equal(201, (await _azure.SendAsync("POST", Graph + "oauth2PermissionGrants", body)).Status);
        Assert.Equal(
            "409 Request_MultipleObjectsWithSameKeyValue",
            (await _azure.SendAsync("POST", Graph + "oauth2PermissionGrants", body)).Refusal
        );
    }
}
