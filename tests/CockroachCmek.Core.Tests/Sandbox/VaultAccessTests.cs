using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Who may do what in Vault and where, and a Vault that cannot serve.</summary>
public sealed class VaultAccessTests : IAsyncLifetime
{
    private const string Denied = "1 error occurred:\n\t* permission denied\n\n";
    private const string BadToken = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n";

    private readonly VaultCaller _vault = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _vault.DisposeAsync();

    [Fact]
    public async Task An_engine_is_mounted_once_and_listed()
    {
        await _vault.WriteAsync("sys/mounts/keymgmt", """{"type":"keymgmt","description":"CMEK"}""");
        Assert.Equal(
            (400, "path is already in use at keymgmt/"),
            await _vault.RefusalAsync("POST", "sys/mounts/keymgmt", """{"type":"keymgmt"}""")
        );
        Assert.Equal(
            (400, "path is already in use at keymgmt/"),
            await _vault.RefusalAsync("POST", "sys/mounts/keymgmt/below", """{"type":"keymgmt"}""")
        );
        var (_, mounts) = await _vault.SendAsync("GET", "sys/mounts");
        Assert.Equal("keymgmt", (string)mounts!["data"]!["keymgmt/"]!["type"]!);
        Assert.Equal("keymgmt", (string)mounts["keymgmt/"]!["type"]!);
        Assert.Equal("CMEK", (string)(await _vault.ReadAsync("sys/mounts/keymgmt"))["description"]!);
        Assert.Equal(204, (await _vault.SendAsync("DELETE", "sys/mounts/keymgmt")).Status);
        Assert.Equal(
            (404, "no handler for route \"keymgmt/key\". route entry not found."),
            await _vault.RefusalAsync("LIST", "keymgmt/key")
        );
        Assert.Equal(
            (400, "No secret engine mount at keymgmt/"),
            await _vault.RefusalAsync("GET", "sys/mounts/keymgmt")
        );
    }

    [Fact]
    public async Task The_Community_edition_knows_no_keymgmt_and_no_namespaces()
    {
        _vault.Server.Vault.OpenSource = true;
        Assert.Equal(
            (400, "plugin not found in the catalog: keymgmt"),
            await _vault.RefusalAsync("POST", "sys/mounts/keymgmt", """{"type":"keymgmt"}""")
        );
        await _vault.WriteAsync("sys/mounts/kv", """{"type":"kv"}""");
        Assert.Equal(200, (await _vault.SendAsync("GET", "sys/mounts", place: "nowhere")).Status);
        var (_, health) = await _vault.SendAsync("GET", "sys/health", token: "");
        Assert.Equal("2.0.0", (string)health!["version"]!);
    }

    [Theory]
    [InlineData(VaultState.Active, 200, false, 200, "")]
    [InlineData(VaultState.Sealed, 503, true, 503, "Vault is sealed")]
    [InlineData(VaultState.Standby, 429, false, 500, "local node not active but active cluster node not found")]
    [InlineData(VaultState.PerformanceStandby, 473, false, 200, "")]
    [InlineData(
        VaultState.DisasterRecoverySecondary,
        472,
        false,
        400,
        "path disabled in replication DR secondary mode"
    )]
    public async Task A_server_tells_how_it_is_and_serves_accordingly(
        VaultState state,
        int health,
        bool isSealed,
        int status,
        string sentence
    )
    {
        _vault.Server.Vault.State = state;
        var (code, body) = await _vault.SendAsync("GET", "sys/health", token: "");
        Assert.Equal((health, isSealed), (code, (bool)body!["sealed"]!));
        (code, body) = await _vault.SendAsync("GET", "sys/seal-status", token: "");
        Assert.Equal((200, isSealed), (code, (bool)body!["sealed"]!));
        Assert.Equal((status, sentence), await _vault.RefusalAsync("GET", "sys/mounts"));
        Assert.Equal(
            299,
            (
                await _vault.SendAsync(
                    "GET",
                    "sys/health?sealedcode=299&standbycode=299&activecode=299&drsecondarycode=299&performancestandbycode=299",
                    token: ""
                )
            ).Status
        );
    }

    [Fact]
    public async Task A_standby_that_knows_the_active_server_sends_clients_there()
    {
        _vault.Server.Vault.ActiveAddress = new Uri("http://127.0.0.1:8200/");
        _vault.Server.Vault.State = VaultState.Standby;
        Assert.Equal(307, (await _vault.SendAsync("POST", "keymgmt/key/k", "{}")).Status);
        Assert.Contains(_vault.Server.Exchanges[^1].Response!.Headers, h =>
            h.Key == "Location" && h.Value == "http://127.0.0.1:8200/v1/keymgmt/key/k"
        );
        Assert.Equal(200, (await _vault.SendAsync("GET", "sys/health?standbyok=true", token: "")).Status);
    }

    [Fact]
    public async Task A_token_may_do_what_its_policy_says_and_learns_what_that_is()
    {
        await _vault.WriteAsync("sys/mounts/keymgmt", """{"type":"keymgmt"}""");
        await _vault.WriteAsync("keymgmt/key/there", """{"type":"aes256-gcm96"}""");
        var token = _vault.Server.Vault.AddToken(
            null,
            null,
            new VaultRule("keymgmt/*", "read", "list"),
            new VaultRule("keymgmt/key/+", "read", "create"),
            new VaultRule("keymgmt/key/there", "update"),
            new VaultRule("keymgmt/key/secret", "deny", "read")
        );
        Assert.Equal(
            (403, Denied),
            await _vault.RefusalAsync("POST", "sys/mounts/other", """{"type":"keymgmt"}""", token)
        );
        Assert.Equal((403, Denied), await _vault.RefusalAsync("GET", "keymgmt/key/there", token: token));
        Assert.Equal((403, Denied), await _vault.RefusalAsync("GET", "keymgmt/key/secret", token: token));
        Assert.Equal((403, Denied), await _vault.RefusalAsync("POST", "keymgmt/key/there/rotate", token: token));
        Assert.Equal(
            204,
            (await _vault.SendAsync("POST", "keymgmt/key/there", """{"deletion_allowed":true}""", token)).Status
        );
        Assert.Equal(
            204,
            (await _vault.SendAsync("POST", "keymgmt/key/new", """{"type":"aes256-gcm96"}""", token)).Status
        );
        Assert.Equal(
            (403, Denied),
            await _vault.RefusalAsync("POST", "keymgmt/key/new", """{"deletion_allowed":true}""", token)
        );
        Assert.Equal(200, (await _vault.SendAsync("LIST", "keymgmt/key", token: token)).Status);

        var (_, said) = await _vault.SendAsync(
            "POST",
            "sys/capabilities-self",
            """{"paths":["keymgmt/key/x","keymgmt/kms/x","keymgmt/key/secret","sys/mounts/keymgmt"]}""",
            token
        );
        Assert.Equal(
            """{"keymgmt/key/x":["create","read"],"keymgmt/kms/x":["list","read"],"keymgmt/key/secret":["deny"],"sys/mounts/keymgmt":["deny"]}""",
            said!["data"]!.ToJsonString()
        );
        Assert.Equal(
            """["root"]""",
            (await _vault.SendAsync("POST", "sys/capabilities-self", """{"path":"any"}""")).Body![
                "capabilities"
            ]!.ToJsonString()
        );
    }

    [Fact]
    public async Task A_token_ends_with_its_time_and_an_unknown_one_never_began()
    {
        var token = _vault.Server.Vault.AddToken(TimeSpan.FromHours(1), null, new VaultRule("sys/mounts", "read"));
        Assert.Equal(200, (await _vault.SendAsync("GET", "sys/mounts", token: token)).Status);
        _vault.Pass(TimeSpan.FromMinutes(59));
        var (_, self) = await _vault.SendAsync("GET", "auth/token/lookup-self", token: token);
        Assert.InRange((int)self!["data"]!["ttl"]!, 1, 60);
        Assert.Equal(["default", "sandbox"], self["data"]!["policies"]!.AsArray().Select(p => (string)p!));
        _vault.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal((403, BadToken), await _vault.RefusalAsync("GET", "sys/mounts", token: token));
        Assert.Equal((403, BadToken), await _vault.RefusalAsync("GET", "auth/token/lookup-self", token: token));
        Assert.Equal((403, BadToken), await _vault.RefusalAsync("GET", "sys/mounts", token: "made-up"));
        Assert.Equal((403, "permission denied"), await _vault.RefusalAsync("GET", "sys/mounts", token: ""));
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Authorization", "Bearer " + _vault.Server.Vault.RootToken);
        Assert.NotNull(
            JsonNode.Parse(await http.GetStringAsync(new Uri(_vault.Server.VaultEndpoint, "v1/auth/token/lookup-self")))
        );
    }

    [Fact]
    public async Task Namespaces_have_mounts_of_their_own_and_tokens_reach_downwards_only()
    {
        _vault.Server.Vault.AddNamespace("admin/team");
        await SentAsync(204, "POST", "sys/mounts/keymgmt", """{"type":"keymgmt"}""", null, "admin");
        await SentAsync(204, "POST", "keymgmt/key/k", """{"type":"aes256-gcm96"}""", null, "admin/");
        await SentAsync(200, "GET", "admin/keymgmt/key/k", null, null, null);
        await SentAsync(404, "GET", "keymgmt/key/k", null, null, null);
        await SentAsync(404, "GET", "keymgmt/key/k", null, null, "admin/team");
        Assert.Equal((404, "namespace not found"), await _vault.RefusalAsync("GET", "keymgmt/key/k", place: "nowhere"));

        var token = _vault.Server.Vault.AddToken(
            null,
            "admin",
            new VaultRule("keymgmt/*", "read"),
            new VaultRule("team/sys/mounts", "read")
        );
        await SentAsync(200, "GET", "keymgmt/key/k", null, token, "admin");
        await SentAsync(200, "GET", "team/sys/mounts", null, token, "admin");
        await SentAsync(403, "GET", "keymgmt/key/k", null, token, null);
        await SentAsync(403, "GET", "keymgmt/key/k", null, token, "admin/team");
    }

    private async Task SentAsync(int status, string method, string path, string? body, string? token, string? place)
    {
        var (code, answer) = await _vault.SendAsync(method, path, body, token, place);
        Assert.True(code == status, $"{method} {path} in {place}: {code} {answer}");
    }
}
