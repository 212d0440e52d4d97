using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Gcp;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Deny policies of IAM v2, and what Policy Troubleshooter tells about them and about grants.</summary>
public sealed class GcpDenyPolicyTests : IAsyncDisposable
{
    private const string Email = "cmek-user@sandbox-customer.iam.gserviceaccount.com";
    private const string Decrypt = "cloudkms.cryptoKeyVersions.useToDecrypt";
    private const string Identifier = "principal://iam.googleapis.com/projects/-/serviceAccounts/" + Email;
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Theory]
    [InlineData(
        "projects/sandbox-customer",
        Identifier,
        "",
        "cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt",
        true
    )]
    [InlineData("projects/200000000002", Identifier, "", "cloudkms.googleapis.com/cryptoKeyVersions.*", true)]
    [InlineData(GcpHierarchy.Folder, "principalSet://goog/public:all", "", "cloudkms.googleapis.com/*.*", true)]
    [InlineData(
        GcpHierarchy.Organization,
        "principalSet://goog/group/team@example.com",
        "",
        "cloudkms.googleapis.com/*.useToDecrypt",
        true
    )]
    [InlineData(
        GcpHierarchy.Organization,
        "principalSet://goog/public:all",
        Identifier,
        "cloudkms.googleapis.com/*.*",
        false
    )]
    [InlineData(
        GcpHierarchy.Organization,
        Identifier,
        "",
        "cloudkms.googleapis.com/cryptoKeyVersions.useToEncrypt",
        false
    )]
    [InlineData("projects/no-kms-project", "principalSet://goog/public:all", "", "cloudkms.googleapis.com/*.*", false)]
    public async Task A_deny_policy_takes_a_granted_permission_once_it_is_in_effect(
        string place,
        string principal,
        string exception,
        string permission,
        bool isDenied
    )
    {
        await GrantAsync();
        _gcp.Sandbox.SetGroup("team@example.com", "serviceAccount:" + Email);
        await _gcp.OkAsync("POST", DenyPolicies(place) + "?policyId=no-use", Rule(principal, permission, exception));
        Assert.True(IsGranted());
        _gcp.Advance(_gcp.Sandbox.PropagationDelay);
        Assert.Equal(!isDenied, IsGranted());
    }

    [Fact]
    public async Task A_list_omits_the_rules_and_names_have_the_projects_number()
    {
        var path = DenyPolicies("projects/sandbox-customer");
        var created = await _gcp.OkAsync(
            "POST",
            path + "?policyId=no-use",
            Rule(Identifier, "cloudkms.googleapis.com/*.*")
        );
        Assert.Null(created["done"]);
        var finished = await _gcp.OkAsync("GET", "v2/" + (string)created["name"]!);
        Assert.True((bool)finished["done"]!);

        var listed = (await _gcp.OkAsync("GET", path))["policies"]!.AsArray().Single()!;
        Assert.Null(listed["rules"]);
        Assert.Contains("projects%2F200000000002", (string)listed["name"]!, StringComparison.Ordinal);
        var read = await _gcp.OkAsync("GET", "v2/" + (string)listed["name"]!);
        Assert.Equal(Identifier, (string)read["rules"]![0]!["denyRule"]!["deniedPrincipals"]![0]!);

        var etag = Uri.EscapeDataString((string)read["etag"]!);
        Assert.Equal("409 ABORTED", (await _gcp.SendAsync("DELETE", path + "/no-use?etag=QUJD")).Refusal);
        await _gcp.OkAsync("DELETE", $"{path}/no-use?etag={etag}");
        Assert.Null((await _gcp.OkAsync("GET", path))["policies"]);
    }

    [Theory]
    [InlineData("serviceAccount:" + Email, "cloudkms.googleapis.com/*.*")]
    [InlineData(Identifier, Decrypt)]
    public async Task A_rule_in_the_form_of_a_binding_is_refused(string principal, string permission)
    {
        var path = DenyPolicies("projects/sandbox-customer") + "?policyId=no-use";
        Assert.Equal("INVALID_ARGUMENT", (await _gcp.SendAsync("POST", path, Rule(principal, permission))).Error);
    }

    [Theory]
    [InlineData("iam.denypolicies.list", "")]
    [InlineData("iam.denypolicies.get", "/no-use")]
    public async Task Reading_needs_a_permission(string permission, string path)
    {
        var weak = _gcp.Sandbox.AddPrincipalWithout("weak@example.com", permission);
        var response = await _gcp.SendAsync("GET", DenyPolicies(GcpHierarchy.Organization) + path, token: weak);
        Assert.Equal("403 PERMISSION_DENIED", response.Refusal);
        Assert.Contains(permission, response.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_Troubleshooter_is_an_API_of_its_own_that_must_be_enabled()
    {
        var response = await TroubleshootAsync();
        Assert.Equal(403, response.Status);
        Assert.Equal("SERVICE_DISABLED", (string)response.Body["error"]!["details"]![0]!["reason"]!);
    }

    [Fact]
    public async Task Policy_Troubleshooter_tells_who_can_access()
    {
        _gcp.Sandbox.EnableService("policytroubleshooter.googleapis.com");
        await _gcp.CreateKeyAsync();
        await _gcp.CreateServiceAccountAsync("cmek-user");
        Assert.Equal("CANNOT_ACCESS", await StateAsync());
        await _gcp.BindAsync(Project, EncrypterDecrypter, "serviceAccount:" + Email);
        Assert.Equal("CAN_ACCESS", await StateAsync());
        await _gcp.OkAsync(
            "POST",
            DenyPolicies(GcpHierarchy.Folder) + "?policyId=no-use",
            Rule("principalSet://goog/public:all", "cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt")
        );
        Assert.Equal("CANNOT_ACCESS", await StateAsync());
    }

    [Theory]
    [InlineData("cloudkms.cryptoKeys.getIamPolicy")]
    [InlineData("cloudkms.keyRings.getIamPolicy")]
    [InlineData("resourcemanager.projects.getIamPolicy")]
    [InlineData("resourcemanager.folders.getIamPolicy")]
    [InlineData("resourcemanager.organizations.getIamPolicy")]
    [InlineData("iam.denypolicies.list")]
    [InlineData("iam.denypolicies.get")]
    public async Task Policy_Troubleshooter_tells_no_more_than_its_caller_may_read(string permission)
    {
        _gcp.Sandbox.EnableService("policytroubleshooter.googleapis.com");
        await _gcp.CreateKeyAsync();
        await _gcp.CreateServiceAccountAsync("cmek-user");
        if (permission.StartsWith("iam.", StringComparison.Ordinal))
            await _gcp.BindAsync(Key, EncrypterDecrypter, "serviceAccount:" + Email);
        var weak = _gcp.Sandbox.AddPrincipalWithout("weak@example.com", permission);
        Assert.Equal("UNKNOWN_INFO", await StateAsync(weak));
    }

    [Fact]
    public async Task Groups_and_conditions_are_unknown_to_Policy_Troubleshooter()
    {
        _gcp.Sandbox.EnableService("policytroubleshooter.googleapis.com");
        await _gcp.CreateKeyAsync();
        await _gcp.CreateServiceAccountAsync("cmek-user");
        _gcp.Sandbox.SetGroup("team@example.com", "serviceAccount:" + Email);
        await _gcp.BindAsync(Key, EncrypterDecrypter, "group:team@example.com");
        Assert.Equal("UNKNOWN_INFO", await StateAsync());
        const string Condition = "'accessPolicies/1/accessLevels/corp' in request.auth.access_levels";
        var conditional = Policy(EncrypterDecrypter, "serviceAccount:" + Email, Condition, version: 3);
        await _gcp.OkAsync("POST", Key + ":setIamPolicy", conditional);
        Assert.Equal("UNKNOWN_CONDITIONAL", await StateAsync());
    }

    private async Task GrantAsync()
    {
        await _gcp.CreateKeyAsync();
        await _gcp.CreateServiceAccountAsync("cmek-user");
        await _gcp.BindAsync(Key, EncrypterDecrypter, "serviceAccount:" + Email);
        _gcp.Advance(_gcp.Sandbox.PropagationDelay);
    }

    private bool IsGranted() =>
        _gcp.Sandbox.Locked(context =>
            context
                .Access.Evaluator.Decide(
                    GcpPrincipal.Of(context.Accounts.Find(Email)!),
                    Decrypt,
                    Key["v1/".Length..],
                    effective: true
                )
                .IsGranted
        );

    private async Task<string> StateAsync(string? token = null) =>
        (await TroubleshootAsync(token)).Text("overallAccessState");

    private Task<TestResponse> TroubleshootAsync(string? token = null)
    {
        var tuple = new JsonObject
        {
            ["principal"] = Email,
            ["fullResourceName"] = "//cloudkms.googleapis.com/" + Key["v1/".Length..],
            ["permission"] = Decrypt,
        };
        var body = new JsonObject { ["accessTuple"] = tuple }.ToJsonString();
        return _gcp.SendAsync("POST", "v3/iam:troubleshoot", body, token);
    }

    private static string Rule(string principal, string permission, string exception = "")
    {
        var rule = new JsonObject
        {
            ["deniedPrincipals"] = new JsonArray(principal),
            ["deniedPermissions"] = new JsonArray(permission),
        };
        if (exception.Length > 0)
            rule["exceptionPrincipals"] = new JsonArray(exception);
        return new JsonObject { ["rules"] = new JsonArray(new JsonObject { ["denyRule"] = rule }) }.ToJsonString();
    }
}
