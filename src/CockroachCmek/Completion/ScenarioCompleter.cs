using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CockroachCmek.Session;

namespace CockroachCmek.Completion;

/// <summary>The scenarios of the sandbox, each with its meaning. It needs no session.</summary>
public sealed class ScenarioCompleter : IArgumentCompleter
{
    /// <summary>Called by the engine.</summary>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        var word = (wordToComplete ?? "").Trim('\'', '"');
        return
        [
            .. RunningSandbox
                .Scenarios.Where(s => s.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                .Select(s => new CompletionResult(s.Name, s.Name, CompletionResultType.ParameterValue, s.Meaning)),
        ];
    }
}
