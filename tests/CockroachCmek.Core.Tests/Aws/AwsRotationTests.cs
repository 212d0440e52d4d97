using Amazon.KeyManagementService.Model;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>
/// A rotation on demand runs in the background; CockroachDB Cloud is told only when it has taken effect.
/// </summary>
public sealed class AwsRotationTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Never = TimeSpan.FromDays(365);
    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(5, 60, 5)]
    [InlineData(60, 5, 5)]
    [InlineData(5, 5, 60)]
    [InlineData(60, 60, 60)]
    public async Task A_rotation_ends_when_KMS_encrypts_with_the_new_version(int status, int material, int list)
    {
        _world.Server.Aws.Settings.RotationDelays = new AwsRotationDelays(
            TimeSpan.FromSeconds(status),
            TimeSpan.FromSeconds(material),
            TimeSpan.FromSeconds(list)
        );
        var keys = await _world.KeysAsync(AwsWorld.ClusterIn("us-east-1", "us-west-2"), multiRegion: true);
        var before = Version(keys[0]);
        Assert.NotNull(await _world.Provider.RotateKeysAsync(AwsWorld.RotationOf(keys), _world.Context));
        Assert.All(keys, key => Assert.Equal(before + 1, Version(key)));
    }

    [Fact]
    public async Task A_rotation_ends_when_every_replica_encrypts_with_the_new_version()
    {
        _world.Server.Aws.Settings.RotationDelays = new AwsRotationDelays(Soon, Soon, Soon)
        {
            Replica = TimeSpan.FromMinutes(15),
        };
        var keys = await _world.KeysAsync(AwsWorld.ClusterIn("us-east-1", "us-west-2"), multiRegion: true);
        _world.Server.Clock.Advance(TimeSpan.FromHours(1));
        var request = AwsWorld.RotationOf(keys) with { Timeout = TimeSpan.FromMinutes(30) };
        Assert.NotNull(await _world.Provider.RotateKeysAsync(request, _world.Context));
        Assert.All(keys, key => Assert.Equal(2, Version(key)));
        Assert.Contains(_world.Log.ProgressRecords, p => p.Activity.Contains("new version", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_rotation_that_another_run_started_is_waited_for_and_not_repeated()
    {
        var keys = await _world.KeysAsync(AwsWorld.ClusterIn("us-east-1"));
        var rotation = AwsWorld.RotationOf(keys);
        await _world.Kms("us-east-1").RotateKeyOnDemandAsync(new() { KeyId = keys[0].KeyUri });
        var seen = _world.Now;
        Assert.NotNull(await _world.Provider.RotateKeysAsync(rotation, _world.Context));
        Assert.DoesNotContain("RotateKeyOnDemand", _world.OperationsSince(seen));
        Assert.Equal(2, Version(keys[0]));
    }

    [Fact]
    public async Task A_rotation_that_does_not_take_effect_is_an_error_and_the_next_run_waits_for_it()
    {
        var keys = await _world.KeysAsync(AwsWorld.ClusterIn("us-east-1"));
        var rotation = AwsWorld.RotationOf(keys);
        _world.Server.Aws.Settings.RotationDelays = new AwsRotationDelays(Soon, Never, Soon);
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            _world.Provider.RotateKeysAsync(rotation, _world.Context)
        );
        Assert.Equal("RotationNotInForce", error.ErrorId);

        _world.Server.Clock.Advance(Never);
        var seen = _world.Now;
        Assert.NotNull(await _world.Provider.RotateKeysAsync(rotation, _world.Context));
        Assert.DoesNotContain("RotateKeyOnDemand", _world.OperationsSince(seen));
    }

    [Fact]
    public async Task Without_the_permission_to_read_the_status_the_material_decides()
    {
        var keys = await _world.KeysAsync(AwsWorld.ClusterIn("us-east-1"));
        var weak = await _world.AsUserAsync("kms:DescribeKey", "kms:ListKeyRotations", "kms:RotateKeyOnDemand");
        Assert.NotNull(await weak.RotateKeysAsync(AwsWorld.RotationOf(keys), _world.Context));
        Assert.Equal(2, Version(keys[0]));
        // The mark of the rotation could not be set.
        Assert.Contains("kms:TagResource is not allowed", Assert.Single(_world.Log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_leaves_a_new_key_of_an_earlier_run_as_it_is()
    {
        var keys = await _world.KeysAsync(AwsWorld.ClusterIn("us-east-1"));
        var rotation = AwsWorld.RotationOf(keys, newKey: true);
        Assert.NotNull(await _world.Provider.RotateKeysAsync(rotation, _world.Context));
        // The new key lacks the period that the old one has.
        await _world
            .Kms("us-east-1")
            .EnableKeyRotationAsync(
                new EnableKeyRotationRequest { KeyId = keys[0].KeyUri, RotationPeriodInDays = 180 }
            );
        var plan = new RecordingLog { Answer = false };
        Assert.Null(await _world.Provider.RotateKeysAsync(rotation, _world.Context with { Host = plan }));
        Assert.StartsWith("Finish the new KMS key", Assert.Single(plan.Questions).Action, StringComparison.Ordinal);
        Assert.Empty(plan.Writes);
    }

    /// <summary>The number of the version that KMS encrypts with.</summary>
    private int Version(CmekKey key) =>
        _world.Server.Aws.Locked(
            (_, kms) =>
            {
                var found = kms.Find(key.KeyUri)!;
                return found.Material.Versions.IndexOf(found.Material.Current(found.MaterialTime(kms.Now))) + 1;
            }
        );
}
