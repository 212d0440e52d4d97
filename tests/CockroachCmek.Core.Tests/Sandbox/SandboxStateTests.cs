using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Saving the state of one sandbox and loading it into another.</summary>
public sealed class SandboxStateTests : IAsyncLifetime
{
    private readonly AwsTestBed _first = new();
    private readonly AwsTestBed _second = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task A_loaded_sandbox_equals_the_saved_one_in_every_field()
    {
        await ChangeEverythingAsync(_first);
        _second.Server.Load(_first.Server.Save());

        Assert.Empty(Differences());
        Assert.Equal(_first.Server.Clock.UtcNow, _second.Server.Clock.UtcNow);
    }

    [Fact]
    public void The_comparison_finds_that_every_service_of_two_sandboxes_differs() =>
        Assert.Equal(["Cloud", "Aws", "Gcp", "Azure", "Vault"], Differences().Select(d => d.Split('.')[0]).Distinct());

    [Fact]
    public void Services_keep_no_data_outside_the_state() =>
        Assert.Empty(
            SandboxObjectGraph
                .Services(_first.Server)
                .SelectMany(s => SandboxObjectGraph.FieldsOutsideState(s.Service))
                .Distinct()
        );

    [Fact]
    public void No_static_field_of_the_sandbox_can_be_assigned() =>
        Assert.Empty(
            typeof(SandboxServer)
                .Assembly.GetTypes()
                .Where(t => t.GetCustomAttribute<CompilerGeneratedAttribute>() is null)
                .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
                .Where(f => !f.IsInitOnly && !f.IsLiteral)
                .Select(f => $"{f.DeclaringType}.{f.Name}")
        );

    [Fact]
    public async Task An_operation_that_was_running_when_the_state_was_saved_finishes_in_the_sandbox_that_loaded_it()
    {
        var (cluster, _) = await _first.EnableCmekAsync();
        _first.Advance(TimeSpan.FromMinutes(10));
        _second.Server.Load(_first.Server.Save());
        Assert.Equal("ENABLING", await _second.CmekStatusAsync(cluster));

        _second.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("ENABLED", await _second.CmekStatusAsync(cluster));
    }

    [Fact]
    public async Task A_snapshot_does_not_change_with_the_sandboxes_that_saved_and_loaded_it()
    {
        var (cluster, role) = await _first.EnableCmekAsync();
        var snapshot = _first.Server.Save();
        _first.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal("ENABLED", await _first.CmekStatusAsync(cluster));
        _second.Server.Load(snapshot);
        Assert.Equal(200, (await _second.IamAsync("DeleteRole", $"&RoleName={role}")).Status);
        _second.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal("ENABLE_FAILED", await _second.CmekStatusAsync(cluster));

        _second.Server.Load(snapshot);
        Assert.Equal("ENABLING", await _second.CmekStatusAsync(cluster));
        Assert.Equal(200, (await _second.IamAsync("GetRole", $"&RoleName={role}")).Status);
    }

    [Fact]
    public async Task Credentials_of_the_saved_sandbox_replace_those_of_the_sandbox_that_loads_it()
    {
        var before = _second.Server.Cloud.AdminKey;
        _second.Server.Load(_first.Server.Save());

        Assert.Equal(_first.Server.Cloud.AdminKey, _second.Server.Cloud.AdminKey);
        Assert.Equal(200, (await _second.CloudAsync("GET", "organization")).Status);
        Assert.Equal(200, (await _second.IamAsync("ListRoles")).Status);
        Assert.False(_second.Server.Cloud.IsAuthorized("Bearer " + before));
    }

    [Fact]
    public void A_state_that_holds_a_delegate_is_refused()
    {
        var error = Assert.Throws<InvalidOperationException>(() =>
            new StateCopier().Copy(new List<Action> { () => { } })
        );
        Assert.Contains("not data", error.Message, StringComparison.Ordinal);
    }

    private List<string> Differences() =>
        [
            .. SandboxObjectGraph
                .Services(_first.Server)
                .Zip(SandboxObjectGraph.Services(_second.Server))
                .SelectMany(p => SandboxObjectGraph.Differences(p.First.Name, p.First.Service, p.Second.Service)),
        ];

    /// <summary>Leaves something in every service: keys, roles, users, tokens, a mount, a running operation.</summary>
    private static async Task ChangeEverythingAsync(AwsTestBed bed)
    {
        var server = bed.Server;
        await bed.EnableCmekAsync();
        bed.Advance(TimeSpan.FromMinutes(3));
        await bed.IamAsync("CreateUser", "&UserName=limited");
        await bed.IamAsync("CreateAccessKey", "&UserName=limited");
        server.Gcp.RestrictMembers = true;
        server.Gcp.AddPrincipal("reader@example.com", "cloudkms.cryptoKeys.get");
        var gcp = server.Cloud.Clusters.Single(c => c.Name == "gcp-us");
        server.Gcp.SeedKey(gcp.Name, gcp.Id, gcp.AccountId, "us-east4");
        server.Azure.PropagationDelay = TimeSpan.FromSeconds(3);
        server.Azure.AddPrincipal("limited", AzureRights.Keys);
        var azure = server.Cloud.Clusters.Single(c => c.Name == "azure-in");
        server.Azure.SeedKey(azure.Name, azure.Id);
        server.Vault.AddNamespace("admin/team");
        server.Vault.AddToken(TimeSpan.FromHours(1), "admin", new VaultRule("keymgmt/*", "read"));
        server.Vault.SetEnvironment("AWS_ACCESS_KEY_ID", server.Aws.AccessKeyId);
        await VaultAsync(server, "sys/mounts/keymgmt", """{"type":"keymgmt"}""");
        await VaultAsync(server, "keymgmt/key/one", """{"type":"ecdsa-p256"}""");
        server.Vault.State = VaultState.Sealed;
    }

    private static async Task VaultAsync(SandboxServer server, string path, string body)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.VaultEndpoint, "v1/" + path));
        request.Headers.Add("X-Vault-Token", server.Vault.RootToken);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }
}
