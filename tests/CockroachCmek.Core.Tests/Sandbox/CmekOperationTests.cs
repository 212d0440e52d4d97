using Amazon.KeyManagementService;
using Amazon.Runtime;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// CMEK operations on the sandbox, through the module's client: enable, rotate, revoke, add a region. Every exchange is
/// checked against the OpenAPI specification.
/// </summary>
public sealed class CmekOperationTests : IAsyncLifetime
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
    private readonly ScaledTimeProvider _time = new(TimeProvider.System, Scale);
    private readonly RecordingLog _log = new();
    private readonly CrdbCloudClient _client;
    private readonly CmekLifecycle _lifecycle;

    public CmekOperationTests()
    {
        _client = new CrdbCloudClient(
            new CloudConnection(_server.CloudEndpoint, new Secret(_server.Cloud.AdminKey))
            {
                Time = _time,
                TimeScale = Scale,
            }
        );
        _lifecycle = new CmekLifecycle(_client, new ManifestCheck(CustomerClouds.All));
    }

    private OperationContext Context => new(_log, _time, CancellationToken.None);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.StopAsync();
        _server.Dispose();
    }

    [Fact]
    public async Task A_rotation_keeps_the_previous_key_entry_as_disabled()
    {
        var (cluster, manifest) = await EnabledAsync("dev-aws");
        using var kms = Kms("us-east-1");
        await kms.RotateKeyOnDemandAsync(
            new Amazon.KeyManagementService.Model.RotateKeyOnDemandRequest { KeyId = manifest.RegionSpecs[0].KeyUri }
        );
        var rotating = await _client.UpdateCmekAsync(cluster, manifest.RegionSpecs, Context);
        Assert.Equal("ROTATING", rotating.Status);
        Assert.Equal(["ENABLING", "DISABLING"], rotating.Regions[0].Keys.Select(k => k.Status));
        Assert.Equal("LOCKED", (await _client.GetClusterAsync(cluster.Id, Context)).State);
        Assert.Equal(
            "CloudBusy",
            (
                await Assert.ThrowsAsync<CmekException>(() =>
                    _client.UpdateCmekAsync(cluster, manifest.RegionSpecs, Context)
                )
            ).ErrorId
        );

        var done = await _lifecycle.WaitAsync(cluster, new WaitOptions { Expected = "ENABLED" }, Context);
        Assert.Equal(["ENABLED", "DISABLED"], done.Regions[0].Keys.Select(k => k.Status));
        await ConformsAsync();
    }

    [Fact]
    public async Task A_revocation_succeeds_only_after_the_key_became_unusable()
    {
        var (cluster, manifest) = await EnabledAsync("dev-aws");
        await _client.RevokeCmekAsync(cluster, Context);
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            _lifecycle.WaitAsync(cluster, new WaitOptions { Expected = "REVOKED" }, Context)
        );
        Assert.Contains("can still be used", error.Message, StringComparison.Ordinal);
        Assert.Equal(
            "CRDB_CMEK_OPERATION_FAILED",
            (await _client.GetClusterAsync(cluster.Id, Context)).OperationStatus
        );

        using var kms = Kms("us-east-1");
        await kms.DisableKeyAsync(manifest.RegionSpecs[0].KeyUri);
        Assert.Equal("LIVE", (await NodesAsync(cluster)).Distinct().Single()); // nodes run on the key in memory
        await _client.RevokeCmekAsync(cluster, Context);
        Assert.Equal(
            "REVOKED",
            (await _lifecycle.WaitAsync(cluster, new WaitOptions { Expected = "REVOKED" }, Context)).Status
        );
        Assert.Equal("NOT_READY", (await NodesAsync(cluster)).Distinct().Single());
        await kms.EnableKeyAsync(manifest.RegionSpecs[0].KeyUri);
        Assert.Equal(
            "CmekRevoked",
            (
                await Assert.ThrowsAsync<CmekException>(() =>
                    _lifecycle.EnableAsync(cluster, manifest, new WriteOptions(), null, Context)
                )
            ).ErrorId
        );
        await ConformsAsync();
    }

    [Fact]
    public async Task A_new_region_needs_a_key_and_the_node_counts_of_all_regions()
    {
        var (cluster, manifest) = await EnabledAsync("dev-aws");
        var added = manifest.RegionSpecs[0] with { Region = "us-west-2" };
        async Task<string> RefusedAsync(Dictionary<string, int> map, params CmekRegionSpec[] specs) =>
            (
                await Assert.ThrowsAsync<CmekException>(() => _client.UpdateRegionsAsync(cluster, map, specs, Context))
            ).Message;
        var both = new Dictionary<string, int> { ["us-east-1"] = 3, ["us-west-2"] = 3 };
        Assert.Contains("required for the new region", await RefusedAsync(both), StringComparison.Ordinal);
        Assert.Contains(
            "existing region",
            await RefusedAsync(both, manifest.RegionSpecs[0], added),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "at least 3 nodes",
            await RefusedAsync(new() { ["us-east-1"] = 3, ["us-west-2"] = 1 }, added),
            StringComparison.Ordinal
        );

        await _client.UpdateRegionsAsync(cluster, both, [added], Context);
        var grown = await _client.GetClusterAsync(cluster.Id, Context);
        Assert.Equal(["us-east-1", "us-west-2"], grown.Regions.Select(r => r.Name));
        var done = await _lifecycle.WaitAsync(grown, new WaitOptions { Expected = "ENABLED" }, Context);
        Assert.All(done.Regions, r => Assert.Equal("ENABLED", r.Status));
        Assert.Equal(2, done.Regions.Count);
        await ConformsAsync();
    }

    [Fact]
    public async Task Enabling_fails_with_the_reason_when_the_key_is_disabled_meanwhile()
    {
        var (cluster, manifest) = await ManifestAsync("dev-aws");
        await _lifecycle.EnableAsync(cluster, manifest, new WriteOptions(), null, Context);
        using var kms = Kms("us-east-1");
        await kms.DisableKeyAsync(manifest.RegionSpecs[0].KeyUri);
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            _lifecycle.WaitAsync(cluster, new WaitOptions { Expected = "ENABLED" }, Context)
        );
        Assert.Equal("CmekOperationFailed", error.ErrorId);
        Assert.Contains("is Disabled", error.Message, StringComparison.Ordinal);
        await kms.EnableKeyAsync(manifest.RegionSpecs[0].KeyUri);
        await _lifecycle.EnableAsync(cluster, manifest, new WriteOptions(), null, Context);
        Assert.Equal(
            "ENABLED",
            (await _lifecycle.WaitAsync(cluster, new WaitOptions { Expected = "ENABLED" }, Context)).Status
        );
    }

    private async Task<(CrdbCluster Cluster, CmekManifest Manifest)> EnabledAsync(string name)
    {
        var (cluster, manifest) = await ManifestAsync(name);
        await _lifecycle.EnableAsync(cluster, manifest, new WriteOptions(), null, Context);
        await _lifecycle.WaitAsync(cluster, new WaitOptions { Expected = "ENABLED" }, Context);
        return (cluster, manifest);
    }

    private async Task<(CrdbCluster Cluster, CmekManifest Manifest)> ManifestAsync(string name)
    {
        var cluster = await new ClusterResolver(_client).ResolveAsync(new CrdbClusterIdentity(name), Context);
        using var aws = new AwsKeyProvider(
            new AwsCustomerCloud(),
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
        var keys = await aws.EnsureKeysAsync(
            new KeyRequest
            {
                Cluster = cluster,
                AuthPrincipal = role.AuthPrincipal,
                Regions = [.. cluster.Regions.Select(r => r.Name)],
            },
            Context
        );
        var builder = new ManifestBuilder(CustomerClouds.All);
        return (cluster, keys.Select(k => builder.Add(cluster, k.Region, k.KeyUri, k.AuthPrincipal, k)).Last()!);
    }

    private async Task<List<string>> NodesAsync(CrdbCluster cluster)
    {
        var states = new List<string>();
        await foreach (var node in _client.ListNodesAsync(cluster, Context))
            states.Add(node.Status);
        return states;
    }

    private AmazonKeyManagementServiceClient Kms(string region) =>
        new(
            new BasicAWSCredentials(_server.Aws.AccessKeyId, _server.Aws.SecretAccessKey),
            new AmazonKeyManagementServiceConfig
            {
                ServiceURL = _server.AwsEndpoint.ToString(),
                AuthenticationRegion = region,
            }
        );

    private async Task ConformsAsync()
    {
        var validator = new OpenApiValidator(Repository.Spec("cockroach-cloud-cmek.openapi.json"));
        foreach (var exchange in _server.Exchanges.Where(e => e.Request.Service == "cloud"))
        {
            var isBackups = exchange.Request.RawTarget.Contains("/backups", StringComparison.Ordinal);
            var problems = await (isBackups ? Specifications.CockroachCloudBackups : validator).CheckAsync(
                exchange.Request.Method,
                exchange.Request.RawTarget,
                System.Text.Encoding.UTF8.GetString(exchange.Request.Body),
                exchange.Response!.Status,
                System.Text.Encoding.UTF8.GetString(exchange.Response.Body)
            );
            Assert.True(
                problems.Count == 0,
                $"{exchange.Request.Method} {exchange.Request.RawTarget}: {string.Join("; ", problems)}"
            );
        }
    }
}
