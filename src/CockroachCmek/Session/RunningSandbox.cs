using System.Management.Automation.Runspaces;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using CockroachCmek.Commands;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Session;

/// <summary>A sandbox that runs in this process, and the session that is connected to it.</summary>
internal sealed class RunningSandbox
{
    private static readonly ConditionalWeakTable<CrdbSandbox, RunningSandbox> Known = new();
    private static readonly ConditionalWeakTable<Runspace, RunningSandbox> Current = new();

    private readonly SandboxServer _server;
    private readonly CloudSession? _session;

    private RunningSandbox(SandboxServer server, CrdbSandbox sandbox, CloudSession? session)
    {
        _server = server;
        _session = session;
        Sandbox = sandbox;
    }

    public CrdbSandbox Sandbox { get; }

    /// <summary>The sandbox that was started last in this runspace, or null.</summary>
    public static RunningSandbox? OfThisRunspace =>
        Runspace.DefaultRunspace is { } runspace && Current.TryGetValue(runspace, out var found) ? found : null;

    public static RunningSandbox? Of(CrdbSandbox sandbox) => Known.TryGetValue(sandbox, out var found) ? found : null;

    /// <summary>How fast time runs at an address: where this runspace's own sandbox listens, as fast as it; elsewhere as in life. Pipeline thread only.</summary>
    public static double TimeScaleAt(Uri? endpoint) =>
        OfThisRunspace is { } running && running.Sandbox.CloudEndpoint == endpoint ? running.Sandbox.TimeScale : 1;

    /// <summary>Azure as seen from an address: where this runspace's own sandbox listens, the sandbox's; elsewhere Microsoft's. Pipeline thread only.</summary>
    public static AzureLoopback? AzureAt(Uri? endpoint) =>
        OfThisRunspace is { } running && running.Sandbox.CloudEndpoint == endpoint ? Loopback(running._server) : null;

    /// <summary>Google Cloud as seen from an address: where this runspace's own sandbox listens, the sandbox's; elsewhere null, for Google's. Pipeline thread only.</summary>
    public static Uri? GcpAt(Uri? endpoint) =>
        OfThisRunspace is { } running && running.Sandbox.CloudEndpoint == endpoint ? running.Sandbox.GcpEndpoint : null;

    public static async Task<RunningSandbox> StartAsync(
        double timeScale,
        bool record,
        bool connect,
        Operation operation
    )
    {
        var server = SandboxServer.Start(new SandboxOptions { TimeScale = timeScale, Record = record });
        var sandbox = Describe(server, timeScale);
        FurnishVault(server);
        var session = connect
            ? await CloudSession.ConnectAsync(
                new SessionRequest(server.CloudEndpoint, new Secret(sandbox.ApiKey))
                {
                    IsSandbox = true,
                    TimeScale = timeScale,
                    Clouds = new CustomerClouds
                    {
                        Aws = new AwsConnection
                        {
                            Endpoint = server.AwsEndpoint,
                            AccessKeyId = sandbox.AwsAccessKeyId,
                            SecretAccessKey = new Secret(sandbox.AwsSecretAccessKey),
                        },
                        Gcp = new GcpConnection
                        {
                            Endpoint = server.GcpEndpoint,
                            AccessToken = new Secret(sandbox.GcpAccessToken),
                            Project = sandbox.GcpProject,
                        },
                        Azure = new AzureConnection
                        {
                            TenantId = sandbox.AzureTenantId,
                            ClientId = sandbox.AzureClientId,
                            ClientSecret = new Secret(sandbox.AzureClientSecret),
                            Loopback = Loopback(server),
                        },
                        Vault = new VaultConnection(server.VaultEndpoint, new Secret(sandbox.VaultToken)),
                    },
                },
                operation
            )
            : null;
        var running = new RunningSandbox(server, sandbox, session);
        Known.Add(sandbox, running);
        return running;
    }

    /// <summary>Pipeline thread only.</summary>
    public void MakeCurrent()
    {
        Current.Remove(Runspace.DefaultRunspace);
        Current.Add(Runspace.DefaultRunspace, this);
        _session?.MakeCurrent();
    }

    /// <summary>Pipeline thread only.</summary>
    public void Forget()
    {
        Known.Remove(Sandbox);
        if (ReferenceEquals(OfThisRunspace, this))
            Current.Remove(Runspace.DefaultRunspace);
        _session?.Disconnect();
    }

    public async Task StopAsync()
    {
        await _server.StopAsync();
        _server.Dispose();
    }

    private static AzureLoopback Loopback(SandboxServer server) =>
        new(server.AzureEndpoint.Port, server.Azure.CaCertificate.RawData);

    /// <summary>What an operator puts into the environment of a Vault server: entries without credentials of their own then reach the sandbox's clouds.</summary>
    private static void FurnishVault(SandboxServer server)
    {
        server.Vault.SetEnvironment("AWS_ACCESS_KEY_ID", server.Aws.AccessKeyId);
        server.Vault.SetEnvironment("AWS_SECRET_ACCESS_KEY", server.Aws.SecretAccessKey);
        server.Vault.SetEnvironment("AZURE_TENANT_ID", server.Azure.TenantId);
        server.Vault.SetEnvironment("AZURE_CLIENT_ID", server.Azure.Admin.ClientId);
        server.Vault.SetEnvironment("AZURE_CLIENT_SECRET", server.Azure.Admin.Secret);
    }

    private static CrdbSandbox Describe(SandboxServer server, double timeScale) =>
        new()
        {
            CloudEndpoint = server.CloudEndpoint,
            ApiKey = server.Cloud.AdminKey,
            ViewerApiKey = server.Cloud.ViewerKey,
            OrganizationId = server.Cloud.OrganizationId,
            AwsEndpoint = server.AwsEndpoint,
            AwsAccessKeyId = server.Aws.AccessKeyId,
            AwsSecretAccessKey = server.Aws.SecretAccessKey,
            AwsAccountId = server.Aws.AccountId,
            GcpEndpoint = server.GcpEndpoint,
            GcpAccessToken = server.Gcp.AccessToken,
            GcpProject = server.Gcp.ProjectId,
            AzureEndpoint = server.AzureEndpoint,
            AzureCertificate = server.Azure.CaPem,
            AzureTenantId = server.Azure.TenantId,
            AzureSubscriptionId = server.Azure.SubscriptionId,
            AzureClientId = server.Azure.Admin.ClientId,
            AzureClientSecret = server.Azure.Admin.Secret,
            AzureVaultName = server.Azure.VaultName,
            AzureIdentityEndpoint = new Uri(server.ManagedIdentityEndpoint, "MSI/token"),
            AzureIdentityHeader = server.Azure.ManagedIdentity.Secret,
            VaultEndpoint = server.VaultEndpoint,
            VaultToken = server.Vault.RootToken,
            TimeScale = timeScale,
            Environment = new Dictionary<string, string>
            {
                ["COCKROACH_SERVER"] = server.CloudEndpoint.ToString(),
                [ApiKeySource.Variable] = server.Cloud.AdminKey,
                ["AWS_ENDPOINT_URL"] = server.AwsEndpoint.ToString(),
                ["AWS_ACCESS_KEY_ID"] = server.Aws.AccessKeyId,
                ["AWS_SECRET_ACCESS_KEY"] = server.Aws.SecretAccessKey,
                ["AWS_REGION"] = "us-east-1",
                ["AWS_DEFAULT_REGION"] = "us-east-1", // what the aws command reads
                ["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS"] = server.GcpEndpoint.ToString(), // gcloud; it takes the token from a file only, CLOUDSDK_AUTH_ACCESS_TOKEN_FILE
                ["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"] = server.GcpEndpoint.ToString(),
                ["CLOUDSDK_CORE_PROJECT"] = server.Gcp.ProjectId,
                ["GOOGLE_CLOUD_PROJECT"] = server.Gcp.ProjectId,
                ["AZURE_AUTHORITY_HOST"] = server.AzureEndpoint.ToString(),
                ["AZURE_TENANT_ID"] = server.Azure.TenantId,
                ["AZURE_SUBSCRIPTION_ID"] = server.Azure.SubscriptionId,
                ["AZURE_CLIENT_ID"] = server.Azure.Admin.ClientId,
                ["AZURE_CLIENT_SECRET"] = server.Azure.Admin.Secret,
                ["VAULT_ADDR"] = server.VaultEndpoint.GetLeftPart(UriPartial.Authority),
                ["VAULT_TOKEN"] = server.Vault.RootToken,
            },
            Restart = server.Cloud.RestartNodes,
            Recover = server.Cloud.Recover,
            AdvanceClock = server.Clock.Advance,
            SaveState = server.Save,
            LoadState = state =>
            {
                server.Load(
                    state as SandboxSnapshot
                        ?? throw new ArgumentException("The object is not a saved state of a sandbox.", nameof(state))
                );
                return Describe(server, timeScale);
            },
            MakeAzurePrincipal = rights =>
            {
                var made = server.Azure.AddPrincipal(
                    "limited",
                    Enum.TryParse<AzureRights>(rights, ignoreCase: true, out var parsed)
                        ? parsed
                        : throw new ArgumentException(
                            $"{rights} is none of None, Subscription, Keys, GraphRead, Graph, All.",
                            nameof(rights)
                        )
                );
                return new NetworkCredential(made.ClientId, made.Secret);
            },
            ReadExchanges = () => [.. server.Exchanges.Select(Plain)],
            ForgetExchanges = server.ClearExchanges,
            ApplyFault = fault =>
            {
                if (fault is null)
                    server.Faults.Clear();
                else
                    server.Faults.Add(Rule(fault));
            },
        };

    private static FaultRule Rule(SandboxFault fault) =>
        new()
        {
            Service = fault.Service,
            Method = fault.Method,
            Pattern = fault.Pattern,
            Skip = fault.Skip,
            Count = fault.Count,
            Action = (FaultAction)fault.Action,
            Status = fault.Status,
            RetryAfter = fault.RetryAfter,
        };

    private static SandboxExchange Plain(RecordedExchange exchange)
    {
        var body = Encoding.UTF8.GetString(exchange.Request.Body);
        var target = exchange.Request.Header("X-Amz-Target");
        var action = Regex.Match(body, @"(?:^|&)Action=(\w+)(?:&|$)");
        return new SandboxExchange
        {
            Index = exchange.Request.Index,
            Service = exchange.Request.Service,
            Method = exchange.Request.Method,
            Target = exchange.Request.RawTarget,
            Operation =
                exchange.Request.Service == "azure"
                    ? $"{exchange.Request.Method} {exchange.Request.Header("Host")}{exchange.Request.Path}"
                : exchange.Request.Service != "aws" ? $"{exchange.Request.Method} {exchange.Request.Path}"
                : target is not null ? $"kms:{target.Split('.').Last()}"
                : $"{(action.Groups[1].Value is "GetCallerIdentity" or "AssumeRole" ? "sts" : "iam")}:{action.Groups[1].Value}",
            RequestHeaders = exchange
                .Request.Headers.GroupBy(h => h.Key, StringComparer.OrdinalIgnoreCase)
                .ToDictionary(
                    g => g.Key,
                    g => string.Join(", ", g.Select(h => h.Value)),
                    StringComparer.OrdinalIgnoreCase
                ),
            RequestBody = body,
            Status = exchange.Response?.Status,
            LostStatus = exchange.LostStatus,
            ResponseBody = exchange.Response is null ? "" : Encoding.UTF8.GetString(exchange.Response.Body),
        };
    }
}
