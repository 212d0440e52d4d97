using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Vault;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>What the sandbox's Vault, which was written from the same pages by somebody else, refuses: each with its own error, and nothing written.</summary>
public sealed class VaultRefusalTests : IAsyncLifetime
{
    private const double Scale = 20_000;

    private readonly SandboxServer _server = SandboxServer.Start(
        new SandboxOptions
        {
            TimeScale = Scale,
            Record = true,
            PageSize = 50,
        }
    );
    private readonly RecordingLog _log = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync();
        _server.Dispose();
    }

    [Theory]
    [InlineData(VaultState.Sealed, "VaultSealed")]
    [InlineData(VaultState.Standby, "VaultStandby")]
    public async Task A_node_that_does_not_serve(VaultState state, string errorId)
    {
        _server.Vault.State = state;
        await FailsWithAsync(errorId);
    }

    [Fact]
    public async Task A_Vault_without_the_engine()
    {
        _server.Vault.OpenSource = true;
        Assert.Contains(
            "Vault Enterprise",
            (await FailsWithAsync("VaultEnterpriseNeeded")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_token_that_has_expired()
    {
        var token = _server.Vault.AddToken(
            TimeSpan.FromTicks(1),
            null,
            new VaultRule("*", "create", "read", "update", "delete", "list", "sudo")
        );
        await FailsWithAsync("VaultTokenRefused", token);
    }

    [Fact]
    public async Task A_policy_that_lacks_the_distribution()
    {
        var token = _server.Vault.AddToken(
            null,
            null,
            new VaultRule("sys/mounts/*", "create", "update"),
            new VaultRule("sys/capabilities-self", "update"),
            new VaultRule("keymgmt/*", "read", "list"),
            new VaultRule("keymgmt/key/*", "create", "update", "read", "list")
        );
        var fault = await FailsWithAsync("VaultPermissionMissing", token, mounted: true);
        Assert.Contains("(create or update)", fault.Message, StringComparison.Ordinal);
        Assert.Contains("/key/crdb-cmek-", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("keymgmt/key/crdb", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_namespace_that_is_not_there() =>
        await FailsWithAsync("VaultNamespaceNotFound", space: "nowhere");

    [Fact]
    public async Task Credentials_that_AWS_does_not_know_are_told_in_its_words_and_right_ones_mend_it()
    {
        var wrong = new VaultCloudCredentials
        {
            UserName = "AKIA0000000000000000",
            Password = new Secret("planted-secret"),
        };
        var fault = await FailsWithAsync("VaultCloudRefused", credentials: wrong, mayWrite: true);
        Assert.DoesNotContain("planted-secret", fault.ToString(), StringComparison.Ordinal);
        var right = new VaultCloudCredentials
        {
            UserName = _server.Aws.AccessKeyId,
            Password = new Secret(_server.Aws.SecretAccessKey),
        };
        var (provider, request) = await ArrangeAsync(_server.Vault.RootToken, null, right);
        Assert.All(await provider.EnsureKeysAsync(request, Context), k => Assert.Equal(CmekOutcome.Updated, k.Outcome));
    }

    private OperationContext Context =>
        new(_log, new ScaledTimeProvider(TimeProvider.System, Scale), CancellationToken.None);

    private async Task<CmekException> FailsWithAsync(
        string errorId,
        string? token = null,
        string? space = null,
        VaultCloudCredentials? credentials = null,
        bool mounted = false,
        bool mayWrite = false
    )
    {
        if (mounted)
            using (
                var root = new VaultClient(
                    new VaultConnection(_server.VaultEndpoint, new Secret(_server.Vault.RootToken))
                )
            )
                await root.EnableMountAsync(CancellationToken.None);
        var (provider, request) = await ArrangeAsync(token ?? _server.Vault.RootToken, space, credentials);
        var seen = _server.Exchanges.Count;
        var fault = await Assert.ThrowsAsync<CmekException>(() => provider.EnsureKeysAsync(request, Context));
        Assert.True(errorId == fault.ErrorId, fault.ToString());
        Assert.NotEmpty(fault.RecommendedAction);
        if (!mayWrite)
            Assert.DoesNotContain(_server.Exchanges.Skip(seen), e =>
                e.Request.Service == "vault"
                && e.Request.Method != "GET"
                && e.Response!.Status < 300
                && !e.Request.Path.EndsWith("capabilities-self", StringComparison.Ordinal)
            );
        return fault;
    }

    private async Task<(VaultKeyProvider Provider, KeyRequest Request)> ArrangeAsync(
        string token,
        string? space,
        VaultCloudCredentials? credentials
    )
    {
        using var client = new CrdbCloudClient(
            new CloudConnection(_server.CloudEndpoint, new Secret(_server.Cloud.AdminKey)) { TimeScale = Scale }
        );
        var cluster = await new ClusterResolver(client).ResolveAsync(new CrdbClusterIdentity("prod-us"), Context);
        var aws = new AwsKeyProvider(
            new AwsConnection
            {
                Endpoint = _server.AwsEndpoint,
                AccessKeyId = _server.Aws.AccessKeyId,
                SecretAccessKey = new Secret(_server.Aws.SecretAccessKey),
            }
        );
        var role = await aws.EnsureRoleAsync(
            new RoleRequest { Cluster = cluster, OrganizationId = _server.Cloud.OrganizationId },
            Context
        );
        return (
            new VaultKeyProvider(
                aws,
                new VaultConnection(_server.VaultEndpoint, new Secret(token))
                {
                    Namespace = space,
                    CloudCredentials = credentials,
                }
            ),
            new KeyRequest
            {
                Cluster = cluster,
                AuthPrincipal = role.AuthPrincipal,
                Regions = [cluster.Regions[0].Name],
            }
        );
    }
}
