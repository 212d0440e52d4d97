using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Promises 1 and 2 on Azure: whatever request is cut, before or after it was processed, the pipeline (run again where it gave up) ends as a clean run does.</summary>
public sealed class AzureLostAnswerTests
{
    private const string Pipeline = "$null = Get-CrdbCluster azure-eu | New-CrdbCmekRole -GrantConsent | New-CrdbCmekKey -VaultName cmek-sandbox -KeySize 2048 -RotationPeriodInDays 200 | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void Every_request_of_the_pipeline_may_be_cut(string action)
    {
        var clean = Run(null);
        Assert.Contains("ENABLED", clean.State, StringComparison.Ordinal);
        // Waiting polls as often as time allows: of those, the first few are as good as all.
        for (var request = 2; request <= clean.RequestsBeforeWait + 2; request++)
        {
            var cut = Run((request, action));
            Assert.True(clean.State == cut.State, $"{action} of request {request} ({cut.CutOperation}) ends differently:\n{clean.State}\nbecame\n{cut.State}\n{cut.Errors}");
        }
    }

    private static (string State, int RequestsBeforeWait, string CutOperation, string Errors) Run((int Request, string Action)? fault)
    {
        using var session = ModuleSession.WithSandbox(timeScale: 20_000, record: true);
        if (fault is { } f) session.Run($"$sandbox.AddFault([CockroachCmek.SandboxFault]@{{ Action = '{f.Action}'; Skip = {f.Request - 2} }})").Succeeds();
        var first = session.Run(Pipeline);
        var before = session.Run("$sandbox.Exchanges | Where-Object Operation -match '^POST /api' | ForEach-Object Index").Output.Select(i => (int)i.BaseObject).FirstOrDefault();
        session.Run("$sandbox.ClearFaults()");
        if (first.AllErrors.Any()) session.Run(Pipeline).Succeeds();
        var cutOperation = string.Concat(session.Run("$sandbox.Exchanges | Where-Object { $null -eq $_.Status } | ForEach-Object Operation").Output);
        return (State(session), before, cutOperation, string.Join("\n", first.AllErrors.Select(e => e.ErrorDetails?.Message)));
    }

    /// <summary>What there is in the clouds, without what differs from run to run.</summary>
    private static string State(ModuleSession session)
    {
        var after = session.Run("$sandbox.Exchanges.Count").Single();
        var keys = session.Run("Get-CrdbCluster azure-eu | New-CrdbCmekRole -GrantConsent | New-CrdbCmekKey -VaultName cmek-sandbox -KeySize 2048 -RotationPeriodInDays 200").Succeeds().Output;
        var writes = SandboxAzure.Writes(session, after);
        // Making a key twice makes a second version of it.
        var versions = session.Run("(Test-CrdbCmek azure-eu | Where-Object Check -match 'Version').Check").Succeeds().Output.Select(o => o.ToString()).Distinct();
        var cmek = session.Run("$i = Get-CrdbCmek azure-eu; $i.Status; $i.Regions | ForEach-Object { \"$($_.Region) $($_.Status) $($_.Keys.Count)\" }").Succeeds().Output;
        var counted = session.Run("@($sandbox.Exchanges | Where-Object Operation -match '/versions$')[-1] | ForEach-Object { ([regex]::Matches($_.ResponseBody, '\"kid\"')).Count }").Succeeds().Single();
        return $"outcomes {string.Join(",", keys.Select(k => k.Text("Outcome")))}; then written {string.Join(",", writes)}; {string.Join(",", versions)}; versions made {counted}; cmek {string.Join(", ", cmek)}";
    }
}
