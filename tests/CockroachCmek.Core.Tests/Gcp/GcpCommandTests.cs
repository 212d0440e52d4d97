using System.Diagnostics;
using CockroachCmek.Core.Keys;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>The commands that Get-CrdbCmekKeyPolicy prints, run by Google's own gcloud.</summary>
[Trait("Lane", "Slow")]
public sealed class GcpCommandTests
{
    [Fact]
    public async Task The_printed_gcloud_commands_create_what_the_module_then_finds_complete()
    {
        Assert.SkipWhen(Repository.Program("gcloud") is null, "gcloud is not installed.");
        await using var world = await GcpWorld.StartAsync(timeScale: 600);
        var role = await world.EnsureRoleAsync();
        var policy = await world.Provider.GetKeyPolicyAsync(
            new KeyPolicyRequest { Cluster = world.Cluster, AuthPrincipal = role.AuthPrincipal },
            world.Context
        );

        foreach (var command in policy.Commands)
            await RunAsync(world, command);

        var before = world.LastRequest;
        var key = Assert.Single(await world.EnsureKeysAsync());
        Assert.Equal(CmekOutcome.Existing, key.Outcome);
        Assert.Equal(CmekOutcome.Existing, (await world.EnsureRoleAsync()).Outcome);
        Assert.Empty(world.WritesSince(before));
        Assert.All(await world.Provider.CheckKeyAsync(world.CheckRequest(key), world.Context), c =>
            Assert.Equal(CmekCheckStatus.Pass, c.Status)
        );
    }

    private static async Task RunAsync(GcpWorld world, string command)
    {
        var folder = Directory.CreateTempSubdirectory("cmek-gcloud-");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var process = await StartAsync(world, command, folder.FullName);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
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

    private static async Task<Process> StartAsync(GcpWorld world, string command, string folder)
    {
        var token = Path.Combine(folder, "token");
        await File.WriteAllTextAsync(token, world.Server.Gcp.AccessToken);
        var start = new ProcessStartInfo(Repository.Program("gcloud")!, command.Split(' ').Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (
            var (name, value) in new[]
            {
                ("CLOUDSDK_CONFIG", Path.Combine(folder, "config")),
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
        return Process.Start(start)!;
    }
}
