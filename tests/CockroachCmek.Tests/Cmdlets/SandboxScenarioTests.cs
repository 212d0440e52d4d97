using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Start-CrdbSandbox -Scenario.</summary>
[Collection(OneAtATime.Name)]
public sealed class SandboxScenarioTests
{
    [Fact]
    public void A_scenario_is_completed_with_its_meaning_and_prepares_a_cluster()
    {
        using var session = new ModuleSession();
        var completed = session.Run(
            "(TabExpansion2 'Start-CrdbSandbox -Scenario projectr').CompletionMatches[0].ToolTip"
        );
        Assert.Contains(
            "whole project",
            (string)Assert.Single(completed.Succeeds().Output).BaseObject,
            StringComparison.Ordinal
        );
        var status = session.Run(
            "$sandbox = Start-CrdbSandbox -Scenario projectrole; (Get-CrdbCluster gcp-us | Get-CrdbCmek).Status.ToString()"
        );
        Assert.Equal("ENABLED", ((string)Assert.Single(status.Succeeds().Output).BaseObject).ToUpperInvariant());
        session.Run("Stop-CrdbSandbox").Succeeds();
    }

    [Fact]
    public void An_unknown_scenario_is_refused_with_the_names_that_exist()
    {
        using var session = new ModuleSession();
        var error = Assert.Single(session.Run("Start-CrdbSandbox -Scenario Nothing").AllErrors);
        Assert.StartsWith("ScenarioUnknown,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("ProjectRole", error.Exception.Message, StringComparison.Ordinal);
    }
}
