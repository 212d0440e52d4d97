using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The prepared messes that a sandbox can start with.</summary>
public sealed class SandboxScenarioTests
{
    [Theory]
    [InlineData("ProjectRole", null)]
    [InlineData("GroupAccess", null)]
    [InlineData("AllAuthenticatedUsers", null)]
    [InlineData("AccessLevel", null)]
    [InlineData("Perimeter", null)]
    [InlineData("OrganizationPolicy", null)]
    [InlineData("DenyPolicy", "a deny policy denies it")]
    [InlineData("DeletedMember", "it needs roles/iam.serviceAccountTokenCreator")]
    public async Task A_scenario_of_Google_Cloud_decides_whether_the_cluster_can_use_its_key(
        string name,
        string? refusal
    )
    {
        using var server = SandboxServer.Start(
            new SandboxOptions { Scenarios = [SandboxScenarios.All.Single(s => s.Name == name)] }
        );
        server.UseCmek("gcp-us");
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
        var used = new GcpKeyUser(server.Gcp, server.Clock).Unwrap(use, current.Wrapped);
        if (refusal is null)
            Assert.Null(used.Refusal);
        else
            Assert.Contains(refusal, used.Refusal, StringComparison.Ordinal);
        await server.StopAsync();
    }

    [Fact]
    public async Task All_scenarios_can_be_combined()
    {
        using var server = SandboxServer.Start(new SandboxOptions { Scenarios = SandboxScenarios.All });
        await server.StopAsync();
    }

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
