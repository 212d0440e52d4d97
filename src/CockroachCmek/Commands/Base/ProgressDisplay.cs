using System.Management.Automation;
using CockroachCmek.Core;

namespace CockroachCmek.Commands;

/// <summary>Progress as PowerShell shows it: one activity for each cluster, one child for each region. Pipeline thread only.</summary>
internal sealed class ProgressDisplay(CrdbCmdlet cmdlet)
{
    // Ids are shared by all cmdlets of a pipeline; a cmdlet's own numbers start far from those of its neighbours.
    private static int s_lastId = 7_000;

    private readonly Dictionary<string, int> _ids = [];
    private readonly Dictionary<string, ProgressRecord> _open = [];

    public void Show(OperationProgress progress)
    {
        var key = $"{progress.Activity}\n{progress.Region}";
        var record = new ProgressRecord(
            Id(key),
            progress.Region ?? progress.Activity,
            progress.Status.Length == 0 ? " " : progress.Status
        )
        {
            ParentActivityId = progress.Region is null ? -1 : Id($"{progress.Activity}\n"),
            PercentComplete = progress.Percent ?? -1,
            RecordType = progress.Completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        };
        if (progress.Completed)
            _open.Remove(key);
        else
            _open[key] = record;
        cmdlet.WriteProgress(record);
    }

    /// <summary>Takes every line away that is still shown.</summary>
    public void Clear()
    {
        foreach (var record in _open.Values)
        {
            record.RecordType = ProgressRecordType.Completed;
            cmdlet.WriteProgress(record);
        }

        _open.Clear();
    }

    private int Id(string key) =>
        _ids.TryGetValue(key, out var id) ? id : _ids[key] = Interlocked.Increment(ref s_lastId);
}
