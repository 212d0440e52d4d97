using System.Diagnostics;
using CockroachCmek.Core;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Benchmarks;

/// <summary>
/// The time from the command to the last key in force denied, against an API that allows ten requests a second and
/// takes 20 ms for each, in real time.
/// </summary>
internal static class RevocationSpeed
{
    private const string Cluster = "prod-eu-old";
    private const int Large = 2_000;

    public static async Task ReportAsync()
    {
        var one = new SandboxOptions { TimeScale = 1, OnlyCluster = Cluster };
        await MeasureAsync(one); // the first run compiles
        var (alone, _) = await MeasureAsync(one);
        var (small, clusters) = await MeasureAsync(new SandboxOptions { TimeScale = 1 });
        var (large, all) = await MeasureAsync(new SandboxOptions { TimeScale = 1, FleetSize = Large - clusters });
        Console.WriteLine(
            $"revocation, command to last key denied: {alone.TotalSeconds:F2} s in a fleet of one, "
                + $"{small.TotalSeconds:F2} s among {clusters} clusters, {large.TotalSeconds:F2} s among {all}"
        );
    }

    private static async Task<(TimeSpan Time, int Clusters)> MeasureAsync(SandboxOptions options)
    {
        using var server = SandboxServer.Start(options);
        server.Faults.Add(
            new FaultRule
            {
                Service = "cloud",
                Action = FaultAction.Delay,
                Delay = TimeSpan.FromMilliseconds(20),
                Count = int.MaxValue,
            }
        );
        using var client = new CrdbCloudClient(
            new CloudConnection(server.CloudEndpoint, new Secret(server.Cloud.AdminKey))
        );
        using var keys = new AwsKeyProvider(
            new AwsCustomerCloud(),
            new AwsConnection
            {
                Endpoint = server.AwsEndpoint,
                AccessKeyId = server.Aws.AccessKeyId,
                SecretAccessKey = new Secret(server.Aws.SecretAccessKey),
            }
        );
        var log = new RecordingLog();
        var context = new OperationContext(log, TimeProvider.System, CancellationToken.None);
        var watch = Stopwatch.StartNew();
        var running = RevokeAsync(client, keys, context);
        while (!running.IsCompleted && log.Writes.IsEmpty)
            await Task.Delay(5); // the cluster has one key, so the first write takes it
        var time = watch.Elapsed;
        var error = await running;
        return error is null ? (time, server.Cloud.Clusters.Count) : throw error;
    }

    private static async Task<CmekException?> RevokeAsync(
        CrdbCloudClient client,
        AwsKeyProvider keys,
        OperationContext context
    )
    {
        var cluster = await new ClusterResolver(client).ResolveAsync(new CrdbClusterIdentity(Cluster), context);
        var revocations = new CmekRevocations(
            client,
            new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All)),
            CustomerClouds.All
        );
        return (await revocations.RevokeAsync(cluster, keys, new RevocationOptions(), context)).Error;
    }
}
