using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Promises 1 and 2: whatever request is cut, before or after it was processed, the pipeline (run again where it gave up) ends as a clean run does.</summary>
public sealed class LostAnswerTests
{
    private const string Pipeline =
        "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

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
            Assert.True(
                clean.State == cut.State,
                $"{action} of request {request} ({cut.CutOperation}) ends differently:\n{clean.State}\nbecame\n{cut.State}\n{cut.Errors}"
            );
        }
    }

    private static (string State, int RequestsBeforeWait, string CutOperation, string Errors) Run(
        (int Request, string Action)? fault
    )
    {
        using var session = ModuleSession.WithSandbox(timeScale: 20_000, record: true);
        if (fault is { } f)
            session
                .Run(
                    $"$sandbox.AddFault([CockroachCmek.SandboxFault]@{{ Action = '{f.Action}'; Skip = {f.Request - 2} }})"
                )
                .Succeeds();
        var first = session.Run(Pipeline);
        var before = session
            .Run("$sandbox.Exchanges | Where-Object Operation -match '^POST' | ForEach-Object Index")
            .Output.Select(i => (int)i.BaseObject)
            .FirstOrDefault();
        session.Run("$sandbox.ClearFaults()");
        if (first.AllErrors.Any())
            session.Run(Pipeline).Succeeds();
        var cutOperation = string.Concat(
            session.Run("$sandbox.Exchanges | Where-Object { $null -eq $_.Status } | ForEach-Object Operation").Output
        );
        return (
            State(session),
            before,
            cutOperation,
            string.Join("\n", first.AllErrors.Select(e => e.ErrorDetails?.Message))
        );
    }

    /// <summary>What there is in the clouds, without what differs from run to run.</summary>
    private static string State(ModuleSession session)
    {
        var keys = session
            .Run("Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion")
            .Succeeds()
            .Output;
        var keyIds = keys.Select(k => k.Text("KeyUri").Split('/')[^1]).Distinct().Count();
        var requested = session
            .Run(
                """
                $after = $sandbox.Exchanges.Count
                $null = Get-CrdbCluster prod-eu | New-CrdbCmekRole -Name somebody-else -WhatIf | New-CrdbCmekKey -Name somewhere-else -MultiRegion
                $sandbox.Exchanges | Where-Object Index -gt $after | Where-Object Operation -eq kms:ListKeys | ForEach-Object { ([regex]::Matches($_.ResponseBody, 'KeyArn')).Count }
                """
            )
            .Succeeds()
            .Output.Select(o => o.ToString())
            .Order(StringComparer.Ordinal);
        var cmek = session
            .Run(
                "$i = Get-CrdbCmek prod-eu; $i.Status; $i.Regions | ForEach-Object { \"$($_.Region) $($_.Status) $($_.Keys.Count)\" }"
            )
            .Succeeds()
            .Output.Select(o => o.ToString());
        return $"outcomes {string.Join(",", keys.Select(k => k.Text("Outcome")))}; key ids {keyIds}; keys in the regions {string.Join(",", requested)}; cmek {string.Join(", ", cmek)}";
    }
}
