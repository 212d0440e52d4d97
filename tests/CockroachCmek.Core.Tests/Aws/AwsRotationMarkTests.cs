using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>
/// The gap in which KMS shows a rotation neither as running nor as done: the mark on the key keeps another run, or the
/// next one, from a second rotation.
/// </summary>
public sealed class AwsRotationMarkTests : IDisposable
{
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(150);
    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start(scale: AwsSandboxWorld.SlowScale);

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_rerun_in_the_gap_waits_for_the_rotation_of_the_run_before()
    {
        var key = await PrepareAsync(new(TimeSpan.Zero, Late, Late));
        var impatient = AwsWorld.RotationOf([key]) with { Timeout = TimeSpan.FromSeconds(10) };
        var error = await Assert.ThrowsAsync<CmekException>(() => RotateAsync(impatient));
        Assert.Equal("RotationNotInForce", error.ErrorId);
        Assert.Single(await MarksAsync(key));

        // A dry run neither waits nor removes the mark.
        var plan = new RecordingLog { Answer = false };
        var context = _world.Context with { Host = plan };
        Assert.Null(await _world.Provider.RotateKeysAsync(AwsWorld.RotationOf([key]), context));
        Assert.StartsWith("Wait for the rotation", Assert.Single(plan.Questions).Action, StringComparison.Ordinal);
        Assert.Empty(plan.Writes);
        Assert.Empty(plan.ProgressRecords);
        Assert.Single(await MarksAsync(key));

        Assert.NotNull(await RotateAsync(AwsWorld.RotationOf([key])));
        Assert.Equal(1, Rotations(key));
        Assert.Contains("is not rotated again", Assert.Single(_world.Log.Warnings), StringComparison.Ordinal);
        Assert.Empty(await MarksAsync(key));
    }

    [Fact]
    public async Task Of_two_runs_at_once_one_rotates_and_both_wait_for_it()
    {
        var key = await PrepareAsync(new(TimeSpan.Zero, Late, Late));
        for (var round = 1; round <= 3; round++)
        {
            var request = AwsWorld.RotationOf([key], wrappedAt: _world.Server.Clock.UtcNow);
            var other = _world.As(_world.Server.Aws.AccessKeyId, _world.Server.Aws.SecretAccessKey);
            var specs = await Task.WhenAll(RotateAsync(request), other.RotateKeysAsync(request, _world.Context));
            Assert.All(specs, Assert.NotNull);
            Assert.Equal(round, Rotations(key));
        }

        Assert.Empty(await MarksAsync(key));
    }

    [Fact]
    public async Task The_mark_of_a_run_that_was_ended_holds_others_up_for_half_an_hour()
    {
        var key = await PrepareAsync(AwsRotationDelays.Default);
        await MarkAsync(key, _world.Server.Clock.UtcNow);
        var impatient = AwsWorld.RotationOf([key]) with { Timeout = TimeSpan.FromSeconds(10) };
        var error = await Assert.ThrowsAsync<CmekException>(() => RotateAsync(impatient));
        Assert.Equal("RotationNotSeen", error.ErrorId);
        Assert.Contains("aws kms untag-resource", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(0, Rotations(key));

        _world.Server.Clock.Advance(AwsRotationMarks.Lifetime);
        Assert.NotNull(await RotateAsync(AwsWorld.RotationOf([key])));
        Assert.Equal(1, Rotations(key));
        Assert.Empty(await MarksAsync(key));
    }

    [Fact]
    public async Task A_rotation_that_KMS_refuses_leaves_no_mark()
    {
        var key = await PrepareAsync(AwsRotationDelays.Default);
        await _world.Kms(key.Region).DisableKeyAsync(new DisableKeyRequest { KeyId = key.KeyUri });
        await Assert.ThrowsAsync<CmekException>(() => RotateAsync(AwsWorld.RotationOf([key])));
        Assert.Empty(await MarksAsync(key));
    }

    private async Task<CmekKey> PrepareAsync(AwsRotationDelays delays)
    {
        _world.Server.Aws.Settings.RotationDelays = delays;
        return (await _world.KeysAsync(AwsWorld.ClusterIn("us-east-1"))).Single();
    }

    private Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync(RotationRequest request) =>
        _world.Provider.RotateKeysAsync(request, _world.Context);

    private Task MarkAsync(CmekKey key, DateTimeOffset at)
    {
        var mark = AwsRotationMark.Create(at);
        return _world
            .Kms(key.Region)
            .TagResourceAsync(
                new TagResourceRequest
                {
                    KeyId = AwsKeyArn.Parse(key.KeyUri).KeyId,
                    Tags = [new Tag { TagKey = mark.Tag, TagValue = mark.Value }],
                }
            );
    }

    private async Task<IReadOnlyList<string>> MarksAsync(CmekKey key) =>
        [
            .. (await _world.TagsAsync(key.KeyUri)).Keys.Where(t =>
                t.StartsWith(AwsNames.RotationTagPrefix, StringComparison.Ordinal)
            ),
        ];

    /// <summary>The rotations that KMS accepted, whether it shows them or not.</summary>
    private int Rotations(CmekKey key) =>
        _world.Server.Aws.Locked((_, kms) => kms.Find(key.KeyUri)!.Material.Versions.Count(v => v.Kind.Length > 0));
}
