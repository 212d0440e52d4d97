using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Vault;
using CockroachCmek.Testing;
using Microsoft.Extensions.Time.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Saving the state of one sandbox and loading it into another.</summary>
public sealed class SandboxStateTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly SandboxServer _first;
    private readonly SandboxServer _second;
    private readonly HttpClient _http = new();

    public SandboxStateTests() => (_first, _second) = (Start(), Start());

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _http.Dispose();
        foreach (var server in new[] { _first, _second })
        {
            await server.StopAsync();
            server.Dispose();
        }
    }

    [Fact]
    public async Task A_loaded_sandbox_equals_the_saved_one_in_every_field()
    {
        await ChangeEverythingAsync(_first);
        _second.Load(_first.Save());

        var services = SandboxObjectGraph
            .Services(_first)
            .Zip(SandboxObjectGraph.Services(_second), (one, other) => (one.Name, one.Service, Other: other.Service));
        Assert.Empty(services.SelectMany(s => SandboxObjectGraph.Differences(s.Name, s.Service, s.Other)));
        Assert.Equal(_first.Clock.UtcNow, _second.Clock.UtcNow);
    }

    [Fact]
    public void Different_sandboxes_differ_so_that_the_comparison_can_fail() =>
        Assert.All(SandboxObjectGraph.Services(_first).Zip(SandboxObjectGraph.Services(_second)), pair =>
            Assert.NotEmpty(SandboxObjectGraph.Differences(pair.First.Name, pair.First.Service, pair.Second.Service))
        );

    [Fact]
    public void Services_keep_no_data_outside_the_state() =>
        Assert.Empty(
            SandboxObjectGraph
                .Services(_first)
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
        var (cluster, _) = await EnableAsync(_first);
        _time.Advance(TimeSpan.FromMinutes(10));
        _second.Load(_first.Save());
        Assert.Equal("ENABLING", await CmekStatusAsync(_second, cluster));

        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("ENABLED", await CmekStatusAsync(_second, cluster));
    }

    [Fact]
    public async Task A_snapshot_does_not_change_with_the_sandboxes_that_saved_and_loaded_it()
    {
        var (cluster, role) = await EnableAsync(_first);
        var snapshot = _first.Save();
        _first.Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal("ENABLED", await CmekStatusAsync(_first, cluster));
        _second.Load(snapshot);
        Assert.Equal(HttpStatusCode.OK, (await IamAsync(_second, "DeleteRole", $"&RoleName={role}")).Status);
        _second.Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal("ENABLE_FAILED", await CmekStatusAsync(_second, cluster));

        _second.Load(snapshot);
        Assert.Equal("ENABLING", await CmekStatusAsync(_second, cluster));
        Assert.Equal(HttpStatusCode.OK, (await IamAsync(_second, "GetRole", $"&RoleName={role}")).Status);
    }

    [Fact]
    public async Task Credentials_of_the_saved_sandbox_replace_those_of_the_sandbox_that_loads_it()
    {
        var before = _second.Cloud.AdminKey;
        _second.Load(_first.Save());
        Assert.Equal(_first.Cloud.AdminKey, _second.Cloud.AdminKey);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(_second, "api/v1/organization", _first.Cloud.AdminKey));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(_second, "api/v1/organization", before));
        Assert.Equal(HttpStatusCode.OK, (await IamAsync(_second, "ListRoles", "")).Status);
    }

    [Fact]
    public void A_state_that_holds_a_delegate_is_refused() =>
        Assert.Contains(
            "not data",
            Assert
                .Throws<InvalidOperationException>(() => new StateCopier().Copy(new List<Action> { () => { } }))
                .Message,
            StringComparison.Ordinal
        );

    private SandboxServer Start() => SandboxServer.Start(new SandboxOptions { Time = _time, TimeScale = 1 });

    /// <summary>Enables CMEK with the key of a cluster that has one already; returns the cluster's id and the role's name.</summary>
    private async Task<(string ClusterId, string Role)> EnableAsync(SandboxServer server)
    {
        var cluster = server.Cloud.Clusters.Single(c => c.Name == "dev-aws");
        var spec = server.Aws.SeedKey(cluster.Name, cluster.AccountId, server.Cloud.OrganizationId, "us-east-1");
        var body = new JsonObject
        {
            ["region_specs"] = new JsonArray(
                new JsonObject
                {
                    ["region"] = "us-east-1",
                    ["key_spec"] = new JsonObject
                    {
                        ["type"] = spec.Type,
                        ["uri"] = spec.Uri,
                        ["auth_principal"] = spec.AuthPrincipal,
                    },
                }
            ),
        };
        using var request = Request(server, HttpMethod.Post, $"api/v1/clusters/{cluster.Id}/cmek");
        request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (cluster.Id, spec.AuthPrincipal.Split('/').Last());
    }

    /// <summary>Leaves something in every service: keys, roles, users, sessions, tokens, a mount, a running operation.</summary>
    private async Task ChangeEverythingAsync(SandboxServer server)
    {
        await EnableAsync(server);
        server.Clock.Advance(TimeSpan.FromMinutes(3));
        await IamAsync(server, "CreateUser", "&UserName=limited");
        await IamAsync(server, "CreateAccessKey", "&UserName=limited");
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

    private async Task VaultAsync(SandboxServer server, string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.VaultEndpoint, "v1/" + path));
        request.Headers.Add("X-Vault-Token", server.Vault.RootToken);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private async Task<(HttpStatusCode Status, string Body)> IamAsync(SandboxServer server, string action, string rest)
    {
        using var request = TestSigner.Sign(
            server.AwsEndpoint,
            server.Aws.AccessKeyId,
            server.Aws.SecretAccessKey,
            "iam",
            "us-east-1",
            $"Action={action}&Version=2010-05-08{rest}"
        );
        using var response = await _http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<string> CmekStatusAsync(SandboxServer server, string clusterId)
    {
        using var request = Request(server, HttpMethod.Get, $"api/v1/clusters/{clusterId}/cmek");
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["status"]!;
    }

    private async Task<HttpStatusCode> StatusAsync(SandboxServer server, string path, string apiKey)
    {
        using var request = Request(server, HttpMethod.Get, path, apiKey);
        using var response = await _http.SendAsync(request);
        return response.StatusCode;
    }

    private static HttpRequestMessage Request(
        SandboxServer server,
        HttpMethod method,
        string path,
        string? apiKey = null
    )
    {
        var request = new HttpRequestMessage(method, new Uri(server.CloudEndpoint, path));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + (apiKey ?? server.Cloud.AdminKey));
        return request;
    }
}
