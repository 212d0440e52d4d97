using System.Management.Automation;
using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Commands;

/// <summary>Base of the cmdlets that wait for the result on request.</summary>
public abstract class WaitingClusterCmdlet : TimedClusterCmdlet
{
    /// <summary>Waits until the operation has finished in every region, and shows progress for each region.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How to wait; null without -Wait.</summary>
    private protected WaitOptions? WaitIfAsked(string? expected) => Wait.IsPresent ? WaitFor(expected) : null;
}
