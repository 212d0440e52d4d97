using System.Text.RegularExpressions;
using CockroachCmek.Tests.Engine;
using Xunit.Sdk;

namespace CockroachCmek.Tests.CutPoints;

/// <summary>The harness itself can fail.</summary>
public sealed class CutPointHarnessTests(CutPointHarness harness) : IClassFixture<CutPointHarness>
{
    private const string Write = "$null = Get-CrdbCluster dev-aws";

    [Fact]
    public void A_run_that_ends_differently_is_reported()
    {
        var runs = 0;
        // A setup of its own: scenarios of one setup and one write share their clean run.
        var scenario = new CutScenario("$prepared = 'differs'", Write, _ => $"run {++runs}");
        var failure = Assert.ThrowsAny<XunitException>(() => harness.Verify(scenario, "CutBefore", atLeast: 1));
        Assert.Contains("ends differently", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_cuts_are_reported()
    {
        var scenario = new CutScenario("$prepared = 1", Write, _ => "same");
        var failure = Assert.ThrowsAny<XunitException>(() => harness.Verify(scenario, "CutAfter", atLeast: 50));
        Assert.Contains("fewer than 50", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_run_starts_from_the_state_after_the_setup()
    {
        var scenario = new CutScenario(
            "$prepared = 'first'",
            "$null = New-CrdbCmekRole dev-aws -Name $prepared; $prepared = 'second'",
            session => Regex.Match(SandboxAws.Iam(session, "ListRoles"), "first|second").Value
        );
        // A role that an earlier run had left behind would not be created again, and the request for it not be cut.
        harness.Verify(scenario, "CutBefore", atLeast: 3);
    }
}
