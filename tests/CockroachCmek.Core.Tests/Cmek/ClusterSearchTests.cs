using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Core.Tests.Aws;
using CockroachCmek.Core.Tests.Azure;
using CockroachCmek.Core.Tests.FourthCloud;
using CockroachCmek.Core.Tests.Gcp;
using CockroachCmek.Core.Tests.Sandbox;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>With the cluster's name alone, and no CockroachDB Cloud to call, its keys are found and taken.</summary>
public sealed class ClusterSearchTests : IAsyncLifetime
{
    private const string Expired = "expired";

    private readonly AwsSandboxWorld _aws = AwsSandboxWorld.Start();
    private readonly AzureWorld _azure = new();
    private readonly RecordingLog _log = new();
    private readonly CrdbCluster _onAws = AwsWorld.ClusterIn("eu-west-1", "eu-central-1");
    private readonly Dictionary<string, ICmekKeyProvider> _providers = [];
    private GcpWorld _gcp = null!;

    public async ValueTask InitializeAsync()
    {
        _gcp = await GcpWorld.StartAsync();
        _providers[_aws.Provider.Cloud.Provider] = _aws.Provider;
        _providers[_gcp.Provider.Cloud.Provider] = _gcp.Provider;
        _providers[_azure.Provider.Cloud.Provider] = _azure.Provider;
    }

    public async ValueTask DisposeAsync()
    {
        _aws.Dispose();
        await _gcp.DisposeAsync();
        await _azure.DisposeAsync();
    }

    private OperationContext Context => new(_log, _aws.Server.Time(), TestContext.Current.CancellationToken);

    private ClusterSearch Search =>
        new(CustomerClouds.All, c => _providers[c.Provider]) { TimeForNamesakes = TimeSpan.FromMinutes(1) };

    [Fact]
    public async Task A_name_an_id_and_its_last_digits_find_the_keys_in_each_cloud_and_they_are_taken()
    {
        var onAws = await _aws.KeysAsync(_onAws, multiRegion: true);
        await _aws.KeysAsync(AwsWorld.ClusterIn("us-east-1") with { Name = "other" });
        var onGcp = await _gcp.EnsureKeysAsync();
        var (azure, info) = await _azure.EnabledAsync();
        (CrdbCluster, IEnumerable<string>)[] made =
        [
            (_onAws, onAws.Select(k => k.KeyUri)),
            (_gcp.Cluster, onGcp.Select(k => k.KeyUri)),
            (azure, info.Specs().Select(k => k.KeyUri)),
        ];
        foreach (var (cluster, expected) in made)
        {
            CrdbCluster[] typed =
            [
                new() { Name = cluster.Name.ToUpperInvariant() },
                new() { Name = cluster.Id[^12..] },
                new() { Id = cluster.Id, Name = cluster.Id },
            ];
            foreach (var known in typed)
            {
                var (found, keys) = await Search.FindAsync(known, "Revoke-CrdbCmek", Context);
                Assert.Equal(
                    (cluster.Id, cluster.Name, cluster.CloudProvider),
                    (found.Id, found.Name.ToLowerInvariant(), found.CloudProvider)
                );
                Assert.Equal(expected.Distinct().Order(), keys.InForce.Select(k => k.KeyUri).Distinct().Order());
            }

            await TakeAsync(new CrdbCluster { Name = cluster.Name });
        }
    }

    [Theory]
    [InlineData("AWS")]
    [InlineData("GCP")]
    [InlineData("AZURE")]
    public async Task An_expired_token_of_one_cloud_ends_no_other_search_and_is_named(string expired)
    {
        Expire(expired);
        var cluster = expired == "AWS" ? _gcp.Cluster : _onAws;
        if (expired == "AWS")
            await _gcp.EnsureKeysAsync();
        else
            await _aws.KeysAsync(_onAws);
        await TakeAsync(new CrdbCluster { Name = cluster.Name });
        var display = CustomerClouds.All.All.Single(c => c.Provider == expired).DisplayName;
        Assert.Contains(_log.Warnings, w =>
            w.Contains($"could not be searched: {display} (", StringComparison.Ordinal)
            && w.Contains("would not be noticed", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task When_no_cloud_shows_keys_the_error_names_where_was_searched_and_where_not()
    {
        Expire("AZURE");
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            Search.FindAsync(new CrdbCluster { Name = "ghost" }, "Revoke-CrdbCmek", Context)
        );
        Assert.Equal(nameof(Errors.ClusterKeysNotFound), error.ErrorId);
        Assert.Contains("Searched: AWS (account ", error.Message, StringComparison.Ordinal);
        Assert.Contains("eu-central-1", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("me-south-1", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"Google Cloud (every location of project {GcpWorld.Project})",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("Not searched: Azure (", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            "Import-CrdbCmekManifest ./cmek_config.json -Cluster ghost | Revoke-CrdbCmek -KmsOnly",
            error.RecommendedAction,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Two_clusters_of_one_name_are_refused_with_both_ids_in_one_cloud_and_in_two()
    {
        var twin = AwsWorld.ClusterIn("us-east-1") with { Name = _onAws.Name };
        await _aws.KeysAsync(_onAws);
        await _aws.KeysAsync(twin);
        await _gcp.EnsureKeysAsync(cluster: _gcp.Cluster with { Name = _onAws.Name });
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            Search.FindAsync(new CrdbCluster { Name = _onAws.Name }, "Revoke-CrdbCmek", Context)
        );
        Assert.Equal(nameof(Errors.AmbiguousClusterKeys), error.ErrorId);
        foreach (var id in new[] { _onAws.Id, twin.Id, _gcp.Cluster.Id })
            Assert.Contains(id, error.Message, StringComparison.Ordinal);
        var (found, _) = await Search.FindAsync(
            new CrdbCluster { Id = twin.Id, Name = twin.Id },
            "Revoke-CrdbCmek",
            Context
        );
        Assert.Equal(twin.Id, found.Id);
    }

    [Fact]
    public async Task A_cloud_that_does_not_end_holds_up_nothing_and_is_named()
    {
        await _aws.KeysAsync(_onAws);
        var moon = new MoonCloud { SearchEnds = new TaskCompletionSource().Task };
        var clouds = new CustomerCloudTable([_aws.Provider.Cloud, moon]);
        var search = new ClusterSearch(clouds, c => c == moon ? moon.Connect(CloudOptions.None, null) : _aws.Provider)
        {
            TimeForNamesakes = TimeSpan.FromMilliseconds(10),
        };
        var (found, _) = await search.FindAsync(new CrdbCluster { Name = _onAws.Name }, "Revoke-CrdbCmek", Context);
        Assert.Equal(_onAws.Id, found.Id);
        Assert.Contains(_log.Warnings, w => w.Contains("did not respond in time", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pattern_is_not_a_name_when_CockroachDB_Cloud_is_not_asked(bool isOffline)
    {
        using var client = new CrdbCloudClient(
            new CloudConnection(new Uri("https://cloud.example/"), new Secret("s")) { Handler = new UnreachableCloud() }
        );
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            new ClusterResolver(client, isOffline).ResolveUrgentlyAsync(
                new CrdbClusterIdentity("prod-*"),
                kmsOnly: true,
                "Revoke-CrdbCmek",
                Context
            )
        );
        Assert.Equal(nameof(Errors.PatternNotResolved), error.ErrorId);
    }

    [Fact]
    public async Task A_subscription_that_cannot_be_read_hides_no_other()
    {
        var (cluster, info) = await _azure.EnabledAsync();
        var other = Guid.NewGuid().ToString("D");
        _azure.Azure.Locked(azure => azure.Subscriptions[other] = _azure.Azure.TenantId);
        _azure.Azure.Assign(_azure.Azure.Admin, "Reader", $"/subscriptions/{other}");
        _azure.Server.Faults.Add(
            new FaultRule
            {
                Service = "azure",
                Pattern = $"subscriptions/{other}/resources",
                Action = FaultAction.Status,
                Status = 403,
                Count = 100,
            }
        );

        var search = await _azure.Connect(_azure.Connection).FindKeysAsync(cluster, _azure.Context);

        Assert.Equal(info.Specs().Select(k => k.KeyUri).Order(), search.Keys.Select(k => k.KeyUri).Order());
        Assert.Contains(search.Missed, m => m.Contains(other, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_place_that_may_not_be_read_is_named_beside_what_was_found()
    {
        await _aws.KeysAsync(_onAws);
        _providers["AWS"] = await _aws.AsUserAsync("kms:DescribeKey", "kms:ListAliases");
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            Search.FindAsync(new CrdbCluster { Name = _onAws.Name }, "Revoke-CrdbCmek", Context)
        );
        Assert.Equal(nameof(Errors.ClusterKeysNotFound), error.ErrorId);
        Assert.Contains("kms:ListKeys", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Finds the keys and revokes, with a client that refuses to send anything to CockroachDB Cloud.</summary>
    private async Task TakeAsync(CrdbCluster typed)
    {
        var (cluster, keys) = await Search.FindAsync(typed, "Revoke-CrdbCmek", Context);
        using var client = new CrdbCloudClient(
            new CloudConnection(new Uri("https://cloud.example/"), new Secret("s")) { Handler = new UnreachableCloud() }
        );
        var lifecycle = new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All));
        var (revocation, error) = await new CmekRevocations(client, lifecycle, CustomerClouds.All).RevokeAsync(
            cluster,
            _providers[cluster.CloudProvider],
            new RevocationOptions { KmsOnly = true, Source = keys },
            Context
        );
        Assert.Null(error);
        Assert.NotEmpty(revocation.Changes);
        Assert.All(revocation.Changes, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
        Assert.Equal((cluster.Id, cluster.Name), (revocation.ClusterId, revocation.ClusterName));
    }

    private void Expire(string provider) =>
        _providers[provider] = provider switch
        {
            "AWS" => _aws.As("AKIAEXPIREDEXPIRED00", Expired),
            "GCP" => _gcp.ProviderAs(Expired),
            _ => _azure.Connect(_azure.Connection with { ClientSecret = new Secret(Expired) }),
        };
}
