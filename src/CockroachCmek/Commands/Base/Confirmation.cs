using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using CockroachCmek.Core;

namespace CockroachCmek.Commands;

/// <summary>
/// Asks for a plan as a whole. ShouldProcess offers Yes as the default answer, which is the wrong one for a command
/// that
/// stops a cluster.
/// </summary>
internal static class Confirmation
{
    /// <summary>True when PowerShell's rules ask: -Confirm, or an impact of at least $ConfirmPreference.</summary>
    public static bool IsNeeded(CrdbCmdlet cmdlet)
    {
        var bound = cmdlet.MyInvocation.BoundParameters;
        if (IsSet(bound, "WhatIf") ?? LanguagePrimitives.IsTrue(cmdlet.GetVariableValue("WhatIfPreference")))
            return false;
        if (IsSet(bound, "Confirm") is { } asked)
            return asked;
        var preference = LanguagePrimitives.ConvertTo<ConfirmImpact>(
            cmdlet.GetVariableValue("ConfirmPreference", ConfirmImpact.High)
        );
        return preference != ConfirmImpact.None && (cmdlet.PlanImpact ?? ImpactOf(cmdlet)) >= preference;
    }

    /// <summary>True for Yes. Enter is No.</summary>
    /// <exception cref="CmekException">ConfirmationNeeded: nobody can be asked.</exception>
    public static bool Ask(PSCmdlet cmdlet, string caption, string question)
    {
        var choices = new Collection<ChoiceDescription>
        {
            new("&Yes", "Makes every change of the list."),
            new("&No", "Changes nothing."),
        };
        try
        {
            return cmdlet.Host.UI.PromptForChoice(caption, question, choices, defaultChoice: 1) == 0;
        }
        catch (Exception error) when (error is HostException or PSInvalidOperationException or NotImplementedException)
        {
            throw Errors.ConfirmationNeeded(cmdlet.MyInvocation.MyCommand.Name, error);
        }
    }

    private static bool? IsSet(Dictionary<string, object> bound, string name) =>
        bound.TryGetValue(name, out var value) ? LanguagePrimitives.IsTrue(value) : null;

    private static ConfirmImpact ImpactOf(PSCmdlet cmdlet) =>
        cmdlet
            .GetType()
            .GetCustomAttributes(typeof(CmdletAttribute), inherit: false)
            .OfType<CmdletAttribute>()
            .Select(a => a.ConfirmImpact)
            .FirstOrDefault();
}
