using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Adding a region while somebody else changes the cluster.</summary>
public sealed class RegionAdditionTests
{
    [Fact]
    public async Task A_region_that_somebody_else_adds_at_the_same_time_is_kept()
    {
        using var server = SandboxServer.Start(new SandboxOptions { TimeScale = 20_000, PageSize = 50 });
        var time = new ScaledTimeProvider(TimeProvider.System, 20_000);
        using var client = new CrdbCloudClient(
            new CloudConnection(server.CloudEndpoint, new Secret(server.Cloud.AdminKey))
            {
                Time = time,
                TimeScale = 20_000,
            }
        );
        using var aws = new AwsKeyProvider(
            new AwsCustomerCloud(),
            new AwsConnection
            {
                Endpoint = server.AwsEndpoint,
                AccessKeyId = server.Aws.AccessKeyId,
                SecretAccessKey = new Secret(server.Aws.SecretAccessKey),
            }
        );
        var lifecycle = new CmekLifecycle(client, new ManifestCheck(CustomerClouds.All));
        var cluster = await client.GetClusterAsync(
            server.Cloud.Clusters.Single(c => c.Name == "prod-eu-old").Id,
            new OperationContext(new RecordingLog(), time, CancellationToken.None)
        );

        // The confirmation comes after the key was created and before the PATCH. That is when somebody else acts.
        var log = new ActingLog("Add the region eu-central-1", async () => await new RegionAddition(
                client,
                lifecycle
            ).AddAsync(
                cluster,
                aws,
                new RegionAdditionOptions
                {
                    Regions = ["eu-north-1"],
                    NodeCount = 3,
                    Wait = new WaitOptions(),
                },
                new OperationContext(new RecordingLog(), time, CancellationToken.None)
            ));
        var context = new OperationContext(log, time, CancellationToken.None);
        var addition = new RegionAddition(client, lifecycle);
        var options = new RegionAdditionOptions
        {
            Regions = ["eu-central-1"],
            NodeCount = 3,
            Wait = new WaitOptions(),
        };
        var error = await Assert.ThrowsAsync<CmekException>(() => addition.AddAsync(cluster, aws, options, context));
        Assert.Equal("RegionMapChanged", error.ErrorId);
        Assert.Contains("eu-north-1: 3", error.Message, StringComparison.Ordinal);

        // The second run starts from the current regions.
        var after = await addition.AddAsync(cluster, aws, options, context);
        Assert.False(after.IsPlanned);
        Assert.Equal(["eu-west-1", "eu-north-1", "eu-central-1"], after.Regions.Select(r => r.Name));
        await server.StopAsync();
    }

    /// <summary>Confirms everything, and acts the first time it is asked about one action.</summary>
    private sealed class ActingLog(string about, Func<Task> act) : IOperationHost
    {
        private bool _done;

        public void Verbose(string message) { }

        public void Warning(string message) { }

        public void Written(string what, bool isCertain, string? requestId) { }

        public void Progress(OperationProgress progress) { }

        public async Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken)
        {
            if (_done || !action.StartsWith(about, StringComparison.Ordinal))
                return true;
            _done = true;
            await act();
            return true;
        }

        public Task<bool> ConfirmPlanAsync(
            string target,
            IReadOnlyList<PlannedStep> steps,
            string consequence,
            CancellationToken cancellationToken
        ) => Task.FromResult(true);
    }
}
