using System.Text.RegularExpressions;
using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>
/// A run that is evicted after any call, and run again, ends as one clean run. The record of both undoes everything,
/// exactly. The key has a statement of somebody's own, KMS grants, and a replica that the cluster does not use.
/// </summary>
public sealed class AwsEvictionTests : IDisposable
{
    private readonly AwsRevocationRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData(CmekRevocationMethod.Deny)]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    [InlineData(CmekRevocationMethod.DenyRole)]
    [InlineData(CmekRevocationMethod.RemoveTrust)]
    [InlineData(CmekRevocationMethod.DisableKey)]
    public async Task Evicted_after_any_call_and_run_again_it_ends_as_a_clean_run_and_is_undone_exactly(
        CmekRevocationMethod method
    )
    {
        var (options, keys) = await _runs.PrepareAsync(method);
        foreach (var key in keys)
            await GrantAsync(key);
        var before = await _runs.StateAsync();
        var snapshot = _runs.World.Server.Save();
        var log = new RecordingLog();
        await RevokeAsync(options, log, CancellationToken.None);
        var expected = await _runs.StateAsync();
        Assert.NotEqual(before, expected);

        string[] calls = [.. log.VerboseLines.Where(IsCall)];
        var first = Array.FindIndex(calls, c => Regex.IsMatch(c, "^AWS (KMS|IAM) (Put|Revoke|Disable|Update)"));
        for (var evictedAt = first; evictedAt < calls.Length; evictedAt++)
        {
            _runs.World.Server.Load(snapshot);
            foreach (var file in Directory.GetFiles(_runs.Folder))
                File.Delete(file);
            await EvictAsync(options, evictedAt);
            await RevokeAsync(options, new RecordingLog(), CancellationToken.None);
            Assert.Equal(expected, await _runs.StateAsync());
            Assert.Null(await _runs.RestoreAsync(_runs.Record));
            Assert.Equal(before, await _runs.StateAsync());
        }
    }

    private static bool IsCall(string line) => Regex.IsMatch(line, "^AWS (KMS|IAM|STS) ");

    private async Task EvictAsync(RevocationOptions options, int after)
    {
        using var stop = new CancellationTokenSource();
        var calls = -1;
        var log = new RecordingLog
        {
            OnVerbose = line =>
            {
                if (IsCall(line) && Interlocked.Increment(ref calls) == after)
                    stop.Cancel();
            },
        };
        try
        {
            await RevokeAsync(options, log, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // After the last call there is nothing left to stop.
        }
    }

    private async Task RevokeAsync(RevocationOptions options, RecordingLog log, CancellationToken cancellation)
    {
        var (revocation, error) = await _runs.RevokeAsync(options, log, cancellation);
        Assert.Null(error);
        Assert.All(revocation.Changes, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
    }

    private async Task GrantAsync(CmekKey key)
    {
        await _runs.AddStatementAsync(key, "Ours", key.AuthPrincipal);
        foreach (var name in new[] { "one", null })
            await _runs
                .World.Kms(key.Region)
                .CreateGrantAsync(
                    new CreateGrantRequest
                    {
                        KeyId = key.KeyUri,
                        Name = name,
                        GranteePrincipal = key.AuthPrincipal,
                        Operations = ["Decrypt"],
                    }
                );
    }
}
