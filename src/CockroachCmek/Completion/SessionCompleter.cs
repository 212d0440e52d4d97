using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CockroachCmek.Session;

namespace CockroachCmek.Completion;

/// <summary>Offers names that the session has already seen. It never calls the cloud, so Tab never waits.</summary>
public abstract class SessionCompleter : IArgumentCompleter
{
    /// <summary>The values that can be offered, each with its tooltip.</summary>
    private protected abstract IEnumerable<(string Text, string ToolTip)> Candidates(
        CloudSession session,
        IDictionary boundParameters
    );

    /// <summary>Called by the engine.</summary>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        if (CloudSession.OfThisRunspace is not { } session)
            return [];
        var word = (wordToComplete ?? "").Trim('\'', '"');
        var pattern = new WildcardPattern(WildcardPattern.Escape(word) + "*", WildcardOptions.IgnoreCase);
        return
        [
            .. Candidates(session, fakeBoundParameters)
                .Where(c => pattern.IsMatch(c.Text))
                .Select(c => new CompletionResult(
                    Quoted(c.Text),
                    c.Text,
                    CompletionResultType.ParameterValue,
                    c.ToolTip
                )),
        ];
    }

    /// <summary>Quotes text that the parser would split or misread.</summary>
    private static string Quoted(string text) =>
        text.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or ':' or '/')
            ? text
            : $"'{text.Replace("'", "''")}'";
}

/// <summary>Names of clusters.</summary>
public sealed class ClusterNameCompleter : SessionCompleter
{
    private protected override IEnumerable<(string, string)> Candidates(
        CloudSession session,
        IDictionary boundParameters
    ) =>
        session
            .Clusters.KnownClusters.OrderBy(cluster => cluster.Name, StringComparer.OrdinalIgnoreCase)
            .Select(cluster =>
                (cluster.Name, $"{cluster.CloudProvider} {string.Join(", ", cluster.Regions)} ({cluster.Id})")
            );
}

/// <summary>Regions of the cluster on the command line, or of all clusters seen.</summary>
public sealed class RegionCompleter : SessionCompleter
{
    private protected override IEnumerable<(string, string)> Candidates(
        CloudSession session,
        IDictionary boundParameters
    )
    {
        var named = boundParameters["Cluster"]?.ToString();
        var clusters = session.Clusters.KnownClusters.Where(c =>
            named is null || string.Equals(c.Name, named, StringComparison.OrdinalIgnoreCase)
        );
        return clusters
            .SelectMany(c => c.Regions.Select(r => (r.Name, c.Name)))
            .GroupBy(pair => pair.Item1)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (group.Key, string.Join(", ", group.Select(pair => pair.Item2))));
    }
}

/// <summary>Keys that were created or read in the session.</summary>
public sealed class KeyUriCompleter : SessionCompleter
{
    private protected override IEnumerable<(string, string)> Candidates(
        CloudSession session,
        IDictionary boundParameters
    ) => session.KnownKeys.All.Select(uri => (uri, uri));
}
