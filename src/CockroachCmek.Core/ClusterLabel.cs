using System.Text.RegularExpressions;

namespace CockroachCmek.Core;

/// <summary>Puts the cluster's name into a message about work on one cluster of many, where it is missing.</summary>
internal static class ClusterLabel
{
    /// <summary>The message, which names the cluster.</summary>
    public static string On(string cluster, string message) =>
        cluster.Length == 0 || Names(message, cluster) ? message : $"{VisibleText.Line(cluster)}: {message}";

    /// <summary>The error, whose message names the cluster.</summary>
    public static CmekException On(string cluster, CmekException error) =>
        On(cluster, error.Message) is var message && message == error.Message ? error : error.WithMessage(message);

    /// <summary>As a word of its own: 'prod' is not named by 'prod-eu'.</summary>
    private static bool Names(string message, string cluster) =>
        Regex.IsMatch(
            message,
            $"(?<![\\w-]){Regex.Escape(cluster)}(?![\\w-])",
            RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
        );
}
