using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Vault;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>
/// The sandbox's Vault was written independently, from the same documentation. Each of its refusals has its own
/// error, and nothing is written.
/// </summary>
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
    private AwsKeyProvider _aws = null!;
    private KeyRequest _request = null!;

    private OperationContext Context =>
        new(_log, new ScaledTimeProvider(TimeProvider.System, Scale), CancellationToken.None);

    /// <summary>A cluster on AWS with its role.</summary>
    public async ValueTask InitializeAsync()
    {
        using var client = new CrdbCloudClient(
            new CloudConnection(_server.CloudEndpoint, new Secret(_server.Cloud.AdminKey)) { TimeScale = Scale }
        );
        var cluster = await new ClusterResolver(client).ResolveAsync(new CrdbClusterIdentity("prod-us"), Context);
        _aws = new AwsKeyProvider(
            new AwsCustomerCloud(),
            new AwsConnection
            {
                Endpoint = _server.AwsEndpoint,
                AccessKeyId = _server.Aws.AccessKeyId,
                SecretAccessKey = new Secret(_server.Aws.SecretAccessKey),
            }
        );
        var role = await _aws.EnsureRoleAsync(
            new RoleRequest { Cluster = cluster, OrganizationId = _server.Cloud.OrganizationId },
            Context
        );
        _request = new KeyRequest
        {
            Cluster = cluster,
            AuthPrincipal = role.AuthPrincipal,
            Regions = [cluster.Regions[0].Name],
        };
    }

    public async ValueTask DisposeAsync()
    {
        _aws.Dispose();
        await _server.StopAsync();
        _server.Dispose();
    }

    [Theory]
    [InlineData(VaultState.Sealed, "VaultSealed")]
    [InlineData(VaultState.Standby, "VaultStandby")]
    public async Task A_node_that_does_not_serve(VaultState state, string errorId)
    {
        _server.Vault.State = state;
        await AssertRefusedAsync(errorId, Connection());
    }

    [Fact]
    public async Task A_Vault_without_the_secrets_engine()
    {
        _server.Vault.OpenSource = true;
        var error = await AssertRefusedAsync("VaultEnterpriseNeeded", Connection());
        Assert.Contains("Vault Enterprise", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_has_expired()
    {
        var token = _server.Vault.AddToken(
            TimeSpan.FromTicks(1),
            null,
            new VaultRule("*", "create", "read", "update", "delete", "list", "sudo")
        );
        await AssertRefusedAsync("VaultTokenRefused", Connection(token));
    }

    [Fact]
    public async Task A_policy_without_the_capability_to_distribute()
    {
        using (var root = new VaultClient(Connection()))
            await root.EnableMountAsync(CancellationToken.None);
        var token = _server.Vault.AddToken(
            null,
            null,
            new VaultRule("sys/mounts/*", "create", "update"),
            new VaultRule("sys/capabilities-self", "update"),
            new VaultRule("keymgmt/*", "read", "list"),
            new VaultRule("keymgmt/key/*", "create", "update", "read", "list")
        );
        var error = await AssertRefusedAsync("VaultPermissionMissing", Connection(token));
        Assert.Contains("(create or update)", error.Message, StringComparison.Ordinal);
        Assert.Contains("/key/crdb-cmek-", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("keymgmt/key/crdb", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_namespace_that_does_not_exist() =>
        await AssertRefusedAsync("VaultNamespaceNotFound", Connection() with { Namespace = "nowhere" });

    [Fact]
    public async Task Credentials_that_AWS_refuses_are_reported_in_its_words_and_right_ones_complete_the_key()
    {
        var error = await EnsureFailsAsync(WithCredentials("AKIA0000000000000000", "planted-secret"));
        Assert.Equal("VaultCloudRefused", error.ErrorId);
        Assert.DoesNotContain("planted-secret", error.ToString(), StringComparison.Ordinal);

        var keys = await EnsureAsync(WithCredentials(_server.Aws.AccessKeyId, _server.Aws.SecretAccessKey));
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Updated, k.Outcome));
    }

    private VaultConnection Connection(string? token = null) =>
        new(_server.VaultEndpoint, new Secret(token ?? _server.Vault.RootToken));

    private VaultConnection WithCredentials(string accessKeyId, string secretAccessKey) =>
        Connection() with
        {
            CloudCredentials = new VaultCloudCredentials
            {
                UserName = accessKeyId,
                Password = new Secret(secretAccessKey),
            },
        };

    private async Task<CmekException> AssertRefusedAsync(string errorId, VaultConnection connection)
    {
        var before = _server.Exchanges.Count;
        var error = await EnsureFailsAsync(connection);
        Assert.True(errorId == error.ErrorId, error.ToString());
        Assert.DoesNotContain(_server.Exchanges.Skip(before), e =>
            e.Request.Service == "vault"
            && e.Request.Method != "GET"
            && e.Response!.Status < 300
            && !e.Request.Path.EndsWith("capabilities-self", StringComparison.Ordinal)
        );
        return error;
    }

    private async Task<CmekException> EnsureFailsAsync(VaultConnection connection)
    {
        var error = await Assert.ThrowsAsync<CmekException>(() => EnsureAsync(connection));
        Assert.NotEmpty(error.RecommendedAction);
        return error;
    }

    private async Task<IReadOnlyList<CmekKey>> EnsureAsync(VaultConnection connection)
    {
        using var client = new VaultClient(connection);
        using var provider = new VaultKeyProvider(_aws, client);
        return await provider.EnsureKeysAsync(_request, Context);
    }
}
