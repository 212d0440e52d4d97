using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Sandbox;

/// <summary>
/// A prepared mess: what somebody left behind in a cloud before the sandbox starts. It has been in effect for long.
/// </summary>
/// <param name="Name">What Start-CrdbSandbox -Scenario takes.</param>
/// <param name="Meaning">One line: which cluster or key it concerns, and what is wrong.</param>
/// <param name="Apply">Changes the sandbox, once.</param>
public sealed record SandboxScenario(string Name, string Meaning, Action<SandboxServer> Apply);

/// <summary>All scenarios. Each service has its own list.</summary>
public static class SandboxScenarios
{
    /// <summary>The scenarios of all services, in the order of the lists.</summary>
    public static IReadOnlyList<SandboxScenario> All { get; } =
    [.. CloudScenarios.All, .. AwsScenarios.All, .. GcpScenarios.All, .. AzureScenarios.All, .. VaultScenarios.All];
}
