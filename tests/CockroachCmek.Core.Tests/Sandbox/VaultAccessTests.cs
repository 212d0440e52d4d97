using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Mounts, policies, tokens and namespaces of Vault.</summary>
public sealed class VaultAccessTests : IAsyncDisposable
{
    private const string Denied = "403 1 error occurred:\n\t* permission denied\n\n";
    private const string BadToken = "403 2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n";
    private const string KeymgmtMount = """{"type":"keymgmt"}""";
    private const string AesKey = """{"type":"aes256-gcm96"}""";
    private readonly VaultTestBed _vault = new();

    public ValueTask DisposeAsync() => _vault.DisposeAsync();

    [Fact]
    public async Task An_engine_is_mounted_once_and_listed()
    {
        await _vault.WriteAsync("sys/mounts/keymgmt", """{"type":"keymgmt","description":"CMEK"}""");
        foreach (var path in new[] { "sys/mounts/keymgmt", "sys/mounts/keymgmt/below" })
            Assert.Equal(
                "400 path is already in use at keymgmt/",
                (await _vault.SendAsync("POST", path, KeymgmtMount)).Refusal
            );
        var mounts = (await _vault.SendAsync("GET", "sys/mounts")).Body;
        Assert.Equal("keymgmt", (string)mounts["data"]!["keymgmt/"]!["type"]!);
        Assert.Equal("keymgmt", (string)mounts["keymgmt/"]!["type"]!);
        Assert.Equal("CMEK", (string)(await _vault.ReadAsync("sys/mounts/keymgmt"))["description"]!);

        await _vault.DeleteAsync("sys/mounts/keymgmt");
        Assert.Equal(
            "404 no handler for route \"keymgmt/key\". route entry not found.",
            (await _vault.SendAsync("LIST", "keymgmt/key")).Refusal
        );
        Assert.Equal(
            "400 No secret engine mount at keymgmt/",
            (await _vault.SendAsync("GET", "sys/mounts/keymgmt")).Refusal
        );
    }

    [Fact]
    public async Task The_Community_edition_has_neither_keymgmt_nor_namespaces()
    {
        _vault.Sandbox.OpenSource = true;
        Assert.Equal(
            "400 plugin not found in the catalog: keymgmt",
            (await _vault.SendAsync("POST", "sys/mounts/keymgmt", KeymgmtMount)).Refusal
        );
        await _vault.WriteAsync("sys/mounts/kv", """{"type":"kv"}""");
        Assert.Equal(200, (await _vault.SendAsync("GET", "sys/mounts", inNamespace: "nowhere")).Status);
        Assert.Equal("2.0.0", (await _vault.SendAsync("GET", "sys/health", token: "")).Text("version"));
    }

    [Fact]
    public async Task A_token_has_the_capabilities_of_its_most_specific_rule()
    {
        await _vault.MountAsync();
        await _vault.WriteAsync("keymgmt/key/there", AesKey);
        var token = AddToken();
        async Task<string> RefusalAsync(string method, string path, string? body = null) =>
            (await _vault.SendAsync(method, path, body, token)).Refusal;
        Assert.Equal(Denied, await RefusalAsync("POST", "sys/mounts/other", KeymgmtMount));
        Assert.Equal(Denied, await RefusalAsync("GET", "keymgmt/key/there"));
        Assert.Equal(Denied, await RefusalAsync("GET", "keymgmt/key/secret"));
        Assert.Equal(Denied, await RefusalAsync("POST", "keymgmt/key/there/rotate"));
        Assert.Equal("204 ", await RefusalAsync("POST", "keymgmt/key/there", """{"deletion_allowed":true}"""));
        Assert.Equal("204 ", await RefusalAsync("POST", "keymgmt/key/new", AesKey));
        Assert.Equal(Denied, await RefusalAsync("POST", "keymgmt/key/new", """{"deletion_allowed":true}"""));
        Assert.Equal("200 ", await RefusalAsync("LIST", "keymgmt/key"));
    }

    [Fact]
    public async Task A_token_can_ask_for_its_own_capabilities()
    {
        await _vault.MountAsync();
        var capabilities = await _vault.SendAsync(
            "POST",
            "sys/capabilities-self",
            """{"paths":["keymgmt/key/x","keymgmt/kms/x","keymgmt/key/secret","sys/mounts/keymgmt"]}""",
            AddToken()
        );
        Assert.Equal(
            """
            {"keymgmt/key/x":["create","read"],"keymgmt/kms/x":["list","read"],
            "keymgmt/key/secret":["deny"],"sys/mounts/keymgmt":["deny"]}
            """.ReplaceLineEndings(""),
            capabilities.Body["data"]!.ToJsonString()
        );
        var root = await _vault.SendAsync("POST", "sys/capabilities-self", """{"path":"any"}""");
        Assert.Equal("""["root"]""", root.Body["capabilities"]!.ToJsonString());
    }

    [Fact]
    public async Task An_expired_token_is_as_invalid_as_an_unknown_one()
    {
        var token = _vault.Sandbox.AddToken(TimeSpan.FromHours(1), null, new VaultRule("sys/mounts", "read"));
        Assert.Equal(200, (await _vault.SendAsync("GET", "sys/mounts", token: token)).Status);
        _vault.Advance(TimeSpan.FromMinutes(59));
        var self = (await _vault.SendAsync("GET", "auth/token/lookup-self", token: token)).Body["data"]!;
        Assert.InRange((int)self["ttl"]!, 1, 60);
        Assert.Equal(["default", "sandbox"], self["policies"]!.AsArray().Select(p => (string)p!));
        _vault.Advance(TimeSpan.FromMinutes(1));
        async Task<string> RefusalAsync(string path, string used) =>
            (await _vault.SendAsync("GET", path, token: used)).Refusal;
        Assert.Equal(BadToken, await RefusalAsync("sys/mounts", token));
        Assert.Equal(BadToken, await RefusalAsync("auth/token/lookup-self", token));
        Assert.Equal(BadToken, await RefusalAsync("sys/mounts", "made-up"));
        Assert.Equal("403 permission denied", await RefusalAsync("sys/mounts", ""));
    }

    [Fact]
    public async Task A_token_can_also_be_sent_as_a_bearer_token()
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Authorization", "Bearer " + _vault.Sandbox.RootToken);
        var self = new Uri(_vault.Server.VaultEndpoint, "v1/auth/token/lookup-self");
        using var response = await http.GetAsync(self);
        Assert.Equal(200, (await TestResponse.ReadAsync(response)).Status);
    }

    [Fact]
    public async Task A_namespace_has_its_own_mounts_and_its_tokens_reach_only_downwards()
    {
        _vault.Sandbox.AddNamespace("admin/team");
        await AssertStatusAsync(204, "POST", "sys/mounts/keymgmt", "admin", body: KeymgmtMount);
        await AssertStatusAsync(204, "POST", "keymgmt/key/k", "admin/", body: AesKey);
        await AssertStatusAsync(200, "GET", "admin/keymgmt/key/k");
        await AssertStatusAsync(404, "GET", "keymgmt/key/k");
        await AssertStatusAsync(404, "GET", "keymgmt/key/k", "admin/team");
        Assert.Equal(
            "404 namespace not found",
            (await _vault.SendAsync("GET", "keymgmt/key/k", inNamespace: "nowhere")).Refusal
        );

        var token = _vault.Sandbox.AddToken(
            null,
            "admin",
            new VaultRule("keymgmt/*", "read"),
            new VaultRule("team/sys/mounts", "read")
        );
        await AssertStatusAsync(200, "GET", "keymgmt/key/k", "admin", token);
        await AssertStatusAsync(200, "GET", "team/sys/mounts", "admin", token);
        await AssertStatusAsync(403, "GET", "keymgmt/key/k", null, token);
        await AssertStatusAsync(403, "GET", "keymgmt/key/k", "admin/team", token);
    }

    /// <summary>A token whose rules overlap.</summary>
    private string AddToken() =>
        _vault.Sandbox.AddToken(
            null,
            null,
            new VaultRule("keymgmt/*", "read", "list"),
            new VaultRule("keymgmt/key/+", "read", "create"),
            new VaultRule("keymgmt/key/there", "update"),
            new VaultRule("keymgmt/key/secret", "deny", "read")
        );

    private async Task AssertStatusAsync(
        int status,
        string method,
        string path,
        string? inNamespace = null,
        string? token = null,
        string? body = null
    )
    {
        var response = await _vault.SendAsync(method, path, body, token, inNamespace);
        Assert.True(response.Status == status, $"{method} {path} in {inNamespace}: {response.Refusal}");
    }
}
