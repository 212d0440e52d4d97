using System.Management.Automation;
using System.Reflection;

namespace CockroachCmek.Session;

/// <summary>
/// Marks a parameter that every input must bring or the command line must give. The engine's own word for that,
/// Mandatory, ends in an error that does not say which command is missing in the pipeline. The help shows it as
/// required.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NeedsAttribute : Attribute
{
    /// <summary>The names of the marked parameters that have no value. Pipeline thread only.</summary>
    public static IReadOnlyList<string> MissingIn(PSCmdlet cmdlet) =>
        [
            .. cmdlet
                .GetType()
                .GetProperties()
                .Where(p => p.GetCustomAttribute<NeedsAttribute>() is not null && p.GetValue(cmdlet) is null or "")
                .Select(p => p.Name),
        ];
}
