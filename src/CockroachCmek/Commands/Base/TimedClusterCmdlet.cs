using System.Management.Automation;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Base of the cmdlets whose work takes minutes on CockroachDB Cloud's side.</summary>
public abstract class TimedClusterCmdlet : CrdbClusterCmdlet
{
    /// <summary>
    /// The longest time of each wait. A cluster that is busy with another operation is waited for before the request is
    /// sent, also when the command does not wait for the result; then comes the wait for the result. A time span, or a
    /// number of seconds. Default: two hours.
    /// </summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(2);

    /// <summary>The longest time between two polls: a time span, or a number of seconds. Default: 10 seconds.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);

    private protected WriteOptions WriteOptions => new() { Timeout = Timeout };

    private protected WaitOptions WaitFor(string? expected) =>
        new()
        {
            Timeout = Timeout,
            PollInterval = PollInterval,
            Expected = expected,
        };
}
