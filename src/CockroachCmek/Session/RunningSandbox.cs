using System.Collections.Concurrent;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using CockroachCmek.Commands;
using CockroachCmek.Core;
using CockroachCmek.Core.Http;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Session;

/// <summary>A sandbox that runs in this process, and the session that is connected to it.</summary>
internal sealed class RunningSandbox
{
    private static readonly ConditionalWeakTable<CrdbSandbox, RunningSandbox> Known = new();
    private static readonly ConditionalWeakTable<Runspace, RunningSandbox> Current = new();
    private static readonly ConditionalWeakTable<Runspace, List<RunningSandbox>> Started = new();

    // By the port of its CockroachDB Cloud.
    private static readonly ConcurrentDictionary<int, SandboxServer> Servers = new();

    /// <summary>Clusters of a sandbox when nothing else is asked for.</summary>
    public const int UsualClusters = 14;

    private readonly SandboxServer _server;
    private readonly CloudSession? _session;

    // Those of the runspace that started it. Another runspace can stop it.
    private List<RunningSandbox>? _ofItsRunspace;

    private RunningSandbox(SandboxServer server, CrdbSandbox sandbox, CloudSession? session)
    {
        _server = server;
        _session = session;
        Sandbox = sandbox;
    }

    /// <summary>The clock of the sandbox of this process that has an endpoint on this machine; null: none has.</summary>
    public static TimeProvider? ClockAt(Uri endpoint) =>
        endpoint.IsLoopback && Servers.TryGetValue(endpoint.Port, out var server)
            ? ScaledTimeProvider.Follow(server.Clock, server.Clock.Scale)
            : null;

    /// <summary>The API key of the sandbox of this process that has an endpoint; null: none has.</summary>
    public static Secret? KeyAt(Uri endpoint) =>
        endpoint.IsLoopback && Servers.TryGetValue(endpoint.Port, out var server)
            ? new Secret(server.Cloud.AdminKey)
            : null;

    public CrdbSandbox Sandbox { get; }

    /// <summary>The sandbox that was started last in this runspace, or null.</summary>
    public static RunningSandbox? OfThisRunspace =>
        Runspace.DefaultRunspace is { } runspace && Current.TryGetValue(runspace, out var found) ? found : null;

    /// <summary>The running sandboxes that were started in this runspace, in the order of their start.</summary>
    public static IReadOnlyList<CrdbSandbox> AllOfThisRunspace
    {
        get
        {
            if (Runspace.DefaultRunspace is not { } runspace || !Started.TryGetValue(runspace, out var started))
                return [];
            lock (started)
                return [.. started.Select(s => s.Sandbox)];
        }
    }

    public static RunningSandbox? Of(CrdbSandbox sandbox) => Known.TryGetValue(sandbox, out var found) ? found : null;

    /// <summary>Starts a sandbox and, if requested, a session that is connected to it.</summary>
    public static async Task<RunningSandbox> StartAsync(
        double timeScale,
        bool record,
        bool connect,
        IEnumerable<string> scenarios,
        int clusterCount,
        Operation operation
    )
    {
        var options = new SandboxOptions
        {
            TimeScale = timeScale,
            Record = record,
            FleetSize = clusterCount - UsualClusters,
            Scenarios = [.. scenarios.Select(FindScenario).Distinct()],
        };
        var server = SandboxServer.Start(options);
        Servers[server.CloudEndpoint.Port] = server;
        var sandbox = SandboxModel.Describe(server, timeScale);
        SetVaultEnvironment(server);
        var request = new SessionRequest(server.CloudEndpoint, new Secret(sandbox.ApiKey));
        var session = connect ? await ConnectAsync(request, operation) : null;
        var running = new RunningSandbox(server, sandbox, session);
        Known.Add(sandbox, running);
        return running;
    }

    /// <summary>Connects; without CockroachDB Cloud where a scenario has it down.</summary>
    private static async Task<CloudSession> ConnectAsync(SessionRequest request, Operation operation)
    {
        try
        {
            return await CloudSession.ConnectAsync(request, operation, operation.CancellationToken);
        }
        catch (CmekException error) when (error.Kind == CmekErrorKind.Unavailable)
        {
            operation.Warning(
                $"{error.Message} The session reaches the sandbox's other clouds only, as Connect-CrdbCloud -KmsOnly does."
            );
            return await CloudSession.ConnectAsync(
                request with
                {
                    KmsOnly = true,
                },
                operation,
                operation.CancellationToken
            );
        }
    }

    /// <summary>The scenarios that a sandbox can start with: name and meaning.</summary>
    public static IEnumerable<(string Name, string Meaning)> Scenarios =>
        SandboxScenarios.All.Select(s => (s.Name, s.Meaning));

    /// <summary>Pipeline thread only.</summary>
    public void MakeCurrent()
    {
        Current.Remove(Runspace.DefaultRunspace);
        Current.Add(Runspace.DefaultRunspace, this);
        _ofItsRunspace = Started.GetOrCreateValue(Runspace.DefaultRunspace);
        lock (_ofItsRunspace)
            _ofItsRunspace.Add(this);
        _session?.MakeCurrent();
    }

    /// <summary>Pipeline thread only.</summary>
    public void Forget()
    {
        Known.Remove(Sandbox);
        if (ReferenceEquals(OfThisRunspace, this))
            Current.Remove(Runspace.DefaultRunspace);
        if (_ofItsRunspace is { } started)
            lock (started)
                started.Remove(this);
        _session?.Disconnect();
    }

    public async Task StopAsync()
    {
        Servers.TryRemove(_server.CloudEndpoint.Port, out _);
        await _server.StopAsync();
        _server.Dispose();
    }

    private static SandboxScenario FindScenario(string name) =>
        SandboxScenarios.All.FirstOrDefault(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw Errors.ScenarioUnknown(name, [.. SandboxScenarios.All.Select(s => s.Name)]);

    /// <summary>Sets the environment of the Vault server: credentials for the sandbox's clouds.</summary>
    private static void SetVaultEnvironment(SandboxServer server)
    {
        server.Vault.SetEnvironment("AWS_ACCESS_KEY_ID", server.Aws.AccessKeyId);
        server.Vault.SetEnvironment("AWS_SECRET_ACCESS_KEY", server.Aws.SecretAccessKey);
        server.Vault.SetEnvironment("AZURE_TENANT_ID", server.Azure.TenantId);
        server.Vault.SetEnvironment("AZURE_CLIENT_ID", server.Azure.Admin.ClientId);
        server.Vault.SetEnvironment("AZURE_CLIENT_SECRET", server.Azure.Admin.Secret);
    }
}
