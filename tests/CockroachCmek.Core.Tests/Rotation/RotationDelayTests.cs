using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Core.Tests.Sandbox;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Rotation;

/// <summary>
/// A KMS that rotates late, whatever sign of it comes first, or responds late: CockroachDB Cloud is told once the new material is in
/// force, and a lost response makes no second rotation. The sandbox's CockroachDB wraps its store key when it is told,
/// so what it wrapped shows the material that was in force then.
/// </summary>
public sealed class RotationDelayTests : IDisposable
{
    private const int Longest = 300;

    private readonly SandboxServer _server = SandboxServer.Start(
        new SandboxOptions
        {
            TimeScale = 2_000,
            Record = true,
            PageSize = 50,
        }
    );
    private readonly RecordingLog _log = new();
    private readonly CrdbCloudClient _client;

    public RotationDelayTests() =>
        _client = new CrdbCloudClient(
            new CloudConnection(_server.CloudEndpoint, new Secret(_server.Cloud.AdminKey))
            {
                Time = _server.Time(),
                TimeScale = _server.Clock.Scale,
            }
        );

    private OperationContext Context => new(_log, _server.Time(), TestContext.Current.CancellationToken);

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    /// <summary>Delays of up to five minutes: the extremes, then random ones. Each with and without a cut.</summary>
    public static IEnumerable<(int Status, int Material, int List, FaultAction? Cut)> AwsCases()
    {
        var random = new Random(13);
        FaultAction?[] cuts = [null, FaultAction.CutBefore, FaultAction.CutAfter];
        int[] extremes = [0, Longest];
        var delays =
            from status in extremes
            from material in extremes
            from list in extremes
            select (status, material, list);
        var others = Enumerable
            .Range(0, 16)
            .Select(_ => (random.Next(Longest + 1), random.Next(Longest + 1), random.Next(Longest + 1)));
        return delays.Concat(others).Select((d, i) => (d.Item1, d.Item2, d.Item3, cuts[i % cuts.Length]));
    }

    [Fact]
    public async Task On_AWS_the_cluster_wraps_with_the_new_material_at_every_delay_of_its_signs()
    {
        using var keys = new AwsKeyProvider(
            new AwsCustomerCloud(),
            new AwsConnection
            {
                Endpoint = _server.AwsEndpoint,
                AccessKeyId = _server.Aws.AccessKeyId,
                SecretAccessKey = new Secret(_server.Aws.SecretAccessKey),
            }
        );
        var cluster = await FindAsync("prod-eu-old");
        var prepared = _server.Save();
        foreach (var (status, material, list, cut) in AwsCases())
        {
            _server.Load(prepared);
            _server.Aws.Settings.RotationDelays = new AwsRotationDelays(
                TimeSpan.FromSeconds(status),
                TimeSpan.FromSeconds(material),
                TimeSpan.FromSeconds(list)
            );
            var before = AwsMaterial(Wrapped(cluster).Uri, []).Versions;
            await RotateAsync(cluster, keys, cut, "RotateKeyOnDemand");

            var (uri, wrapped) = Wrapped(cluster);
            Assert.True(
                (before + 1, before) == AwsMaterial(uri, wrapped),
                $"status {status} s, material {material} s, list {list} s, {cut}: {AwsMaterial(uri, wrapped)}"
            );
        }
    }

    [Fact]
    public async Task On_Google_Cloud_the_cluster_wraps_with_the_new_version_within_the_minute_that_Google_names()
    {
        using var keys = GcpKeys();
        _server.UseCmek("gcp-us");
        var cluster = await FindAsync("gcp-us");
        var prepared = _server.Save();
        foreach (
            var (delay, cut, pattern) in new (int, FaultAction?, string)[]
            {
                (0, null, ""),
                (55, null, ""),
                (20, FaultAction.CutBefore, "POST .*/cryptoKeyVersions "),
                (40, FaultAction.CutAfter, "POST .*/cryptoKeyVersions "),
                (50, FaultAction.CutBefore, ":updatePrimaryVersion"),
                (55, FaultAction.CutAfter, ":updatePrimaryVersion"),
            }
        )
        {
            _server.Load(prepared);
            _server.Gcp.KeyStateDelay = TimeSpan.FromSeconds(delay);
            var before = GcpVersion(Wrapped(cluster).Uri, []).Versions;
            await RotateAsync(cluster, keys, cut, pattern);

            var (uri, wrapped) = Wrapped(cluster);
            Assert.True(
                (before + 1, before + 1) == GcpVersion(uri, wrapped),
                $"{delay} s, {cut} of {pattern}: {GcpVersion(uri, wrapped)}"
            );
        }
    }

    /// <summary>How late Azure and Google Cloud respond, in seconds, and what happens to the first response.</summary>
    public static IEnumerable<(int Late, FaultAction? Cut)> LateResponses()
    {
        var random = new Random(13);
        FaultAction?[] cuts = [null, FaultAction.CutBefore, FaultAction.CutAfter];
        return from late in new[] { 0, Longest, random.Next(Longest) } from cut in cuts select (late, cut);
    }

    [Fact]
    public async Task On_Azure_the_cluster_moves_to_one_new_version_however_late_the_response_is()
    {
        using var keys = new AzureKeyProvider(
            new AzureCustomerCloud(),
            new AzureConnection
            {
                TenantId = _server.Azure.TenantId,
                ClientId = _server.Azure.Admin.ClientId,
                ClientSecret = new Secret(_server.Azure.Admin.Secret),
                Loopback = new AzureLoopback(_server.AzureEndpoint.Port, _server.Azure.CaCertificate.RawData),
            }
        );
        _server.UseCmek("azure-in");
        var cluster = await FindAsync("azure-in");
        var prepared = _server.Save();
        foreach (var (late, cut) in LateResponses())
        {
            _server.Load(prepared);
            var before = AzureVersions(Wrapped(cluster).Uri);
            await RotateAsync(cluster, keys, cut, "POST .*/keys/[^/]+/(create|rotate)", late);

            var (uri, _) = Wrapped(cluster);
            var after = AzureVersions(uri);
            Assert.True(
                before.Count + 1 == after.Count && uri.EndsWith("/" + after[^1], StringComparison.Ordinal),
                $"{late} s, {cut}: {uri} of {string.Join(", ", after)}"
            );
        }
    }

    [Fact]
    public async Task On_Google_Cloud_one_version_is_created_however_late_the_response_is()
    {
        using var keys = GcpKeys();
        _server.UseCmek("gcp-us");
        var cluster = await FindAsync("gcp-us");
        var prepared = _server.Save();
        foreach (var (late, cut) in LateResponses())
        {
            _server.Load(prepared);
            var before = GcpVersion(Wrapped(cluster).Uri, []).Versions;
            await RotateAsync(cluster, keys, cut, "POST .*(/cryptoKeyVersions |:updatePrimaryVersion)", late);

            var (uri, wrapped) = Wrapped(cluster);
            Assert.True(
                (before + 1, before + 1) == GcpVersion(uri, wrapped),
                $"{late} s, {cut}: {GcpVersion(uri, wrapped)}"
            );
        }
    }

    private GcpKeyProvider GcpKeys() =>
        new(
            new GcpCustomerCloud(),
            new GcpConnection
            {
                Endpoint = _server.GcpEndpoint,
                AccessToken = new Secret(_server.Gcp.AccessToken),
                Project = _server.Gcp.ProjectId,
            }
        );

    private Task<CrdbCluster> FindAsync(string name) =>
        new ClusterResolver(_client).ResolveAsync(new CrdbClusterIdentity(name), Context);

    /// <summary>
    /// Rotates until CockroachDB Cloud is told, and not longer. The first run gives up soon. It has told nothing; the
    /// next one starts at once and goes on, though KMS may show neither that a rotation runs nor that it is done.
    /// </summary>
    private async Task RotateAsync(
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        FaultAction? cut,
        string pattern,
        int late = 0
    )
    {
        _server.Faults.Clear();
        if (cut is { } action)
            _server.Faults.Add(new FaultRule { Action = action, Pattern = pattern });
        if (late > 0)
            _server.Faults.Add(
                new FaultRule
                {
                    Action = FaultAction.Delay,
                    Delay = TimeSpan.FromSeconds(late),
                    Pattern = pattern,
                    Count = int.MaxValue,
                }
            );
        var check = new ManifestCheck(CustomerClouds.All);
        var rotation = new CmekRotation(_client, new CmekLifecycle(_client, check), check);
        CmekInfo info;
        try
        {
            var impatient = new WriteOptions { Timeout = TimeSpan.FromSeconds(10) };
            info = await rotation.RotateAsync(cluster, keys, new RotationOptions { Write = impatient }, Context);
        }
        catch (CmekException error) when (error.ErrorId == "RotationNotInForce")
        {
            Assert.Equal(CmekStatus.Enabled, (await _client.GetCmekAsync(cluster, Context)).Status);
            info = await rotation.RotateAsync(cluster, keys, new RotationOptions(), Context);
        }

        Assert.Equal(CmekStatus.Rotating, info.Status);
    }

    /// <summary>The key that the cluster was told last, and the store key that it wrapped then.</summary>
    private (string Uri, byte[] Wrapped) Wrapped(CrdbCluster cluster)
    {
        var entry = _server.Cloud.Clusters.Single(c => c.Id == cluster.Id).Cmek.Regions[0].Keys[^1];
        return (entry.Spec.Uri, entry.Wrapped);
    }

    /// <summary>The number of versions of the material, and the index of the one that wrapped.</summary>
    private (int Versions, int Used) AwsMaterial(string uri, byte[] wrapped) =>
        _server.Aws.Locked(
            (_, kms) =>
            {
                var material = kms.Find(uri)!.Material;
                var used = wrapped.Length == 0 ? null : material.VersionOf(wrapped);
                return (material.Versions.Count, used is null ? -1 : material.Versions.IndexOf(used));
            }
        );

    /// <summary>The number of versions of the key, and the number of the one that wrapped.</summary>
    private (int Versions, int Used) GcpVersion(string uri, byte[] wrapped) =>
        _server.Gcp.Locked(context =>
        {
            var key = context.Keys.FindExisting(uri);
            return (key.Versions.Count, key.VersionOf(wrapped)?.Number ?? -1);
        });

    /// <summary>The versions of the key, oldest first.</summary>
    private IReadOnlyList<string> AzureVersions(string uri) =>
        _server.Azure.Locked(azure =>
            azure
                .FindKeyVault(_server.Azure.VaultName)!
                .Keys[new Uri(uri).Segments[2].TrimEnd('/')]
                .Versions.Select(v => v.Id)
                .ToList()
        );
}
