using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Cloud Logging of the sandbox has the audit logs of what happened in Cloud KMS and IAM.</summary>
public sealed class GcpLogTests : IAsyncDisposable
{
    private const string Email = "cmek-user@sandbox-customer.iam.gserviceaccount.com";
    private const string Account = Project + "/serviceAccounts/" + Email;
    private const string Uses =
        """log_id("cloudaudit.googleapis.com/data_access") protoPayload.serviceName="cloudkms.googleapis.com" """;
    private const string Changes = """log_id("cloudaudit.googleapis.com/activity")""";
    private static readonly byte[] StoreKey = new byte[32];
    private readonly GcpTestBed _gcp = new();
    private readonly GcpKeyUser _user;
    private readonly KeyUseRequest _request = new(
        Key["v1/".Length..],
        Email,
        "org",
        ClusterId,
        "crl-sandbox",
        "europe-west1"
    );

    public GcpLogTests() => _user = new GcpKeyUser(_gcp.Sandbox, _gcp.Server.Clock);

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Fact]
    public async Task Changes_are_always_logged_and_uses_only_where_the_audit_configuration_says_so()
    {
        await GrantAsync();
        Assert.Null(_user.Wrap(_request, StoreKey).Refusal);
        _gcp.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(await ListAsync(Uses));
        Assert.Equal(
            ["CreateKeyRing", "CreateCryptoKey", "SetIamPolicy"],
            (await ListAsync(Changes + " protoPayload.serviceName=cloudkms.googleapis.com")).Select(Method).TakeLast(3)
        );

        await SetAuditsAsync("""[{"service":"allServices","auditLogConfigs":[{"logType":"DATA_READ"}]}]""");
        Assert.Null(_user.Wrap(_request, StoreKey).Refusal);
        Assert.Empty(await ListAsync(Uses));
        _gcp.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("Encrypt", Method(Assert.Single(await ListAsync(Uses))));
        var change = (await ListAsync(Changes + " protoPayload.serviceData.policyDelta.auditConfigDeltas.action=ADD"))[
            0
        ];
        Assert.Equal("cloudresourcemanager.googleapis.com", (string)change["protoPayload"]!["serviceName"]!);
    }

    [Fact]
    public async Task An_exempted_account_is_not_logged_unless_a_level_above_logs_it()
    {
        await GrantAsync();
        _gcp.Sandbox.LogDataAccess("cloudkms.googleapis.com", exempted: "serviceAccount:" + Email);
        _gcp.Sandbox.LogDataAccess("allServices");
        Assert.Null(_user.Wrap(_request, StoreKey).Refusal);
        _gcp.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(await ListAsync(Uses));
        _gcp.Sandbox.LogDataAccess("cloudkms.googleapis.com", GcpHierarchy.Organization);
        Assert.Null(_user.Wrap(_request, StoreKey).Refusal);
        _gcp.Advance(TimeSpan.FromMinutes(1));
        Assert.Single(await ListAsync(Uses));
    }

    [Fact]
    public async Task A_refused_use_has_a_code_the_impersonating_account_and_sometimes_the_number_of_the_project()
    {
        await GrantAsync();
        _gcp.Sandbox.LogDataAccess("allServices");
        var wrapped = _user.Wrap(_request, StoreKey).Bytes!;
        await _gcp.OkAsync("POST", Key + ":setIamPolicy", """{"policy":{}}""");
        _gcp.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 4; i++)
            Assert.NotNull(_user.Unwrap(_request, wrapped).Refusal);
        await _gcp.OkAsync("POST", Account + ":disable", "{}");
        Assert.NotNull(_user.Unwrap(_request, wrapped).Refusal);
        _gcp.Advance(TimeSpan.FromMinutes(1));

        var refused = await ListAsync(Uses + "protoPayload.status.code=7");
        Assert.Equal(["Decrypt", "Decrypt", "Decrypt", "Decrypt"], refused.Select(Method));
        var authentication = refused[0]["protoPayload"]!["authenticationInfo"]!;
        Assert.Equal(Email, (string)authentication["principalEmail"]!);
        Assert.Equal(
            ClusterAccount,
            (string)authentication["serviceAccountDelegationInfo"]![0]!["firstPartyPrincipal"]!["principalEmail"]!
        );
        Assert.Equal(
            2,
            refused.Select(e => ((string)e["protoPayload"]!["resourceName"]!).Split('/')[1]).Distinct().Count()
        );
        var tokens = await ListAsync($"protoPayload.methodName=GenerateAccessToken resource.labels.email_id={Email}");
        Assert.Equal([0, 0, 0, 0, 0, 9], tokens.Select(t => (int?)t["protoPayload"]!["status"]!["code"] ?? 0));
        var disabled = Assert.Single(await ListAsync(Changes + " protoPayload.methodName:DisableServiceAccount"));
        Assert.Equal(Email, (string)disabled["resource"]!["labels"]!["email_id"]!);
    }

    [Fact]
    public async Task A_page_may_be_empty_and_its_token_belongs_to_the_query()
    {
        await GrantAsync();
        _gcp.Sandbox.LogSearchLimit = 2;
        var (pages, empty, found, token) = (0, 0, 0, (string?)null);
        do
        {
            var page = await PageAsync(Changes + " protoPayload.methodName=CreateKeyRing", token);
            var entries = page["entries"] as JsonArray ?? [];
            (pages, found, token) = (pages + 1, found + entries.Count, (string?)page["nextPageToken"]);
            empty += entries.Count == 0 ? 1 : 0;
            if (token is not null && pages == 1)
                Assert.Equal(400, (await SendAsync(Changes, token)).Status);
        } while (token is not null);
        Assert.Equal(1, found);
        Assert.InRange(empty, 2, pages - 1);
    }

    [Fact]
    public async Task More_than_sixty_lists_in_a_minute_are_refused()
    {
        for (var i = 0; i < 60; i++)
            await PageAsync("severity>=ERROR");
        Assert.Equal(429, (await SendAsync("severity>=ERROR")).Status);
        _gcp.Advance(TimeSpan.FromMinutes(1));
        await PageAsync("severity>=ERROR");
    }

    [Fact]
    public async Task Data_access_entries_need_a_permission_of_their_own_and_are_left_out_without_it()
    {
        await GrantAsync();
        _gcp.Sandbox.LogDataAccess("cloudkms.googleapis.com");
        Assert.Null(_user.Wrap(_request, StoreKey).Refusal);
        _gcp.Advance(TimeSpan.FromMinutes(1));
        var viewer = _gcp.Sandbox.AddPrincipal("viewer@example.com", "logging.logEntries.list");
        Assert.Empty(Entries((await SendAsync(Uses, accessToken: viewer)).Body));
        Assert.NotEmpty(Entries((await SendAsync(Changes, accessToken: viewer)).Body));
        var stranger = _gcp.Sandbox.AddPrincipal("stranger@example.com");
        Assert.Equal(403, (await SendAsync(Changes, accessToken: stranger)).Status);
    }

    [Fact]
    public async Task Uses_are_kept_as_long_as_the_bucket_says_and_changes_for_400_days()
    {
        await GrantAsync();
        _gcp.Sandbox.LogDataAccess("cloudkms.googleapis.com");
        Assert.Null(_user.Wrap(_request, StoreKey).Refusal);
        _gcp.Advance(TimeSpan.FromDays(31));
        Assert.Empty(await ListAsync(Uses));
        Assert.NotEmpty(await ListAsync(Changes + " protoPayload.methodName=CreateCryptoKey"));
        const string Bucket = "v2/projects/sandbox-customer/locations/global/buckets/_Default";
        Assert.Equal(30, (int)(await _gcp.OkAsync("GET", Bucket))["retentionDays"]!);
        await _gcp.OkAsync("PATCH", Bucket + "?updateMask=retentionDays", """{"retentionDays":365}""");
        var snapshot = _gcp.Server.Save();
        _gcp.Server.Load(snapshot);
        Assert.NotEmpty(await ListAsync(Uses));
        _gcp.Advance(TimeSpan.FromDays(380));
        Assert.Empty(await ListAsync(Changes + " protoPayload.methodName=CreateCryptoKey"));
    }

    [Theory]
    [InlineData("severity = (WARNING OR notice)", 1)]
    [InlineData("severity=ERROR OR severity=NOTICE AND protoPayload.methodName=decrypt", 0)]
    [InlineData("(severity=NOTICE OR severity=ERROR) protoPayload.methodName:\"keyring\"", 1)]
    [InlineData("NOT severity=ERROR AND -insertId=\"x\"", 1)]
    [InlineData("protoPayload.resourceName:\"/KEYRINGS/ring\" -- the ring\n", 1)]
    [InlineData("protoPayload.methodName=~\"^Create(KeyRing|CryptoKey)$\"", 1)]
    [InlineData("protoPayload.methodName!=CreateKeyRing", 0)]
    [InlineData("timestamp>=\"2020-01-01T00:00:00Z\" timestamp<2090-01-01T00:00:00Z", 1)]
    [InlineData("protoPayload.status.code:*", 0)]
    [InlineData("resource.labels.location:(\"europe\" \"west\")", 1)]
    [InlineData("protoPayload.methodName=(NOT Encrypt)", 1)]
    [InlineData("sandbox-admin", 1)]
    public async Task The_query_language_is_understood(string filter, int count)
    {
        await _gcp.OkAsync("POST", Location + "/keyRings?keyRingId=ring", "{}");
        _gcp.Advance(TimeSpan.FromMinutes(1));
        var ring =
            $"protoPayload.resourceName=(\"{Ring["v1/".Length..]}\" OR \"{GcpHierarchy.WithNumber(Ring["v1/".Length..])}\")";
        Assert.Equal(count, (await ListAsync($"{ring} AND ({filter})")).Count);
    }

    [Theory]
    [InlineData("severity=")]
    [InlineData("(severity=ERROR")]
    [InlineData("sverity=ERROR")]
    [InlineData("AND severity=ERROR")]
    [InlineData("timestamp>=\"yesterday\"")]
    public async Task A_malformed_filter_is_refused(string filter) =>
        Assert.Equal(400, (await SendAsync(filter)).Status);

    private static string Method(JsonObject entry) => (string)entry["protoPayload"]!["methodName"]!;

    /// <summary>Creates the key and the account and grants both roles, in effect.</summary>
    private async Task GrantAsync()
    {
        await _gcp.CreateServiceAccountAsync("cmek-user");
        await _gcp.BindAsync(Account, TokenCreator, "serviceAccount:" + ClusterAccount);
        await _gcp.CreateKeyAsync();
        await _gcp.BindAsync(Key, EncrypterDecrypter, "serviceAccount:" + Email);
        _gcp.Advance(TimeSpan.FromMinutes(1));
    }

    private async Task SetAuditsAsync(string configs)
    {
        await _gcp.OkAsync(
            "POST",
            "v3/projects/sandbox-customer:setIamPolicy",
            $$"""{"policy":{"auditConfigs":{{configs}}},"updateMask":"auditConfigs"}"""
        );
        Assert.Contains(
            "DATA_READ",
            (await _gcp.OkAsync("POST", "v3/projects/sandbox-customer:getIamPolicy", "{}")).ToJsonString(),
            StringComparison.Ordinal
        );
        _gcp.Advance(TimeSpan.FromMinutes(1));
    }

    private async Task<IReadOnlyList<JsonObject>> ListAsync(string filter) => Entries(await PageAsync(filter));

    private static List<JsonObject> Entries(JsonObject page) =>
        [.. (page["entries"] as JsonArray ?? []).OfType<JsonObject>()];

    private async Task<JsonObject> PageAsync(string filter, string? token = null)
    {
        var response = await SendAsync(filter, token);
        Assert.True(response.Status == 200, response.Body.ToJsonString());
        return response.Body;
    }

    private Task<TestResponse> SendAsync(string filter, string? token = null, string? accessToken = null)
    {
        var body = new JsonObject
        {
            ["resourceNames"] = new JsonArray("projects/200000000002"),
            ["filter"] = filter,
            ["pageSize"] = 1000,
        };
        if (token is not null)
            body["pageToken"] = token;
        return _gcp.SendAsync("POST", "v2/entries:list", body.ToJsonString(), accessToken);
    }
}
