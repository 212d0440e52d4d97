using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>A key that is open to everybody: taking it from the cluster's role does not end its use.</summary>
public sealed class AwsOpenKeyTests : IDisposable
{
    private readonly AwsRevocationRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public async Task By_default_a_key_that_is_open_to_everybody_is_disabled_too_and_given_back()
    {
        var (options, key) = await OpenAsync(CmekRevocationMethod.Default);
        var before = await _runs.StateAsync();
        var log = new RecordingLog();
        var (revocation, error) = await _runs.RevokeAsync(options, log);
        Assert.Null(error);
        Assert.Equal("Disabled", (await _runs.World.DescribeAsync(key.Region, key.KeyUri)).KeyState.Value);
        // Neither the copy, which is not open, nor the role needs that.
        Assert.Equal(
            ["Deny", "Deny", "DisableKey"],
            revocation.Changes.Select(c => $"{c.Method}").Order(StringComparer.Ordinal)
        );
        Assert.Contains(log.Warnings, w => w.Contains("DisableKey is tried", StringComparison.Ordinal));
        Assert.Null(await _runs.RestoreAsync(_runs.Record));
        Assert.Equal(before, await _runs.StateAsync());
    }

    [Theory]
    [InlineData(CmekRevocationMethod.Deny)]
    [InlineData(CmekRevocationMethod.DenyRole)]
    [InlineData(CmekRevocationMethod.RemoveTrust)]
    public async Task A_method_that_takes_it_from_the_role_only_says_that_access_remains_and_how_to_end_it(
        CmekRevocationMethod method
    )
    {
        var (options, key) = await OpenAsync(method);
        var (_, error) = await _runs.RevokeAsync(options, new RecordingLog());
        Assert.Equal(nameof(Errors.AccessRemains), error!.ErrorId);
        Assert.Contains($"{key.KeyUri} is open to everybody", error.Message, StringComparison.Ordinal);
        // With -KmsOnly it was never to be asked.
        Assert.DoesNotContain("CockroachDB Cloud", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("-Method DisableKey", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_drill_passes_only_the_method_that_would_cut_everybody()
    {
        var (_, key) = await OpenAsync(CmekRevocationMethod.Default);
        var request = AwsWorld.RevocationOf([key]) with { Cluster = _runs.Cluster };
        var lines = await RevocationDrills.DrillKeyAsync(request, _runs.World.Provider, _runs.World.Context);
        Assert.All(lines, line =>
            Assert.Equal(
                line.Method == CmekRevocationMethod.DisableKey ? CmekCheckStatus.Pass : CmekCheckStatus.Fail,
                line.Status
            )
        );
        Assert.Contains(lines, l => l.Detail.Contains("open to everybody", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_is_pending_deletion_can_be_used_by_nobody()
    {
        var (options, key) = await OpenAsync(CmekRevocationMethod.Deny);
        await _runs
            .World.Kms(key.Region)
            .ScheduleKeyDeletionAsync(
                new ScheduleKeyDeletionRequest { KeyId = AwsKeyArn.Parse(key.KeyUri).KeyId, PendingWindowInDays = 7 }
            );
        var request = AwsWorld.RevocationOf([key], CmekRevocationMethod.Deny) with { Cluster = _runs.Cluster };
        var lines = await RevocationDrills.DrillKeyAsync(request, _runs.World.Provider, _runs.World.Context);
        Assert.DoesNotContain(lines, l => l.Detail.Contains("open to everybody", StringComparison.Ordinal));
        Assert.NotEqual(
            nameof(Errors.AccessRemains),
            (await _runs.RevokeAsync(options, new RecordingLog())).Error?.ErrorId
        );
    }

    private async Task<(RevocationOptions Options, CmekKey Key)> OpenAsync(CmekRevocationMethod method)
    {
        var (options, keys) = await _runs.PrepareAsync(method);
        var key = keys.Single(k => k.Region == AwsRevocationRuns.Region);
        await _runs.AddStatementAsync(key, "Open", "*");
        return (options, key);
    }
}
