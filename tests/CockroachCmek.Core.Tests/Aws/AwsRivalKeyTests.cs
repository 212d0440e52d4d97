using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Tests.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>Two runs that create the key of the same region: the key with the alias counts.</summary>
public sealed class AwsRivalKeyTests : IDisposable
{
    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_run_whose_alias_another_run_has_taken_for_the_same_cluster_uses_that_key_and_takes_its_own_back()
    {
        var cluster = AwsWorld.ClusterIn("us-east-1");
        var keys = await _world.KeysAsync(cluster);
        var request = new KeyRequest
        {
            Cluster = cluster with
            {
                Regions = [.. cluster.Regions, new CrdbRegion { Name = "eu-north-1", NodeCount = 3 }],
            },
            AuthPrincipal = keys[0].AuthPrincipal,
            Regions = ["eu-north-1"],
            Like = AwsWorld.SpecOf(keys[0]),
        };
        CmekKey? rival = null;
        // After this run has found no key, and before it creates one.
        var log = new RecordingLog
        {
            Meanwhile = async _ => rival ??= (await _world.Provider.EnsureKeysAsync(request, _world.Context)).Single(),
        };

        var own = (
            await _world.Provider.EnsureKeysAsync(
                request,
                new OperationContext(log, _world.Server.Time(), CancellationToken.None)
            )
        ).Single();

        Assert.Equal(rival!.KeyUri, own.KeyUri);
        Assert.NotEqual(CmekOutcome.Created, own.Outcome);
        var warning = Assert.Single(log.Warnings);
        Assert.Contains($"another run created {rival.KeyUri}", warning, StringComparison.Ordinal);
        Assert.Contains("deletion is scheduled", warning, StringComparison.Ordinal);
        var usable = _world.Server.Aws.Locked(
            (_, kms) => kms.InRegion("eu-north-1").Where(k => k.State(kms.Now) == "Enabled").Select(k => k.Arn).ToList()
        );
        Assert.Equal([rival.KeyUri], usable);
    }
}
