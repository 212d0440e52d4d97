using System.Management.Automation;
using CockroachCmek.Core;

namespace CockroachCmek.Commands;

/// <summary>Shows one progress activity for each cluster, with a child for each region. Pipeline thread only.</summary>
internal sealed class ProgressDisplay(CrdbCmdlet cmdlet)
{
    // All cmdlets of a pipeline share the id space, so these ids start far from those of other modules.
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
            RecordType = progress.Completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        };
        if (progress.Completed)
            _open.Remove(key);
        else
            _open[key] = record;
        cmdlet.WriteProgress(record);
    }

    /// <summary>Removes the lines that are still shown.</summary>
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
