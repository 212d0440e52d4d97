using System.Text.RegularExpressions;

namespace CockroachCmek.Tests.Engine;

/// <summary>
/// Promises 1 and 2, for one write: every request that a clean run sends is cut once before it is processed and once after; the run is repeated where it
/// gave up; and the clouds end as after the clean run. Of a wait, whose polls go on as long as time says, the first looks stand for all.
/// </summary>
internal sealed class CutPoints(string setup, string write, Func<ModuleSession, string> state)
{
    private const int LooksOfAWait = 3;

    /// <summary>The engine and the module are loaded once; each run has clouds of its own.</summary>
    public void Verify(string action, int atLeast)
    {
        using var session = new ModuleSession();
        var (clean, requests, _) = Run(session, null, action);
        Assert.True(requests.Count >= atLeast, $"The clean run sent {requests.Count} requests: {string.Join(", ", requests)}");
        Assert.DoesNotContain("refused", clean, StringComparison.Ordinal);
        foreach (var point in requests)
        {
            var (cut, _, errors) = Run(session, point, action);
            Assert.True(clean == cut, $"{action} of {point.Operation} number {point.Occurrence + 1} ends differently:\n{clean}\nbecame\n{cut}\n{errors}");
        }
    }

    private (string State, IReadOnlyList<CutPoint> Requests, string Errors) Run(ModuleSession session, CutPoint? cut, string action)
    {
        session.Run("Stop-CrdbSandbox; $sandbox = Start-CrdbSandbox -TimeScale 20000 -Record");
        session.Run(setup).Succeeds();
        session.Run("$seen = $sandbox.Exchanges.Count").Succeeds();
        if (cut is not null) session.Run($"$sandbox.AddFault([CockroachCmek.SandboxFault]@{{ Action = '{action}'; Pattern = '{cut.Pattern.Replace("'", "''", StringComparison.Ordinal)}'; Skip = {cut.Occurrence} }})").Succeeds();
        var first = session.Run(write);
        session.Run("$sandbox.ClearFaults()").Succeeds();
        if (cut is null) first.Succeeds();
        else if (first.AllErrors.Any()) session.Run(write).Succeeds();
        var sent = session.Run("$sandbox.Exchanges | Where-Object Index -gt $seen").Output;
        // A write that the cloud has taken: answered with success, or cut after it was processed. One that was refused was sent twice.
        var writes = sent.Where(e => e.Text("Service") == "cloud" && e.Text("Method") != "GET").ToList();
        var taken = writes.Count(e => e.Get("Status") is int status ? status < 300 : action == "CutAfter");
        var refused = writes.Count(e => e.Get("Status") is >= 400 and < 500);
        var end = $"{state(session)}; writes taken {taken}{(refused > 0 ? $"; refused {refused}" : "")}";
        return (end, Points(sent), string.Join("\n", first.AllErrors.Select(e => e.ErrorDetails?.Message)));
    }

    private static List<CutPoint> Points(IEnumerable<System.Management.Automation.PSObject> sent)
    {
        var seen = new Dictionary<string, int>();
        var points = new List<CutPoint>();
        foreach (var exchange in sent)
        {
            var operation = exchange.Text("Operation");
            var occurrence = seen.GetValueOrDefault(operation);
            seen[operation] = occurrence + 1;
            var isLook = exchange.Text("Service") == "cloud" && exchange.Text("Method") == "GET";
            if (!isLook || occurrence < LooksOfAWait) points.Add(new CutPoint(operation, Pattern(exchange), occurrence));
        }

        return points;
    }

    /// <summary>A fault's pattern sees "METHOD target X-Amz-Target body".</summary>
    private static string Pattern(System.Management.Automation.PSObject exchange)
    {
        var operation = exchange.Text("Operation");
        return operation.StartsWith("kms:", StringComparison.Ordinal) ? $@"TrentService\.{operation[4..]} "
            : exchange.Text("Service") == "aws" ? $@"Action={operation[4..]}&"
            : $"^{exchange.Text("Method")} {Regex.Escape(exchange.Text("Target").Split('?')[0])}[ ?]";
    }
}

/// <summary>One request: what it asks for, how a fault finds it, and how many of its kind went before.</summary>
internal sealed record CutPoint(string Operation, string Pattern, int Occurrence);
