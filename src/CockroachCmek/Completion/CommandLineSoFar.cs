using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Keys;
using CockroachCmek.Session;

namespace CockroachCmek.Completion;

/// <summary>What has been typed when Tab is pressed, and the clusters that it means. Calls nothing.</summary>
/// <param name="parameter">The parameter's name.</param>
/// <param name="word">What was typed of the value.</param>
/// <param name="command">The command.</param>
/// <param name="bound">The parameters that have values already.</param>
internal sealed class CommandLineSoFar(string parameter, string word, CommandAst command, IDictionary bound)
{
    private IReadOnlyList<CrdbCluster>? _clusters;

    public string Parameter => parameter;

    public string Word => word;

    /// <summary>
    /// The session: -Session of the command is an object, which is not known before the command runs.
    /// </summary>
    public CloudSession? Session { get; } = CloudSession.OfThisRunspace;

    /// <summary>Every cluster that the session has seen.</summary>
    public IReadOnlyCollection<CrdbCluster> Known => Session?.Clusters.KnownClusters ?? [];

    /// <summary>True when the line says which clusters are meant, even if the session has not seen them.</summary>
    public bool NamesClusters => Named().Any();

    /// <summary>The clusters that the command and the pipeline before it name; empty when none is known.</summary>
    public IReadOnlyList<CrdbCluster> Clusters =>
        _clusters ??= [.. Named().SelectMany(Matching).GroupBy(c => c.Id).Select(same => same.First())];

    /// <summary>The clouds of these clusters; every cloud when the line names none that is known.</summary>
    public IReadOnlyList<ICustomerCloud> Clouds
    {
        get
        {
            var table = Session?.Clouds ?? CustomerClouds.All;
            var found = Clusters.Select(table.Find).OfType<ICustomerCloud>().Distinct().ToList();
            return found.Count > 0 ? found : table.All;
        }
    }

    /// <summary>Keys and identities that the session, or a manifest of the folder, has shown.</summary>
    public IReadOnlyList<SeenKey> Keys() =>
        [.. Session?.Memory.Keys ?? [], .. FolderFiles.KeysOfManifests(CurrentShell.Folder())];

    /// <summary>What the clouds need to offer values: what was seen, and how the session reaches them.</summary>
    public SeenNames Seen()
    {
        var keys = Keys();
        return new SeenNames(
            [.. keys.Select(k => k.KeyUri).Distinct()],
            [.. keys.Select(k => k.AuthPrincipal).Distinct()]
        )
        {
            Connection = Session?.ConnectionOptions ?? CloudOptions.None,
            Sandbox = Session?.SandboxClouds,
        };
    }

    private IEnumerable<CrdbCluster> Matching(object? value)
    {
        if (value is PSObject wrapped)
            value = wrapped.BaseObject;
        if (value is CrdbCluster cluster)
            return [cluster];
        if (value is IEnumerable many and not string)
            return many.Cast<object?>().SelectMany(Matching);
        var text = value switch
        {
            null => "",
            string given => given.Trim('\'', '"'),
            _ => PSObject.AsPSObject(value).Properties["ClusterId"]?.Value?.ToString() ?? value.ToString() ?? "",
        };
        if (text.Length == 0)
            return [];
        var name = new WildcardPattern(text, WildcardOptions.IgnoreCase);
        return Known.Where(c => name.IsMatch(c.Name) || string.Equals(c.Id, text, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The value of -Cluster or -Name, or else what the pipeline before the command begins with.</summary>
    private IEnumerable<object?> Named()
    {
        if (parameter is not "Cluster" && bound["Cluster"] is { } given)
            return [given];
        if (command.Parent is not PipelineAst pipeline)
            return [];
        return pipeline
            .PipelineElements.TakeWhile(element => element != command)
            .SelectMany(element =>
                element switch
                {
                    CommandExpressionAst expression => [expression.Expression],
                    CommandAst earlier => earlier.CommandElements.Skip(1).OfType<ExpressionAst>(),
                    _ => [],
                }
            )
            .Select(ValueOf)
            .Where(value => value is not null);
    }

    private static object? ValueOf(ExpressionAst expression) =>
        expression switch
        {
            StringConstantExpressionAst text => text.Value,
            VariableExpressionAst variable => CurrentShell.Variable(variable.VariablePath.UserPath),
            ArrayLiteralAst list => list.Elements.Select(ValueOf).ToArray(),
            _ => null,
        };
}

/// <summary>What the shell knows in which Tab was pressed.</summary>
internal static class CurrentShell
{
    /// <summary>The current folder.</summary>
    public static string Folder() =>
        Ask("$ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath") as string ?? "";

    /// <summary>The value of a variable; null when there is none.</summary>
    public static object? Variable(string name) =>
        // Only plain names: the text becomes a script.
        name.All(c => char.IsLetterOrDigit(c) || c is '_' or ':')
            ? Ask($"${{{name}}}")
            : null;

    /// <summary>The variables that are in scope, without the engine's wrapping.</summary>
    public static IEnumerable<(string Name, object? Value)> Variables() =>
        Run(shell =>
                shell.AddScript("$ExecutionContext.SessionState.InvokeProvider.ChildItem.Get('variable:', $false)")
            )
            .Select(v => v.BaseObject)
            .OfType<PSVariable>()
            .Where(v => v.Name.All(c => char.IsLetterOrDigit(c) || c == '_'))
            .Select(v => (v.Name, PipedObject.Unwrap(v.Value)));

    /// <summary>The vaults that SecretManagement has registered on this machine; none if it is not loaded.</summary>
    public static IEnumerable<string> SecretVaults() =>
        Run(shell => shell.AddCommand("Get-Module").AddParameter("Name", ApiKeySource.SecretManagement)).Count == 0
            ? []
            : Run(shell => shell.AddCommand("Get-SecretVault"))
                .Select(vault => vault.Properties["Name"]?.Value?.ToString() ?? "");

    private static object? Ask(string script) =>
        Run(shell => shell.AddScript(script)) is [{ } first, ..] ? first.BaseObject : null;

    private static IList<PSObject> Run(Action<PowerShell> command)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        command(shell);
        return shell.Invoke();
    }
}
