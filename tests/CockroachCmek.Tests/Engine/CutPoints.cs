using System.Text.RegularExpressions;

namespace CockroachCmek.Tests.Engine;

/// <summary>
/// Promises 1 and 2, for one write: every request that a clean run sends is cut once before it is processed and once after; the run is repeated where it
/// gave up; and the clouds end as after the clean run. Of a wait, whose polls go on as long as time says, the first looks stand for all.
/// </summary>
internal sealed class CutPoints(string setup, string write, Func<ModuleSession, string> state, int timeScale = 20_000)
{
    private const int LooksOfAWait = 3;

    /// <summary>The engine and the module are loaded once; each run has clouds of its own.</summary>
    /// <param name="atLeast">Requests that must really have been cut: a wait may be shorter in another run, the write may not.</param>
    public void Verify(string action, int atLeast)
    {
        using var session = new ModuleSession();
        var clean = Run(session, null, action);
        Assert.DoesNotContain("refused", clean.State, StringComparison.Ordinal);
        var reached = 0;
        foreach (var point in clean.Requests)
        {
            var cut = Run(session, point, action);
            Assert.True(
                clean.State == cut.State,
                $"{action} of {point.Operation} number {point.Occurrence + 1} ends differently:\n{clean.State}\nbecame\n{cut.State}\n{cut.Errors}"
            );
            Assert.True(cut.IsCut || point.Occurrence > 0, $"{point.Operation} was not cut.");
            if (cut.IsCut)
                reached++;
        }

        Assert.True(reached >= atLeast, $"{reached} requests were cut, of {string.Join(", ", clean.Requests)}");
    }

    private Outcome Run(ModuleSession session, CutPoint? cut, string action)
    {
        session.Run($"Stop-CrdbSandbox; $sandbox = Start-CrdbSandbox -TimeScale {timeScale} -Record");
        session.Run(setup).Succeeds();
        session.Run("$seen = $sandbox.Exchanges.Count").Succeeds();
        if (cut is not null)
            session
                .Run(
                    $"$sandbox.AddFault([CockroachCmek.SandboxFault]@{{ Action = '{action}'; Pattern = '{cut.Pattern.Replace("'", "''", StringComparison.Ordinal)}'; Skip = {cut.Occurrence} }})"
                )
                .Succeeds();
        var first = session.Run(write);
        session.Run("$sandbox.ClearFaults()").Succeeds();
        if (cut is null)
            first.Succeeds();
        else if (first.AllErrors.Any())
            session.Run(write).Succeeds();
        var sent = session.Run("$sandbox.Exchanges | Where-Object Index -gt $seen").Output;
        // A write that the cloud has taken, whether or not its answer arrived. One that was refused was sent twice; that a fresh grant has not arrived yet is no fault of ours.
        var writes = sent.Where(e => e.Text("Service") == "cloud" && e.Text("Method") != "GET").ToList();
        var taken = writes.Count(e => (e.Get("Status") ?? e.Get("LostStatus")) is int and < 300);
        var refused = writes.Count(e =>
            e.Get("Status") is >= 400 and < 500
            && !e.Text("ResponseBody").Contains("Insufficient permissions", StringComparison.Ordinal)
        );
        return new Outcome(
            $"{state(session)}; writes taken {taken}{(refused > 0 ? $"; refused {refused}" : "")}",
            Points(sent),
            sent.Any(e => e.Get("Status") is null),
            string.Join("\n", first.AllErrors.Select(e => e.ErrorDetails?.Message))
        );
    }

    /// <summary>Ids become numbers in the order in which the text names them: they differ from run to run.</summary>
    public static string Numbered(string text)
    {
        // Vault ends the names of what it distributes with the time.
        text = Regex.Replace(text, "(?<=crdb-cmek-[0-9a-f]{12}(-g[0-9]+)?)-[0-9]{9,}", "");
        var number = 0;
        foreach (
            var form in new[]
            {
                "(mrk-)?[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "(?<=crdb-cmek-|crl-kms-user-)[0-9a-f]{12}",
            }
        )
        foreach (var id in Regex.Matches(text, form).Select(m => m.Value).Distinct())
            text = text.Replace(id, $"<{number++}>", StringComparison.Ordinal);
        return text;
    }

    private static List<CutPoint> Points(IEnumerable<System.Management.Automation.PSObject> sent)
    {
        var seen = new Dictionary<string, int>();
        var points = new List<CutPoint>();
        foreach (var exchange in sent)
        {
            var operation = Anonymous(exchange.Text("Operation"));
            var occurrence = seen.GetValueOrDefault(operation);
            seen[operation] = occurrence + 1;
            if (exchange.Text("Method") != "GET" || occurrence < LooksOfAWait)
                points.Add(new CutPoint(operation, Pattern(exchange), occurrence));
        }

        return points;
    }

    /// <summary>A fault's pattern sees "METHOD target X-Amz-Target body".</summary>
    private static string Pattern(System.Management.Automation.PSObject exchange)
    {
        var operation = exchange.Text("Operation");
        return operation.StartsWith("kms:", StringComparison.Ordinal) ? $@"TrentService\.{operation[4..]} "
            : exchange.Text("Service") == "aws" ? $@"Action={operation[4..]}&"
            : $"^{exchange.Text("Method")} {Regex.Escape(Anonymous(exchange.Text("Target").Split('?')[0])).Replace("<id>", "[^/ ?]+", StringComparison.Ordinal)}[ ?]";
    }

    /// <summary>Every sandbox has ids of its own, and names that hang on them.</summary>
    private static string Anonymous(string text) => Regex.Replace(text, "[^/]*[0-9a-f]{12,}[^/:?]*", "<id>");
}

/// <summary>What a run ended in, and how it came there.</summary>
internal sealed record Outcome(string State, IReadOnlyList<CutPoint> Requests, bool IsCut, string Errors);

/// <summary>One request: what it asks for, how a fault finds it, and how many of its kind went before.</summary>
internal sealed record CutPoint(string Operation, string Pattern, int Occurrence);
