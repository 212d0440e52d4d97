using System.Management.Automation;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.CutPoints;

/// <summary>
/// A write whose connection is lost in the middle. Every request of a clean run is cut, before or after the sandbox
/// processed it; the write runs again where it gave up; and the clouds must end as after the clean run.
/// </summary>
/// <param name="Setup">
/// Prepares the clouds, once for all cuts; may leave an object for the write in $prepared. Null: the write starts from
/// nothing, in a new session, so that the requests for tokens are cut as well.
/// </param>
/// <param name="Write">The write.</param>
/// <param name="State">Reads what is in the clouds, without what differs from run to run.</param>
/// <param name="TimeScale">How fast time runs in the sandbox.</param>
/// <param name="Reset">Restores what is not in the sandbox, a file for example, before each run. Null: nothing.</param>
internal sealed record CutScenario(
    string? Setup,
    string Write,
    Func<ModuleSession, string> State,
    double TimeScale = 20_000,
    Action? Reset = null
);

/// <summary>
/// Runs cut scenarios. A class of tests shares one: each setup runs once, and each cut starts from its state.
/// </summary>
public sealed class CutPointHarness : IDisposable
{
    private readonly Dictionary<string, Clones> _clones = [];
    private readonly Dictionary<(string?, string), Outcome> _cleanRuns = [];
    private ModuleSession? _fresh;

    /// <summary>A folder for files that a setup needs. It lives as long as the harness.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("crdb-cut-").FullName;

    /// <summary>Cuts every request of the scenario once.</summary>
    /// <param name="scenario">What is cut.</param>
    /// <param name="action">CutBefore or CutAfter.</param>
    /// <param name="atLeast">
    /// The number of requests that must really have been cut. A wait may be shorter in another run, the write may not.
    /// </param>
    internal void Verify(CutScenario scenario, string action, int atLeast)
    {
        var clean = CleanRun(scenario);
        var reached = 0;
        foreach (var point in CutPoint.Of(clean.Exchanges))
        {
            var cut = Run(scenario, point, action);
            Assert.True(
                clean.State == cut.State,
                $"{action} of {point.Kind} number {point.Occurrence + 1} ends differently:\n"
                    + $"{clean.State}\nbecame\n{cut.State}\n{cut.Errors}"
            );
            var isCut = cut.Exchanges.Any(e => e.Get("Status") is null);
            Assert.True(isCut || point.Occurrence > 0, $"{point.Kind} was not cut.");
            if (isCut)
                reached++;
        }

        var summary = $"{reached} of {clean.Exchanges.Count} requests were cut";
        TestContext.Current.TestOutputHelper?.WriteLine(summary);
        Assert.True(reached >= atLeast, $"{summary}, fewer than {atLeast}.");
    }

    public void Dispose()
    {
        foreach (var clones in _clones.Values)
            clones.Session.Dispose();
        _fresh?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private Outcome CleanRun(CutScenario scenario)
    {
        if (_cleanRuns.TryGetValue((scenario.Setup, scenario.Write), out var known))
            return known;
        var clean = Run(scenario, point: null, action: null);
        Assert.DoesNotContain("refused", clean.State, StringComparison.Ordinal);
        return _cleanRuns[(scenario.Setup, scenario.Write)] = clean;
    }

    private Outcome Run(CutScenario scenario, CutPoint? point, string? action)
    {
        var session = Start(scenario);
        scenario.Reset?.Invoke();
        if (point is not null)
            AddFault(session, action!, point);
        var first = session.Run(scenario.Write);
        session.Sandbox.Call("ClearFaults");
        if (point is null)
            first.Succeeds();
        else if (first.AllErrors.Any())
            session.Run(scenario.Write).Succeeds();

        var exchanges = session.Run("$sandbox.Exchanges").Output;
        return new Outcome(
            $"{scenario.State(session)}; {Writes(exchanges)}",
            exchanges,
            string.Join("\n", first.AllErrors.Select(e => e.ErrorDetails?.Message))
        );
    }

    /// <summary>A session in the state after the setup, with an empty recording.</summary>
    private ModuleSession Start(CutScenario scenario)
    {
        if (scenario.Setup is null)
        {
            _fresh ??= new ModuleSession();
            _fresh
                .Run($"Stop-CrdbSandbox; $sandbox = Start-CrdbSandbox -TimeScale {scenario.TimeScale} -Record")
                .Succeeds();
            _fresh.Sandbox.Call("ClearExchanges");
            return _fresh;
        }

        if (!_clones.TryGetValue(scenario.Setup, out var clones))
        {
            var session = ModuleSession.WithSandbox(scenario.TimeScale, record: true);
            session.Run(scenario.Setup).Succeeds();
            var prepared = session.Runspace.SessionStateProxy.GetVariable("prepared");
            clones = _clones[scenario.Setup] = new Clones(session, session.Sandbox.Call("Save"), prepared);
        }

        clones.Session.Sandbox.Call("Load", clones.State);
        clones.Session.Sandbox.Call("ClearExchanges");
        clones.Session.Runspace.SessionStateProxy.SetVariable("prepared", clones.Prepared);
        return clones.Session;
    }

    private static void AddFault(ModuleSession session, string action, CutPoint point)
    {
        var pattern = point.Pattern.Replace("'", "''", StringComparison.Ordinal);
        var fault = $"@{{ Action = '{action}'; Pattern = '{pattern}'; Skip = {point.Occurrence} }}";
        session.Run($"$sandbox.AddFault([CockroachCmek.SandboxFault]{fault})").Succeeds();
    }

    /// <summary>
    /// Counts the writes to CockroachDB Cloud. A write that was processed counts, whether or not its response arrived.
    /// A refused one shows that a write was sent twice; but a new grant may not be in effect yet.
    /// </summary>
    private static string Writes(IEnumerable<PSObject> exchanges)
    {
        var writes = exchanges.Where(e => e.Text("Service") == "cloud" && e.Text("Method") != "GET").ToList();
        var processed = writes.Count(e => (e.Get("Status") ?? e.Get("LostStatus")) is int and < 300);
        var refused = writes.Count(e =>
            e.Get("Status") is >= 400 and < 500
            && !e.Text("ResponseBody").Contains("Insufficient permissions", StringComparison.Ordinal)
        );
        return $"writes processed {processed}{(refused > 0 ? $"; refused {refused}" : "")}";
    }

    private sealed record Clones(ModuleSession Session, object? State, object? Prepared);

    private sealed record Outcome(string State, IReadOnlyList<PSObject> Exchanges, string Errors);
}
