using System.Globalization;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;
using static CockroachCmek.Core.Tests.Sandbox.AzureTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Diagnostic settings, Log Analytics and the activity log for what happened in the sandbox.</summary>
public sealed class AzureLogTests : IAsyncDisposable
{
    private const string SettingVersion = "?api-version=2021-05-01-preview";
    private readonly AzureTestBed _azure = new();

    public async ValueTask DisposeAsync()
    {
        _azure.AssertConforms();
        await _azure.DisposeAsync();
    }

    [Fact]
    public async Task A_key_vault_logs_nothing_until_a_setting_sends_its_audit_log_somewhere()
    {
        await _azure.CreateKeyAsync("before");
        Assert.Empty((await SettingAsync("GET", "")).Items);
        Assert.Equal(400, (await SettingAsync("PUT", "/audit", Setting("AuditEvent", workspace: ""))).Status);
        Assert.Equal(400, (await SettingAsync("PUT", "/audit", Setting("Everything"))).Status);
        Assert.Equal(200, (await SettingAsync("PUT", "/policy", Setting("AzurePolicyEvaluationDetails"))).Status);
        await _azure.CreateKeyAsync("still-before");
        Assert.Equal(200, (await SettingAsync("PUT", "/audit", Setting("AuditEvent"))).Status);
        Assert.Equal("409 Conflict", (await SettingAsync("PUT", "/again", Setting("AuditEvent"))).Refusal);
        var kid = await _azure.CreateKeyAsync("after");

        Assert.Equal("400 SemanticError", (await AskAsync("AZKVAuditLogs")).Refusal);
        _azure.Advance(_azure.Sandbox.LogDelay);
        var row = Assert.Single(
            await RowsAsync("AZKVAuditLogs | where OperationName == 'KeyCreate' | project RequestUri, HttpStatusCode")
        );
        Assert.Equal(
            kid[..kid.LastIndexOf('/')].Replace(".net/", ".net:8443/") + "/create?api-version=2025-07-01",
            (string?)row[0]
        );
        Assert.Equal(200, (int)row[1]!);
        Assert.Equal(["AuditEvent"], Categories((await SettingAsync("GET", "/audit")).Body));
        Assert.Equal(200, (await SettingAsync("DELETE", "/audit")).Status);
        Assert.Equal(204, (await SettingAsync("DELETE", "/audit")).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_use_by_CockroachDB_is_logged_with_its_application_and_a_request_without_a_token(
        bool isDedicated
    )
    {
        var cluster = _azure.Server.Cloud.Clusters.Single(c => c.Name == "azure-in");
        _azure.Sandbox.LogKeyVault(isDedicated: isDedicated);
        var uri = _azure.Sandbox.SeedKey("azure-in", cluster.Id).Uri;
        var user = new AzureKeyUser(_azure.Sandbox);
        var request = new KeyUseRequest(uri, _azure.Sandbox.TenantId, "o", cluster.Id, "a", "centralindia");
        var wrapped = user.Wrap(request, [1, 2]).Bytes!;
        user.Unwrap(request, wrapped);
        await _azure.SendAsync("PATCH", uri + ApiVersion, """{"attributes":{"enabled":false}}""");
        user.Unwrap(request, wrapped);
        _azure.Advance(_azure.Sandbox.LogDelay);

        var app = isDedicated ? "tostring(Identity.claim.appid)" : "identity_claim_appid_g";
        var status = isDedicated ? "HttpStatusCode" : "httpStatusCode_d";
        var address = isDedicated ? "RequestUri" : "requestUri_s";
        var rows = await RowsAsync(
            $"""
            {(isDedicated ? "AZKVAuditLogs" : "AzureDiagnostics | where Category == \"AuditEvent\"")}
            | where TimeGenerated > ago(30d) and _ResourceId =~ "{_azure.KeyVaultId()}"
            | extend App = {app}, Path = tostring(parse_url({address}).Path)
            | where Path has "/keys/crdb-cmek-azure-in"
            | summarize Last = maxif(TimeGenerated, {status} < 300), Uses = countif({status} < 300),
                Refused = countif({status} in (401, 403) and OperationName != "Authentication") by App, OperationName
            | order by OperationName asc
            """
        );
        Assert.Equal(
            ["Authentication::0:0", $"KeyUnwrap:{cluster.AzureApplicationId}:1:1", "KeyUpdate:admin:1:0"],
            rows.Where(r => (string?)r[1] != "KeyWrap")
                .Select(r => $"{r[1]}:{r[0]}:{r[3]}:{r[4]}".Replace(_azure.Sandbox.Admin.ClientId, "admin"))
        );
        Assert.Equal(
            _azure.Server.Clock.UtcNow - _azure.Sandbox.LogDelay,
            DateTimeOffset.Parse((string)rows[1][2]!, CultureInfo.InvariantCulture)
        );
    }

    [Fact]
    public async Task A_column_that_was_never_ingested_is_a_semantic_error_unless_it_is_asked_for()
    {
        var refused = await AskAsync("AzureDiagnostics | where httpStatusCode_d == 403");
        Assert.Equal("400 SemanticError", refused.Refusal);
        Assert.Contains(
            "'httpStatusCode_d'",
            refused.Text("error", "innererror", "innererror", "message"),
            StringComparison.Ordinal
        );
        Assert.Empty(await RowsAsync("AzureDiagnostics | where column_ifexists('httpStatusCode_d', 0.0) == 403"));
    }

    [Fact]
    public async Task What_it_does_not_know_is_refused()
    {
        string[] queries =
        [
            "AzureDiagnostics | render timechart",
            "AzureDiagnostics | join kind=inner (AzureDiagnostics) on TenantId",
            "let x = 1; AzureDiagnostics",
            "AzureDiagnostics | where",
            "AzureDiagnostics | where TimeGenerated > 'x'",
            "AzureDiagnostics | where OperationName",
            "AzureDiagnostics | where ago(5) > TimeGenerated",
            "AzureDiagnostics | summarize sum(DurationMs)",
            "AzureDiagnostics | where OperationName == \"unfinished",
            "StorageBlobLogs",
        ];
        foreach (var query in queries)
            Assert.True((await AskAsync(query)).Status == 400, query);
    }

    [Fact]
    public async Task Entries_are_kept_as_long_as_the_workspace_says()
    {
        _azure.Sandbox.LogKeyVault();
        await _azure.CreateKeyAsync("old");
        _azure.Advance(TimeSpan.FromDays(29));
        Assert.NotEmpty(await RowsAsync("AZKVAuditLogs"));
        Assert.Empty(await RowsAsync("AZKVAuditLogs", "P7D"));
        _azure.Advance(TimeSpan.FromDays(2));
        Assert.Empty(await RowsAsync("AZKVAuditLogs"));
    }

    [Fact]
    public async Task A_query_needs_the_right_to_read_the_workspace_and_not_too_many_others_beside_it()
    {
        var reader = _azure.Sandbox.AddPrincipal("reader", AzureRights.None);
        Assert.Equal("403 InsufficientAccessError", (await AskAsync("AzureDiagnostics", caller: reader)).Refusal);
        _azure.Sandbox.Assign(reader, "Log Analytics Reader", _azure.Sandbox.WorkspaceId);
        Assert.Equal(200, (await AskAsync("AzureDiagnostics", caller: reader)).Status);
        for (var i = 1; i < 200; i++)
            await AskAsync("AzureDiagnostics | take 1", caller: reader);
        Assert.Equal("429 ThrottledError", (await AskAsync("AzureDiagnostics", caller: reader)).Refusal);
        _azure.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(200, (await AskAsync("AzureDiagnostics", caller: reader)).Status);
    }

    [Fact]
    public async Task A_partial_result_has_status_200_and_an_error_in_its_body()
    {
        _azure.Sandbox.LogKeyVault();
        await _azure.CreateKeyAsync("one");
        await _azure.CreateKeyAsync("two");
        _azure.Advance(TimeSpan.FromMinutes(5));
        _azure.Sandbox.QueriesArePartial = true;
        var partial = await AskAsync("AZKVAuditLogs | where OperationName == 'KeyCreate'");
        Assert.Equal((200, "PartialError"), (partial.Status, partial.Error));
        Assert.Single(partial.Body["tables"]![0]!["rows"]!.AsArray());
    }

    [Fact]
    public async Task The_activity_log_has_the_writes_of_Resource_Manager_and_who_made_them()
    {
        var principal = await _azure.CreateClusterPrincipalAsync();
        var assignment = (await _azure.AssignRoleAsync(EncryptionUserRole, principal)).Text("id");
        await _azure.SendAsync("DELETE", $"{Arm}{assignment}?api-version=2022-04-01");
        await SettingAsync("PUT", "/audit", Setting("AuditEvent"));
        var stranger = _azure.Sandbox.AddPrincipal("stranger", AzureRights.None);
        Assert.Equal(403, (await _azure.AssignRoleAsync(OwnerRole, principal, caller: stranger)).Status);

        var events = await EventsAsync($"and resourceGroupName eq '{_azure.Sandbox.ResourceGroup}'");
        Assert.Equal(
            [
                "roleAssignments/write Failed",
                "diagnosticSettings/write Succeeded",
                "roleAssignments/delete Succeeded",
                "roleAssignments/write Succeeded",
            ],
            events
                .Where(e => (string?)e["status"]!["value"] != "Started")
                .Select(e => $"{((string)e["operationName"]!["value"]!).Split('/', 2)[1]} {e["status"]!["value"]}")
        );
        Assert.Equal(_azure.Sandbox.Admin.ObjectId, (string?)events[^1]["caller"]);
        Assert.Contains(principal, (string)events[^2]["properties"]!["responseBody"]!, StringComparison.Ordinal);
        Assert.Empty(await EventsAsync("and resourceProvider eq 'Microsoft.Sql'"));
        Assert.Equal(400, (await ActivitiesAsync(91, "")).Status);
        Assert.Equal(400, (await ActivitiesAsync(1, "and caller eq 'me'")).Status);
    }

    [Fact]
    public async Task The_log_is_part_of_a_snapshot()
    {
        _azure.Sandbox.LogKeyVault();
        await _azure.CreateKeyAsync("cmek");
        _azure.Advance(TimeSpan.FromMinutes(5));
        var saved = _azure.Server.Save();
        await _azure.CreateKeyAsync("later");
        _azure.Advance(TimeSpan.FromMinutes(5));
        _azure.Server.Load(saved);
        Assert.Single(await RowsAsync("AZKVAuditLogs | where OperationName == 'KeyCreate'"));
    }

    private Task<TestResponse> SettingAsync(string method, string name, string? body = null) =>
        _azure.SendAsync(
            method,
            $"{Arm}{_azure.KeyVaultId()}/providers/Microsoft.Insights/diagnosticSettings{name}{SettingVersion}",
            body
        );

    private string Setting(string category, string? workspace = null) =>
        $$$"""
            {"properties":{"workspaceId":"{{{workspace ?? _azure.Sandbox.WorkspaceId}}}",
             "logAnalyticsDestinationType":"Dedicated","logs":[{"category":"{{{category}}}","enabled":true}]}}
            """;

    private static IEnumerable<string?> Categories(JsonObject setting) =>
        setting["properties"]!["logs"]!.AsArray().Select(l => (string?)l!["category"]);

    private async Task<TestResponse> AskAsync(string query, string? timespan = null, AzurePrincipal? caller = null)
    {
        var workspace = await _azure.SendAsync("GET", $"{Arm}{_azure.Sandbox.WorkspaceId}?api-version=2023-09-01");
        var body = new JsonObject { ["query"] = query };
        if (timespan is not null)
            body["timespan"] = timespan;
        return await _azure.SendAsync(
            "POST",
            $"https://api.loganalytics.azure.com/v1/workspaces/{workspace.Text("properties", "customerId")}/query",
            body.ToJsonString(),
            caller
        );
    }

    private async Task<List<JsonArray>> RowsAsync(string query, string? timespan = null)
    {
        var response = await AskAsync(query, timespan);
        Assert.True(response.Status == 200, response.Body.ToJsonString());
        return [.. response.Body["tables"]![0]!["rows"]!.AsArray().Select(r => r!.AsArray())];
    }

    private Task<TestResponse> ActivitiesAsync(int days, string filter)
    {
        var from = _azure.Server.Clock.UtcNow.AddDays(-days).ToString("O", CultureInfo.InvariantCulture);
        return _azure.SendAsync(
            "GET",
            $"{_azure.Subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01"
                + $"&$filter={Uri.EscapeDataString($"eventTimestamp ge '{from}' {filter}")}"
        );
    }

    private async Task<List<JsonObject>> EventsAsync(string filter) =>
        [.. (await ActivitiesAsync(1, filter)).Items.Select(e => e!.AsObject())];
}
