using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Cmek;

/// <summary>
/// Rotation and the state that CockroachDB Cloud shows: in both forms of a re-wrap, and when somebody else changes it.
/// </summary>
public sealed class RotationStateTests : IDisposable
{
    private const double Scale = 20_000;

    private readonly SandboxServer _server = SandboxServer.Start(
        new SandboxOptions { TimeScale = Scale, PageSize = 50 }
    );
    private readonly RecordingLog _log = new();
    private readonly TimeProvider _time = new ScaledTimeProvider(TimeProvider.System, Scale);
    private readonly AwsKeyProvider _aws;

    public RotationStateTests() =>
        _aws = new AwsKeyProvider(
            new AwsCustomerCloud(),
            new AwsConnection
            {
                Endpoint = _server.AwsEndpoint,
                AccessKeyId = _server.Aws.AccessKeyId,
                SecretAccessKey = new Secret(_server.Aws.SecretAccessKey),
            }
        );

    private OperationContext Context => new(_log, _time, CancellationToken.None);

    private CrdbCluster Cluster =>
        new()
        {
            Id = _server.Cloud.Clusters.Single(c => c.Name == "prod-eu-old").Id,
            Name = "prod-eu-old",
            CloudProvider = "AWS",
            Regions = [new CrdbRegion { Name = "eu-west-1", NodeCount = 3 }],
        };

    [Theory]
    [InlineData(false, "a new key entry")]
    [InlineData(true, "an update of the same key entry")]
    public async Task A_rerun_knows_what_the_cluster_wraps_with_in_either_form(bool inPlace, string form)
    {
        _server.Cloud.Settings.UpdatesEntryInPlace = inPlace;
        using var client = Client(_server.Cloud.AdminKey);

        _first = (await client.GetCmekAsync(Cluster, Context)).InForce().Single().KeyUri;
        var seeded = Versions;
        var first = await RotateAsync(client);
        Assert.Equal(CmekOutcome.Updated, first.Outcome);
        Assert.Contains(_log.VerboseLines, l => l.EndsWith($"as {form}.", StringComparison.Ordinal));
        Assert.Equal(seeded + 1, Versions);

        // Complete: the next run is another rotation, and the health check sees nothing that was not taken up.
        Assert.DoesNotContain(await ChecksAsync(client), c => c.ErrorId is "VersionNotTakenUp" or "KeyTooOld");
        Assert.Equal(CmekOutcome.Updated, (await RotateAsync(client)).Outcome);
        Assert.Equal(seeded + 2, Versions);

        // Rotated by AWS since: the cluster re-wraps, and the key is not rotated again.
        _server.Aws.Locked(
            (_, kms) =>
            {
                kms.Find(_first)!.Material.Rotate(kms.Now, "AUTOMATIC");
                return true;
            }
        );
        Assert.Contains(await ChecksAsync(client), c => c.ErrorId == "VersionNotTakenUp");
        Assert.Equal(CmekOutcome.Updated, (await RotateAsync(client)).Outcome);
        Assert.Equal(seeded + 3, Versions);
        Assert.DoesNotContain(await ChecksAsync(client), c => c.ErrorId == "VersionNotTakenUp");
    }

    [Theory]
    [InlineData(true, "the service account 'sandbox-operator'")]
    [InlineData(false, "needs the role Organization Admin")]
    public async Task A_change_by_somebody_else_ends_a_rotation_before_it_sends_anything(bool mayReadLog, string who)
    {
        using var other = Client(_server.Cloud.OperatorKey);
        using var client = Client(mayReadLog ? _server.Cloud.AdminKey : _server.Cloud.OperatorKey);
        var spec = (await client.GetCmekAsync(Cluster, Context)).InForce().Single();
        BeforeRewrap(() => other.UpdateCmekAsync(Cluster, [spec], Context));

        var error = await Assert.ThrowsAsync<CmekException>(() => RotateAsync(client));

        Assert.Equal("ClusterChanged", error.ErrorId);
        Assert.Contains("eu-west-1 ", error.Message, StringComparison.Ordinal);
        Assert.Contains(who, error.Message, StringComparison.Ordinal);
        // The seeded entries, and the other's.
        Assert.Equal(3, (await client.GetCmekAsync(Cluster, Context)).Entries("eu-west-1"));
    }

    [Fact]
    public async Task A_new_key_of_a_run_that_lost_is_taken_back()
    {
        using var client = Client(_server.Cloud.AdminKey);
        var spec = (await client.GetCmekAsync(Cluster, Context)).InForce().Single();
        BeforeRewrap(() => client.UpdateCmekAsync(Cluster, [spec], Context));

        var error = await Assert.ThrowsAsync<CmekException>(() => RotateAsync(client, newKey: true));

        Assert.Equal("ClusterChanged", error.ErrorId);
        Assert.Contains(_log.Warnings, w => w.Contains("Its deletion is scheduled", StringComparison.Ordinal));
        Assert.Equal(1, EnabledKeys);
    }

    [Fact]
    public async Task A_rotation_to_a_new_key_does_not_undo_a_revocation_beside_it()
    {
        using var client = Client(_server.Cloud.AdminKey);
        var spec = (await client.GetCmekAsync(Cluster, Context)).InForce().Single();
        BeforeRewrap(async () =>
        {
            var plan = await _aws.PlanRevocationAsync(
                new RevocationRequest { Cluster = Cluster, Keys = [spec] },
                Context
            );
            foreach (var change in plan)
                await _aws.RevokeAccessAsync(change, Context);
        });

        var error = await Assert.ThrowsAsync<CmekException>(() => RotateAsync(client, newKey: true));

        Assert.Equal("ClusterChanged", error.ErrorId);
        Assert.Contains("revoked in the KMS", error.Message, StringComparison.Ordinal);
        Assert.Equal(spec, (await client.GetCmekAsync(Cluster, Context)).InForce().Single());
        Assert.Equal(1, EnabledKeys);
    }

    private string _first = "";

    [Fact]
    public async Task A_second_run_with_NewKey_says_that_and_by_whom_the_first_was_made()
    {
        using var client = Client(_server.Cloud.AdminKey);
        var lifecycle = new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All));
        var rotation = new CmekRotation(client, lifecycle, new ManifestCheck(CustomerClouds.All));
        var options = new RotationOptions { NewKey = true };
        await rotation.RotateAsync(Cluster, _aws, options, Context);
        var keys = EnabledKeys;

        var second = await rotation.RotateAsync(Cluster, _aws, options, Context);

        Assert.Equal((CmekOutcome.Existing, keys), (second.Outcome, EnabledKeys));
        var warning = Assert.Single(_log.Warnings, w =>
            w.Contains("so this run created no key", StringComparison.Ordinal)
        );
        Assert.Contains(second.InForce().Single().KeyUri, warning, StringComparison.Ordinal);
        Assert.Contains("The audit log names", warning, StringComparison.Ordinal);
    }

    /// <summary>Versions of the cluster's key.</summary>
    private int Versions => _server.Aws.Locked((_, kms) => kms.Find(_first)!.Material.Versions.Count);

    private int EnabledKeys =>
        _server.Aws.Locked((_, kms) => kms.InRegion("eu-west-1").Count(k => k.State(kms.Now) == "Enabled"));

    /// <summary>Lets somebody else act after the work in the KMS, right before the cluster is told.</summary>
    private void BeforeRewrap(Func<Task> act) =>
        _log.Meanwhile = action => action.StartsWith("Re-wrap", StringComparison.Ordinal) ? act() : Task.CompletedTask;

    private CrdbCloudClient Client(string apiKey) =>
        new(new CloudConnection(_server.CloudEndpoint, new Secret(apiKey)) { Time = _time, TimeScale = Scale });

    /// <summary>A rotation a day later, so that the one before has ended.</summary>
    private async Task<CmekInfo> RotateAsync(CrdbCloudClient client, bool newKey = false)
    {
        _server.Clock.Advance(TimeSpan.FromDays(1));
        _first = (await client.GetCmekAsync(Cluster, Context)).InForce().Single().KeyUri;
        var lifecycle = new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All));
        return await new CmekRotation(client, lifecycle, new ManifestCheck(CustomerClouds.All)).RotateAsync(
            Cluster,
            _aws,
            new RotationOptions
            {
                NewKey = newKey,
                Wait = new WaitOptions { Expected = CmekStatus.Enabled },
            },
            Context
        );
    }

    private async Task<IReadOnlyList<CmekCheck>> ChecksAsync(CrdbCloudClient client)
    {
        _server.Clock.Advance(TimeSpan.FromDays(1));
        return await new CmekHealth(client, new ManifestCheck(CustomerClouds.All)).CheckAsync(
            Cluster,
            _aws,
            new HealthOptions { MaxKeyAge = TimeSpan.FromDays(30) },
            Context
        );
    }

    public void Dispose()
    {
        _aws.Dispose();
        _server.Dispose();
    }
}
