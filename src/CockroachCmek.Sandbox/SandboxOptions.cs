using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox;

/// <summary>How a sandbox is started.</summary>
public sealed record SandboxOptions
{
    /// <summary>How many times faster than real time the sandbox runs. Default: 600.</summary>
    public double TimeScale { get; init; } = 600;

    /// <summary>The real clock underneath. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Keeps every request and response. Default: false.</summary>
    public bool Record { get; init; }

    /// <summary>Items on a page of the CockroachDB Cloud API when the caller does not say. Default: 10.</summary>
    public int PageSize { get; init; } = 10;

    /// <summary>
    /// Clusters besides those that every sandbox has, on all clouds and with CMEK: an organization's size. Default: 0.
    /// </summary>
    public int FleetSize { get; init; }

    /// <summary>The name of the only cluster of the organization. Default: null, all that every sandbox has.</summary>
    public string? OnlyCluster { get; init; }

    /// <summary>
    /// Awaited before each request is processed: it decides the order in which requests of several clients arrive. Null:
    /// as they come.
    /// </summary>
    public Func<SandboxRequest, Task>? Arrival { get; init; }

    /// <summary>Scenarios to start with.</summary>
    public IReadOnlyList<SandboxScenario> Scenarios { get; init; } = [];
}
