using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Sandbox.Http;
using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Sandbox;

/// <summary>How a sandbox is started.</summary>
public sealed record SandboxOptions
{
    /// <summary>How many times faster than life.</summary>
    public double TimeScale { get; init; } = 600;

    /// <summary>The real clock underneath.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Keeps every exchange.</summary>
    public bool Record { get; init; }

    /// <summary>Clusters on a page when the caller does not say.</summary>
    public int PageSize { get; init; } = 10;
}

/// <summary>Rehearsal clouds on the loopback address: CockroachDB Cloud, AWS, Google Cloud, Azure and HashiCorp Vault. Stops by itself when disposed or when the process ends.</summary>
public sealed class SandboxServer : IDisposable
{
    // One lock for all services: Vault and CockroachDB call the clouds, and the whole state is saved and loaded at once.
    private readonly object _gate = new();
    private readonly SandboxState _state = new();
    private readonly List<LoopbackListener> _listeners = [];
    private readonly ConcurrentQueue<RecordedExchange> _exchanges = new();
    private readonly SandboxOptions _options;
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
            options.PageSize
        );
        foreach (var cluster in Cloud.Clusters.Where(c => c.Provider == "GCP"))
            Gcp.AddForeignAccount(GcpKeyUser.AccountOf(cluster.Id, cluster.AccountId));
        foreach (var cluster in Cloud.Clusters.Where(c => c.AzureApplicationId is not null))
            Azure.AddClusterApplication(cluster.Id, cluster.AzureApplicationId!);
        foreach (var cluster in Cloud.ClustersToSeed)
        {
            Cloud.Seed(
                cluster,
                cluster.Provider == "GCP"
                    ? Gcp.SeedKey(cluster.Name, cluster.Id, cluster.AccountId, cluster.Regions[0].Name)
                    : Aws.SeedKey(cluster.Name, cluster.AccountId, Cloud.OrganizationId, cluster.Regions[0].Name)
            );
        }

        CloudEndpoint = Listen("cloud", Cloud);
        AwsEndpoint = Listen("aws", Aws);
        GcpEndpoint = Listen("gcp", Gcp);
        AzureEndpoint = Listen("azure", Azure, Azure.ServerCertificate);
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

    /// <summary>Address of the CockroachDB Cloud API.</summary>
    public Uri CloudEndpoint { get; }

    /// <summary>Address of STS, IAM and KMS.</summary>
    public Uri AwsEndpoint { get; }

    /// <summary>Address of Cloud KMS, IAM and the token endpoint.</summary>
    public Uri GcpEndpoint { get; }

    /// <summary>Address of Entra ID, Graph, Resource Manager and Key Vault, over TLS: clients keep the production host names and connect here.</summary>
    public Uri AzureEndpoint { get; }

    /// <summary>Address of the managed identity's tokens, as a machine in Azure has one: IDENTITY_ENDPOINT is its "MSI/token".</summary>
    public Uri ManagedIdentityEndpoint { get; }

    /// <summary>HashiCorp Vault Enterprise.</summary>
    public VaultSandbox Vault { get; }

    /// <summary>Address of Vault: what goes into VAULT_ADDR.</summary>
    public Uri VaultEndpoint { get; }

    /// <summary>Faults that requests meet.</summary>
    public FaultPlan Faults { get; } = new();

    /// <summary>What was exchanged so far, in the order of the requests; empty unless recording.</summary>
    public IReadOnlyList<RecordedExchange> Exchanges => [.. _exchanges.OrderBy(e => e.Request.Index)];

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
    /// Replaces the state of every service by a saved one, of this sandbox or of another in this process. Accounts, credentials
    /// and the time are then those of the saved sandbox; addresses and TLS certificates stay.
    /// </summary>
    public void Load(SandboxSnapshot snapshot)
    {
        lock (_gate)
        {
            _state.Overwrite(snapshot.State);
            Clock.ContinueAt(snapshot.Time);
        }
    }

    /// <summary>Stops listening and ends every connection.</summary>
    public Task StopAsync() => Task.WhenAll(_listeners.Select(listener => listener.StopAsync()));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var listener in _listeners)
            listener.Dispose();
        Azure.Dispose();
    }

    private Uri Listen(string name, ISandboxService service, X509Certificate2? certificate = null)
    {
        var listener = new LoopbackListener(port: 0, certificate, (request, cancellation) =>
            AnswerAsync(name, service, request, cancellation)
        );
        _listeners.Add(listener);
        return listener.Endpoint;
    }

    private async Task<Reply> AnswerAsync(
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
        var fault = Faults.For(request);
        SandboxResponse? response = null;
        SandboxResponse? lost = null;
        switch (fault?.Action)
        {
            case FaultAction.CutBefore:
                break;
            case FaultAction.Status:
                response = Failure(fault, request);
                break;
            case FaultAction.CutAfter:
                lost = await service.HandleAsync(request, cancellationToken);
                break;
            case FaultAction.Delay:
                await RealTime.Delay(
                    _options.Time,
                    TimeSpan.FromTicks((long)(fault.Delay.Ticks / _options.TimeScale)),
                    cancellationToken
                );
                response = await service.HandleAsync(request, cancellationToken);
                break;
            default:
                response = await service.HandleAsync(request, cancellationToken);
                break;
        }

        if (_options.Record)
            _exchanges.Enqueue(
                new RecordedExchange(Recording.Redacted(request), Recording.Redacted(request, response), fault?.Action)
                {
                    LostStatus = lost?.Status,
                }
            );
        return new Reply(response);
    }

    /// <summary>A failure in the words of the service that it befalls.</summary>
    private static SandboxResponse Failure(FaultRule fault, SandboxRequest request)
    {
        var body =
            request.Service is "azure" or "msi" ? AzureFailure.Body(fault, request)
            : request.Header("X-Amz-Target") is not null
                ? $$"""{"__type":"{{(fault.Status == 429 ? "ThrottlingException" : "KMSInternalException")}}","message":"The sandbox was told to fail."}"""
            : request.Service == "vault" ? """{"errors":["The sandbox was told to fail."]}"""
            : request.Service == "aws"
                ? "<ErrorResponse><Error><Type>Receiver</Type><Code>ServiceFailure</Code><Message>The sandbox was told to fail.</Message></Error></ErrorResponse>"
            : request.Service == "gcp" ? GcpException.InjectedBody(fault.Status)
            : $$"""{"code":{{(fault.Status == 429 ? 8 : fault.Status == 503 ? 14 : 13)}},"message":"{{(fault.Status == 429 ? "rate limit exceeded" : "The sandbox was told to fail.")}}","details":[]}""";
        return new SandboxResponse(
            fault.Status,
            Encoding.UTF8.GetBytes(body),
            request.Service == "aws" && request.Header("X-Amz-Target") is null ? "text/xml" : "application/json"
        )
        {
            Headers = fault.RetryAfter is { } seconds
                ? [new("Retry-After", seconds.ToString(System.Globalization.CultureInfo.InvariantCulture))]
                : [],
        };
    }
}

/// <summary>A delay on an injected clock, for both frameworks.</summary>
internal static class RealTime
{
    public static Task Delay(TimeProvider time, TimeSpan delay, CancellationToken cancellationToken) =>
#if NET
        Task.Delay(delay, time, cancellationToken);
#else
        time.Delay(delay, cancellationToken);
#endif
}
