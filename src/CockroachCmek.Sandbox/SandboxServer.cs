using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Sandbox.Http;
using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Sandbox;

/// <summary>
/// Rehearsal clouds on the loopback address: CockroachDB Cloud, AWS, Google Cloud, Azure and HashiCorp Vault. They stop
/// when the server is disposed or the process ends.
/// </summary>
public sealed class SandboxServer : IDisposable
{
    // One lock for all services: Vault and CockroachDB call the clouds, and the whole state is saved and loaded at
    // once.
    private readonly object _gate = new();
    private readonly SandboxState _state = new();
    private readonly List<LoopbackListener> _listeners = [];
    private readonly ConcurrentQueue<RecordedExchange> _exchanges = new();
    private readonly SandboxOptions _options;
    private readonly AzureProxy _azureProxy;
    private int _index;

    private SandboxServer(SandboxOptions options)
    {
        _options = options;
        Clock = new SandboxClock(options.Time, options.TimeScale);
        Aws = new AwsSandbox(_gate, Clock, options.Time, _state.Aws);
        Gcp = new GcpSandbox(_gate, Clock, options.Time, _state.Gcp, () => GcpEndpoint!);
        Azure = new AzureSandbox(_gate, Clock, options.Time, _state.Azure);
        Vault = new VaultSandbox(_gate, Clock, _state.Vault, Aws, Gcp, Azure);
        Cloud = new CloudApi(
            _gate,
            Clock,
            _state.Cloud,
            new Dictionary<string, IKeyUser>
            {
                ["AWS_KMS"] = new AwsKeyUser(Aws),
                ["GCP_CLOUD_KMS"] = new GcpKeyUser(Gcp, Clock),
                ["AZURE_KEY_VAULT"] = new AzureKeyUser(Azure),
            },
            options
        );
        AddClusterIdentities();
        SeedKeys();
        foreach (var scenario in options.Scenarios)
            AddScenario(scenario);

        CloudEndpoint = Listen("cloud", Cloud);
        AwsEndpoint = Listen("aws", Aws);
        GcpEndpoint = Listen("gcp", Gcp);
        AzureEndpoint = Listen("azure", Azure, Azure.ServerCertificate);
        _azureProxy = new AzureProxy(AzureEndpoint.Port);
        ManagedIdentityEndpoint = Listen("msi", new ManagedIdentityService(Azure));
        VaultEndpoint = Listen("vault", Vault);
    }

    /// <summary>Starts the clouds, each on a free port.</summary>
    public static SandboxServer Start(SandboxOptions options) => new(options);

    /// <summary>The sandbox's time.</summary>
    public SandboxClock Clock { get; }

    /// <summary>CockroachDB Cloud.</summary>
    public CloudApi Cloud { get; }

    /// <summary>AWS.</summary>
    public AwsSandbox Aws { get; }

    /// <summary>Google Cloud.</summary>
    public GcpSandbox Gcp { get; }

    /// <summary>Azure.</summary>
    public AzureSandbox Azure { get; }

    /// <summary>HashiCorp Vault Enterprise.</summary>
    public VaultSandbox Vault { get; }

    /// <summary>Address of the CockroachDB Cloud API.</summary>
    public Uri CloudEndpoint { get; }

    /// <summary>Address of STS, IAM and KMS.</summary>
    public Uri AwsEndpoint { get; }

    /// <summary>Address of Cloud KMS, IAM and the token endpoint.</summary>
    public Uri GcpEndpoint { get; }

    /// <summary>
    /// Address of Entra ID, Graph, Resource Manager and Key Vault, over TLS. Clients keep the production host names and
    /// connect here.
    /// </summary>
    public Uri AzureEndpoint { get; }

    /// <summary>
    /// A proxy for HTTPS_PROXY that connects Azure's host names to <see cref="AzureEndpoint"/> and refuses all others.
    /// </summary>
    public Uri AzureProxyEndpoint => _azureProxy.Endpoint;

    /// <summary>Address of the managed identity's tokens. IDENTITY_ENDPOINT is its "MSI/token".</summary>
    public Uri ManagedIdentityEndpoint { get; }

    /// <summary>Address of HashiCorp Vault, for VAULT_ADDR.</summary>
    public Uri VaultEndpoint { get; }

    /// <summary>Faults that requests meet.</summary>
    public FaultPlan Faults { get; } = new();

    /// <summary>Every request so far with its response, in the order of arrival; empty unless recording.</summary>
    public IReadOnlyList<RecordedExchange> Exchanges => [.. _exchanges.OrderBy(e => e.Request.Index)];

    /// <summary>Forgets the recorded requests.</summary>
    public void ClearExchanges()
    {
        while (_exchanges.TryDequeue(out _)) { }
    }

    /// <summary>
    /// Saves the state of every service while no request is processed: accounts, credentials, clusters, keys, time.
    /// Faults, recordings, addresses and TLS certificates are not part of it.
    /// </summary>
    public SandboxSnapshot Save()
    {
        lock (_gate)
            return new SandboxSnapshot(new StateCopier().Copy(_state), Clock.UtcNow);
    }

    /// <summary>
    /// Replaces the state of every service by a saved one, of this sandbox or of another in this process. Accounts,
    /// credentials and the time are then those of the saved sandbox; addresses and TLS certificates stay.
    /// </summary>
    public void Load(SandboxSnapshot snapshot)
    {
        lock (_gate)
        {
            _state.Overwrite(snapshot.State);
            Clock.ContinueAt(snapshot.Time);
        }
    }

    /// <summary>Prepares a mess, while no request is processed.</summary>
    public void AddScenario(SandboxScenario scenario)
    {
        lock (_gate)
            scenario.Apply(this);
    }

    /// <summary>Lets a cluster use CMEK with a key in its first region, if it does not yet.</summary>
    /// <returns>The key in use.</returns>
    internal SandboxKeySpec UseCmek(string clusterName)
    {
        var cluster = Cloud.Clusters.First(c => c.Name == clusterName);
        if (cluster.Cmek.Regions is [{ Current: { } current }, ..])
            return current.Spec;
        var spec = SeedKey(cluster);
        Cloud.Seed(cluster, spec);
        return spec;
    }

    /// <summary>Stops listening and ends every connection.</summary>
    public Task StopAsync() =>
        Task.WhenAll([.. _listeners.Select(listener => listener.StopAsync()), _azureProxy.StopAsync()]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var listener in _listeners)
            listener.Dispose();
        _azureProxy.Dispose();
        Azure.Dispose();
    }

    /// <summary>Adds the identities that Cockroach Labs has created for the clusters.</summary>
    private void AddClusterIdentities()
    {
        foreach (var cluster in Cloud.Clusters)
        {
            if (cluster.Provider == "GCP")
                Gcp.AddForeignAccount(GcpKeyUser.AccountOf(cluster.Id, cluster.AccountId));
            if (cluster.AzureApplicationId is { } application)
                Azure.AddClusterApplication(cluster.Id, application);
        }
    }

    private void SeedKeys()
    {
        foreach (var cluster in Cloud.ClustersToSeed)
            Cloud.Seed(cluster, SeedKey(cluster));
    }

    private SandboxKeySpec SeedKey(FleetCluster cluster)
    {
        var region = cluster.Regions[0].Name;
        return cluster.Provider switch
        {
            "GCP" => Gcp.SeedKey(cluster.Name, cluster.Id, cluster.AccountId, region),
            "AZURE" => Azure.SeedKey(cluster.Name, cluster.Id),
            _ => Aws.SeedKey(cluster.Name, cluster.AccountId, Cloud.OrganizationId, region),
        };
    }

    private Uri Listen(string name, ISandboxService service, X509Certificate2? certificate = null)
    {
        var listener = new LoopbackListener(port: 0, certificate, (request, cancellation) =>
            SandboxDiscovery.IsAskedFor(name, request)
                ? Task.FromResult(new Reply(SandboxDiscovery.Respond(this, request)))
                : RespondAsync(name, service, request, cancellation)
        );
        _listeners.Add(listener);
        return listener.Endpoint;
    }

    private async Task<Reply> RespondAsync(
        string name,
        ISandboxService service,
        ParsedRequest parsed,
        CancellationToken cancellationToken
    )
    {
        var request = new SandboxRequest
        {
            Index = Interlocked.Increment(ref _index),
            Service = name,
            Method = parsed.Method,
            RawTarget = parsed.Target,
            Headers = parsed.Headers,
            Body = parsed.Body,
        };
        if (_options.Arrival is { } arrival)
            await arrival(request);
        var fault = Faults.For(request);
        if (fault?.Action == FaultAction.Delay)
            await DelayAsync(fault.Delay, cancellationToken);
        var response = fault?.Action switch
        {
            FaultAction.CutBefore => null,
            FaultAction.Status => InjectedFailure.Response(fault, request),
            _ => await service.HandleAsync(request, cancellationToken),
        };
        var isLost = fault?.Action == FaultAction.CutAfter;
        var seen = isLost ? null : response;
        if (_options.Record)
            _exchanges.Enqueue(
                new RecordedExchange(Recording.Redacted(request), Recording.Redacted(request, seen), fault?.Action)
                {
                    LostStatus = isLost ? response?.Status : null,
                }
            );
        return new Reply(seen);
    }

    /// <param name="delay">Sandbox time.</param>
    private Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken) =>
#if NET
        Task.Delay(delay, Clock, cancellationToken);
#else
        Clock.Delay(delay, cancellationToken);
#endif
}
