using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The prepared messes that a sandbox can start with.</summary>
public sealed class SandboxScenarioTests
{
    public static TheoryData<string> Names => [.. SandboxScenarios.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_sandbox_starts_with_the_scenario_and_a_second_application_changes_nothing(string name)
    {
        var scenario = SandboxScenarios.All.Single(s => s.Name == name);
        using var server = SandboxServer.Start(new SandboxOptions { Scenarios = [scenario] });
        var before = server.Save();
        server.AddScenario(scenario);
        Assert.Empty(SandboxObjectGraph.Differences("state", before.State, server.Save().State));
        await server.StopAsync();
    }

    [Fact]
    public async Task ProjectRole_moves_the_grant_from_the_key_to_the_project_and_the_cluster_uses_it()
    {
        using var server = Start("ProjectRole");
        var cluster = server.Cloud.Clusters.Single(c => c.Name == "gcp-us");
        var current = cluster.Cmek.Regions.Single().Current!;
        var use = new KeyUseRequest(
            current.Spec.Uri,
            current.Spec.AuthPrincipal,
            server.Cloud.OrganizationId,
            cluster.Id,
            cluster.AccountId,
            "us-east4"
        );
        Assert.Null(new GcpKeyUser(server.Gcp, server.Clock).Wrap(use, new byte[32]).Refusal);
        await server.StopAsync();
    }

    [Fact]
    public async Task All_scenarios_can_be_combined()
    {
        using var server = SandboxServer.Start(new SandboxOptions { Scenarios = SandboxScenarios.All });
        await server.StopAsync();
    }

    private static SandboxServer Start(string name) =>
        SandboxServer.Start(new SandboxOptions { Scenarios = [SandboxScenarios.All.Single(s => s.Name == name)] });

    [Fact]
    public void Every_scenario_has_a_name_of_its_own_and_is_in_the_help_of_Start_CrdbSandbox()
    {
        var help = File.ReadAllText(
            Path.Combine(Repository.Root, "src", "CockroachCmek", "Commands", "StartCrdbSandboxCommand.cs")
        );
        Assert.Equal(
            SandboxScenarios.All.Count,
            SandboxScenarios.All.Select(s => s.Name.ToUpperInvariant()).Distinct().Count()
        );
        Assert.All(SandboxScenarios.All, s => Assert.Contains(s.Name, help, StringComparison.Ordinal));
        Assert.All(SandboxScenarios.All, s => Assert.EndsWith(".", s.Meaning, StringComparison.Ordinal));
    }
}
