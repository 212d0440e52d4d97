using System.Diagnostics;
using CockroachCmek.Core.Keys;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Gcp;

public sealed class GcpCommandTests
{
    [Fact]
    public async Task The_gcloud_lines_for_an_administrator_make_what_the_module_then_finds_right()
    {
        Assert.SkipWhen(Repository.Program("gcloud") is null, "gcloud is not installed.");
        await using var world = new GcpWorld(scale: 600);
        var cluster = await world.ClusterAsync("gcp-us");
        var role = await world.RoleAsync(cluster);
        var policy = await world.Provider.GetKeyPolicyAsync(
            new KeyPolicyRequest { Cluster = cluster, AuthPrincipal = role.AuthPrincipal },
            world.Context
        );
        foreach (var command in policy.Commands)
            await RunAsync(world, command);
        var before = world.Now;
        var key = Assert.Single(await world.KeysAsync(cluster));
        Assert.Equal(CmekOutcome.Existing, key.Outcome);
        Assert.Empty(world.WritesSince(before));
        Assert.Equal(CmekOutcome.Existing, (await world.RoleAsync(cluster)).Outcome);
        Assert.All(
            await world.Provider.CheckKeyAsync(
                new KeyCheckRequest { Cluster = cluster, Spec = GcpWorld.Spec(key) },
                world.Context
            ),
            c => Assert.Equal(CmekCheckStatus.Pass, c.Status)
        );
    }

    private static async Task RunAsync(GcpWorld world, string command)
    {
        var folder = Directory.CreateTempSubdirectory("cmek-gcloud-");
        var token = Path.Combine(folder.FullName, "token");
        await File.WriteAllTextAsync(token, world.Server.Gcp.AccessToken);
        var start = new ProcessStartInfo(Repository.Program("gcloud")!, command.Split(' ').Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (
            var (name, value) in new[]
            {
                ("CLOUDSDK_CONFIG", Path.Combine(folder.FullName, "config")),
                ("CLOUDSDK_CORE_DISABLE_PROMPTS", "1"),
                ("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "1"),
                ("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", token),
                ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", world.Server.GcpEndpoint.ToString()),
                ("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM", world.Server.GcpEndpoint.ToString()),
                ("NO_PROXY", "127.0.0.1"),
                ("no_proxy", "127.0.0.1"),
            }
        )
            start.Environment[name] = value;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var process = Process.Start(start)!;
        try
        {
            var (output, error) = (
                process.StandardOutput.ReadToEndAsync(limit.Token),
                process.StandardError.ReadToEndAsync(limit.Token)
            );
            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode == 0, $"{command}: {await output}{await error}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            folder.Delete(recursive: true);
        }
    }
}
