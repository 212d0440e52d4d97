using System.Text;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Http;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Interleavings;

/// <summary>Two admins of one cluster, and the sandbox that both work on.</summary>
internal sealed class CloudPeers : IDisposable
{
    private readonly Interleaver _interleaver;
    private readonly SandboxServer _server;
    private readonly CrdbCluster _cluster;
    private readonly AzurePrincipal _second;
    private readonly SandboxSnapshot _fresh;
    private readonly SandboxSnapshot _enabled;

    private CloudPeers(
        Interleaver interleaver,
        SandboxServer server,
        CrdbCluster cluster,
        AzurePrincipal second,
        SandboxSnapshot fresh,
        SandboxSnapshot enabled
    )
    {
        (_interleaver, _server, _cluster) = (interleaver, server, cluster);
        (_second, _fresh, _enabled) = (second, fresh, enabled);
    }

    /// <summary>A sandbox, once before and once after CMEK was enabled on its cluster.</summary>
    /// <param name="clusterName">A cluster of the sandbox without CMEK.</param>
    public static async Task<CloudPeers> StartAsync(string clusterName)
    {
        var interleaver = new Interleaver();
        // Only the interleaver moves the clock.
        var server = SandboxServer.Start(
            new SandboxOptions
            {
                TimeScale = 1e-9,
                PageSize = 50,
                Arrival = interleaver.ArriveAsync,
            }
        );
        interleaver.Clock = server.Clock;
        var second = server.Azure.AddPrincipal("second", AzureRights.All);
        interleaver.NameOf = request => NameOf(server, second, request);
        server.Cloud.Settings.RequestsPerSecond = 1_000_000;
        using var client = new CrdbCloudClient(
            new CloudConnection(server.CloudEndpoint, new Secret(server.Cloud.AdminKey))
        );
        var cluster = await client.GetClusterAsync(
            server.Cloud.Clusters.Single(c => c.Name == clusterName).Id,
            new OperationContext(new RecordingLog(), TimeProvider.System, CancellationToken.None)
        );
        var fresh = server.Save();
        var peers = new CloudPeers(interleaver, server, cluster, second, fresh, fresh);
        using var first = await peers.RunAloneAsync("enable");
        Assert.Null(first.Error);
        server.Clock.Advance(TimeSpan.FromDays(100));
        return new CloudPeers(interleaver, server, cluster, second, fresh, server.Save());
    }

    /// <summary>Lets two admins run a command each, the second at most a quarter of an hour later.</summary>
    public async Task<(Peer First, Peer Second)> RunAsync(string first, string second, int seed)
    {
        _server.Load(first == "enable" || second == "enable" ? _fresh : _enabled);
        Peer a = null!;
        Peer b = null!;
        // Half of the seconds start at once, the others while the first is somewhere in between.
        var random = new Random(seed);
        var late = random.Next(2) == 0 ? 0 : random.Next(15 * 60);
        await _interleaver.RunAsync(
            seed,
            (HostOf(0), time => (a = Connect(0, time)).RunAsync(first, TimeSpan.Zero)),
            (HostOf(1), time => (b = Connect(1, time)).RunAsync(second, TimeSpan.FromSeconds(late)))
        );
        // What is still running ends.
        _server.Clock.Advance(TimeSpan.FromHours(3));
        return (a, b);
    }

    /// <summary>The order of the requests, for a failed test.</summary>
    public string Order => string.Join("\n", _interleaver.Order);

    /// <summary>What the cloud holds for the cluster.</summary>
    public Holdings ReadHoldings() => Holdings.Of(_server, _cluster);

    public void Dispose() => _server.Dispose();

    private async Task<Peer> RunAloneAsync(string command)
    {
        Peer peer = null!;
        await _interleaver.RunAsync(0, (HostOf(0), time => (peer = Connect(0, time)).RunAsync(command, TimeSpan.Zero)));
        return peer;
    }

    /// <summary>The same addresses by two names, by which the interleaver knows whose a request is.</summary>
    private static string HostOf(int number) => number == 0 ? "127.0.0.1" : "localhost";

    private static Uri As(Uri endpoint, int number) => new UriBuilder(endpoint) { Host = HostOf(number) }.Uri;

    /// <summary>
    /// Whose a request is. Azure's clients keep the production host names: there the principal tells. A request without
    /// credentials is held by nobody.
    /// </summary>
    private static string NameOf(SandboxServer server, AzurePrincipal second, SandboxRequest request)
    {
        if (request.Service != "azure")
            return (request.Header("Host") ?? "").Split(':')[0];
        var token = request.Header("Authorization")?.Split(' ')[^1];
        var client = server.Azure.Locked(a => a.Directory.Token(token)?.Principal.Application.AppId)
            ?? (request.Path.Contains("oauth2", StringComparison.Ordinal) ? Encoding.UTF8.GetString(request.Body) : "");
        return client.Contains(second.ClientId, StringComparison.Ordinal) ? HostOf(1)
            : client.Contains(server.Azure.Admin.ClientId, StringComparison.Ordinal) ? HostOf(0)
            : "";
    }

    private Peer Connect(int number, TimeProvider time) =>
        new(
            As(_server.CloudEndpoint, number),
            number == 0 ? _server.Cloud.AdminKey : _server.Cloud.OperatorKey,
            _cluster.CloudProvider switch
            {
                "GCP" => Gcp(number),
                "AZURE" => Azure(number == 0 ? _server.Azure.Admin : _second),
                _ => Aws(number),
            },
            _cluster,
            time
        )
        {
            KeyOptions = _cluster.CloudProvider switch
            {
                "GCP" => CloudOptions.None,
                "AZURE" => CloudOptions.None.With("KeyVaultName", new[] { _server.Azure.VaultName }),
                _ => CloudOptions.None.With("MultiRegion", true),
            },
        };

    private AwsKeyProvider Aws(int number) =>
        new(
            new AwsCustomerCloud(),
            new AwsConnection
            {
                Endpoint = As(_server.AwsEndpoint, number),
                AccessKeyId = _server.Aws.AccessKeyId,
                SecretAccessKey = new Secret(_server.Aws.SecretAccessKey),
            }
        );

    private GcpKeyProvider Gcp(int number) =>
        new(
            new GcpCustomerCloud(),
            new GcpConnection
            {
                Endpoint = As(_server.GcpEndpoint, number),
                AccessToken = new Secret(_server.Gcp.AccessToken),
                Project = "sandbox-customer",
            }
        );

    private AzureKeyProvider Azure(AzurePrincipal principal) =>
        new(
            new AzureCustomerCloud(),
            new AzureConnection
            {
                TenantId = _server.Azure.TenantId,
                ClientId = principal.ClientId,
                ClientSecret = new Secret(principal.Secret),
                Loopback = new AzureLoopback(_server.AzureEndpoint.Port, _server.Azure.CaCertificate.RawData),
            }
        );
}

/// <summary>The cluster's keys in its cloud.</summary>
/// <param name="Usable">Enabled keys that carry the cluster's id; on Azure their versions.</param>
/// <param name="Rotations">Usable versions beyond the first, of all of them together.</param>
internal sealed record Holdings(IReadOnlyList<string> Usable, int Rotations)
{
    public static Holdings Of(SandboxServer server, CrdbCluster cluster) =>
        cluster.CloudProvider switch
        {
            "GCP" => OfGcp(server, cluster),
            "AZURE" => OfAzure(server, cluster),
            _ => OfAws(server, cluster),
        };

    private static Holdings OfAws(SandboxServer server, CrdbCluster cluster) =>
        server.Aws.Locked(
            (_, kms) =>
            {
                var keys = cluster
                    .Regions.Select(r => r.Name)
                    .Append("eu-north-1")
                    .SelectMany(kms.InRegion)
                    .Where(k => k.Tags.Any(t => t.Value == cluster.Id))
                    .ToList();
                return new Holdings(
                    [.. keys.Where(k => k.State(kms.Now) == "Enabled").Select(k => k.Arn)],
                    keys.Select(k => k.Material).Distinct().Sum(m => m.Versions.Count - 1)
                );
            }
        );

    private static Holdings OfGcp(SandboxServer server, CrdbCluster cluster) =>
        server.Gcp.Locked(gcp =>
        {
            var keys = gcp.Keys.Labelled(cluster.Id);
            return new Holdings(
                [.. keys.Where(k => k.Primary?.State == "ENABLED").Select(k => k.Name)],
                keys.Sum(k => k.Versions.Count(v => v.State == "ENABLED") - 1)
            );
        });

    private static Holdings OfAzure(SandboxServer server, CrdbCluster cluster) =>
        server.Azure.Locked(azure =>
        {
            var keys = azure
                .KeyVaults.SelectMany(v => v.Keys.Values.Select(k => (Vault: v, Key: k)))
                .Where(k => k.Key.Latest.Tags.Any(t => t.Value == cluster.Id))
                .ToList();
            return new Holdings(
                [
                    .. keys.SelectMany(k =>
                        k.Key.Versions.Where(v => v.Enabled)
                            .Select(v => $"https://{k.Vault.HostName}/keys/{k.Key.Name}/{v.Id}")
                    ),
                ],
                keys.Sum(k => Math.Max(0, k.Key.Versions.Count(v => v.Enabled) - 1))
            );
        });
}
