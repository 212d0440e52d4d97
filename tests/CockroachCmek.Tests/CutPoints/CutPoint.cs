using System.Management.Automation;
using System.Text.RegularExpressions;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.CutPoints;

/// <summary>A request of a clean run, and how a fault finds it in another run.</summary>
/// <param name="Kind">The operation without ids and regions.</param>
/// <param name="Pattern">What a fault matches: "METHOD target X-Amz-Target body".</param>
/// <param name="Occurrence">The number of earlier requests of the same kind.</param>
internal sealed record CutPoint(string Kind, string Pattern, int Occurrence)
{
    private const int CutsOfARead = 2;
    private const string Id = "<id>";
    private const string Region = "<region>";

    /// <summary>
    /// The requests of a run that are cut: every write, and a read twice for each situation. The situation of a read
    /// is its kind and the kind of the write before it. A further read with both in common is the same step for
    /// another region, or another poll of the same wait, and the earlier cuts of the run cover it.
    /// </summary>
    public static IReadOnlyList<CutPoint> Of(IEnumerable<PSObject> exchanges)
    {
        var occurrences = new Dictionary<string, int>();
        var reads = new Dictionary<(string Kind, string LastWrite), int>();
        var points = new List<CutPoint>();
        var lastWrite = "";
        foreach (var exchange in exchanges)
        {
            var kind = Anonymous(exchange.Text("Operation"));
            var occurrence = occurrences.GetValueOrDefault(kind);
            occurrences[kind] = occurrence + 1;
            if (!IsRead(exchange))
                lastWrite = kind;
            else if ((reads[(kind, lastWrite)] = reads.GetValueOrDefault((kind, lastWrite)) + 1) > CutsOfARead)
                continue;
            points.Add(new CutPoint(kind, PatternOf(exchange), occurrence));
        }

        return points;
    }

    /// <summary>Requests that change nothing. AWS, tokens and some reads of Google Cloud and Vault use POST.</summary>
    private static bool IsRead(PSObject exchange) =>
        exchange.Text("Method") is "GET" or "LIST"
        || Regex.IsMatch(
            exchange.Text("Operation"),
            @"^(kms|iam|sts):(Describe|Get|List)|:(get|test)Iam\w+$|/oauth2/|/token$|/capabilities-self$"
        );

    private static string PatternOf(PSObject exchange)
    {
        var operation = exchange.Text("Operation");
        if (operation.StartsWith("kms:", StringComparison.Ordinal))
            return $@"TrentService\.{operation[4..]} ";
        if (exchange.Text("Service") == "aws")
            return $"Action={operation[4..]}&";
        var path = Regex
            .Escape(Anonymous(exchange.Text("Target").Split('?')[0]))
            .Replace(Id, "[^/ ?]+", StringComparison.Ordinal)
            .Replace(Region, @"[\w-]+", StringComparison.Ordinal);
        return $"^{exchange.Text("Method")} {path}[ ?]";
    }

    /// <summary>Every sandbox has its own ids, and names are made of ids and regions.</summary>
    private static string Anonymous(string text)
    {
        text = Regex.Replace(text, "[^/]*[0-9a-f]{12,}[^/:?]*", Id);
        return Regex.Replace(text, @"(?<=/locations/)[\w-]+|\b[a-z]{2}(-[a-z]+){1,2}-[0-9]\b", Region);
    }
}
