namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Makes and undoes changes of access, and reads each back. Making or undoing a change twice has the effect of once.
/// </summary>
internal sealed class AwsKeyAccessWriter(AwsRun run)
{
    public async Task<CmekAccessChange> RevokeAsync(CmekAccessChange change)
    {
        await AwsAccessChange.Parse(change).ApplyAsync(run);
        return change with { State = CmekAccessChangeState.Done };
    }

    public async Task<CmekAccessChange> RestoreAsync(CmekAccessChange change)
    {
        await AwsAccessChange.Parse(change).UndoAsync(run);
        return change with { State = CmekAccessChangeState.Restored, Fault = "" };
    }
}
