using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>Revocations of keys whose policies others change: before, meanwhile and afterwards.</summary>
public sealed class AwsForeignChangeTests : IDisposable
{
    private const string Other = "arn:aws:iam::200000000001:role/other";

    private readonly AwsRevocationRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public async Task A_policy_with_a_deleted_principal_is_left_alone_the_role_is_denied_and_the_output_says_why()
    {
        var (options, keys) = await _runs.PrepareAsync(CmekRevocationMethod.Default);
        await AddDeletedAsync(keys);
        var before = await _runs.StateAsync();
        var log = new RecordingLog();
        var (revocation, error) = await _runs.RevokeAsync(options, log);
        Assert.Null(error);
        var change = Assert.Single(revocation.Changes);
        Assert.Equal((CmekRevocationMethod.DenyRole, CmekAccessChangeState.Done), (change.Method, change.State));
        Assert.Contains(log.Warnings, w =>
            w.Contains("AROA", StringComparison.Ordinal)
            && w.Contains("so DenyRole is", StringComparison.Ordinal)
            && w.Contains("-RemoveStalePrincipal", StringComparison.Ordinal)
        );
        Assert.Null(await _runs.RestoreAsync(_runs.Record));
        Assert.Equal(before, await _runs.StateAsync());
    }

    [Fact]
    public async Task A_principal_that_was_deleted_since_stops_the_restoration_of_its_key_and_is_named()
    {
        var (options, keys) = await _runs.PrepareAsync(CmekRevocationMethod.Deny);
        await _runs.RevokeAsync(options, new RecordingLog());
        await AddDeletedAsync(keys.Take(1));
        var error = await _runs.RestoreAsync(_runs.Record);
        Assert.Equal(nameof(Errors.AccessNotRestored), error!.ErrorId);
        Assert.Contains("AROA", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"-AuthPrincipal {keys[0].AuthPrincipal} -KeyUri {keys[0].KeyUri} -Grant -RemoveStalePrincipal",
            error.RecommendedAction + error.Message,
            StringComparison.Ordinal
        );
        Assert.Single(_runs.Record.Changes, c => c.State == CmekAccessChangeState.Restored);
    }

    [Theory]
    [InlineData(CmekRevocationMethod.Deny)]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    public async Task A_policy_that_somebody_puts_back_is_changed_again(CmekRevocationMethod method)
    {
        var (options, keys) = await _runs.PrepareAsync(method);
        var before = await _runs.StateAsync();
        var policy = (await _runs.World.PolicyAsync(keys[0].KeyUri)).ToCompactString();
        var undone = 0;
        var log = new RecordingLog
        {
            OnVerbose = line =>
            {
                if (IsPutOf(keys[0], line) && Interlocked.Exchange(ref undone, 1) == 0)
                    Task.Run(() => _runs.PutPolicyAsync(keys[0], policy)).GetAwaiter().GetResult();
            },
        };
        var (revocation, error) = await _runs.RevokeAsync(options, log);
        Assert.Null(error);
        Assert.Equal(1, undone);
        Assert.All(revocation.Changes, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
        Assert.False((await _runs.World.PolicyAsync(keys[0].KeyUri)).IsEquivalentTo(KeyPolicyDocument.Parse(policy)));
        Assert.Null(await _runs.RestoreAsync(_runs.Record));
        Assert.Equal(before, await _runs.StateAsync());
    }

    [Theory]
    [InlineData(CmekRevocationMethod.Deny)]
    [InlineData(CmekRevocationMethod.RemoveGrant)]
    public async Task A_statement_that_somebody_adds_during_the_read_back_is_kept_and_holds_up_nothing(
        CmekRevocationMethod method
    )
    {
        var (options, keys) = await _runs.PrepareAsync(method);
        await _runs.CreateRoleAsync("other");
        _runs.World.Server.Clock.Advance(TimeSpan.FromMinutes(1));
        var added = 0;
        var log = new RecordingLog
        {
            OnVerbose = line =>
            {
                if (IsPutOf(keys[0], line) && Interlocked.Exchange(ref added, 1) == 0)
                    Task.Run(() => _runs.AddStatementAsync(keys[0], "Theirs", Other)).GetAwaiter().GetResult();
            },
        };
        var (revocation, error) = await _runs.RevokeAsync(options, log);
        Assert.Null(error);
        Assert.All(revocation.Changes, c => Assert.Equal(CmekAccessChangeState.Done, c.State));
        Assert.Contains(Other, (await _runs.World.PolicyAsync(keys[0].KeyUri)).NamedPrincipals);
        Assert.Null(await _runs.RestoreAsync(_runs.Record));
        Assert.Contains(Other, (await _runs.World.PolicyAsync(keys[0].KeyUri)).NamedPrincipals);
    }

    /// <summary>Names a role in the policies of keys, and deletes it.</summary>
    private static bool IsPutOf(CmekKey key, string line) =>
        line.Contains($"PutKeyPolicy {key.Region}", StringComparison.Ordinal);

    private async Task AddDeletedAsync(IEnumerable<CmekKey> keys)
    {
        await _runs.CreateRoleAsync("other");
        _runs.World.Server.Clock.Advance(TimeSpan.FromMinutes(1));
        foreach (var key in keys)
            await _runs.AddStatementAsync(key, "Gone", Other);
        await _runs.World.IamAsync("DeleteRole", ("RoleName", "other"));
    }
}
