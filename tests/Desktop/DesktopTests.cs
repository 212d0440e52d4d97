using System.Reflection;
using System.Runtime.CompilerServices;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Desktop;

/// <summary>The half of the module for Windows PowerShell, run: every type loads, and a key lives its life.</summary>
public sealed class DesktopTests
{
    private static readonly string? Endpoint = Environment.GetEnvironmentVariable("CRDB_DESKTOP_ENDPOINT");

    [Fact]
    public void Every_type_of_Core_and_of_the_sandbox_loads_and_initializes()
    {
        foreach (var assembly in new[] { typeof(CrdbCloudClient).Assembly, typeof(SandboxServer).Assembly })
        foreach (var type in assembly.GetTypes().Where(t => !t.ContainsGenericParameters))
        {
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            foreach (var method in type.GetMethods(BindingFlags.DeclaredOnly | (BindingFlags)0x3C))
                _ = method.GetParameters();
        }
    }

    [Theory]
    [InlineData("prod-eu")]
    [InlineData("gcp-eu")]
    public async Task A_key_is_created_enabled_checked_and_rotated(string name)
    {
        // Of a sandbox in another process: Mono has no CertificateRequest, with which the sandbox makes its certificates.
        Assert.SkipUnless(Endpoint is not null, "CRDB_DESKTOP_ENDPOINT names no sandbox.");
        var endpoint = new Uri(Endpoint!);
        var apiKey = new Secret(Environment.GetEnvironmentVariable("CRDB_DESKTOP_API_KEY")!);
        var sandbox = await Core.Cloud.SandboxDiscovery.FindAsync(
            endpoint,
            apiKey,
            isKeyChecked: true,
            CancellationToken.None
        );
        var time = sandbox!.StartClock();
        using var client = new CrdbCloudClient(
            new CloudConnection(endpoint, apiKey) { Time = time, TimeScale = sandbox.TimeScale }
        );
        using var connections = new CustomerConnections(CustomerClouds.All, CloudOptions.None, sandbox);
        var context = new OperationContext(new RecordingLog(), time, CancellationToken.None);
        var check = new ManifestCheck(connections.Clouds);
        var admission = new NewKeyAdmission(client, check);
        var lifecycle = new CmekLifecycle(client, check);
        var organization = await client.GetOrganizationAsync(context);

        var cluster = await new ClusterResolver(client).ResolveAsync(new CrdbClusterIdentity(name), context);
        var provider = connections.ProviderOf(cluster, CmekKeySource.Cloud);
        var role = await admission.EnsureRoleAsync(
            provider,
            new RoleRequest { Cluster = cluster, OrganizationId = organization.Id },
            context
        );
        var keys = await admission.EnsureKeysAsync(
            provider,
            new KeyRequest
            {
                Cluster = cluster,
                AuthPrincipal = role.AuthPrincipal,
                Regions = [.. cluster.Regions.Select(r => r.Name)],
            },
            isMove: false,
            context
        );
        var builder = new ManifestBuilder(connections.Clouds);
        var manifest = keys.Select(k => builder.Add(cluster, k.Region, k.KeyUri, k.AuthPrincipal, k))
            .OfType<CmekManifest>()
            .Single();
        var wait = new WaitOptions { Expected = CmekStatus.Enabled };
        var write = new WriteOptions { PrincipalsAreFresh = true };
        var info = await lifecycle.EnableAsync(cluster, manifest, write, wait, context);
        Assert.Equal(CmekStatus.Enabled, info.Status);

        var checks = await new CmekHealth(client, check).CheckManifestAsync(
            cluster,
            manifest,
            provider,
            organization.Id,
            context
        );
        Assert.DoesNotContain(checks, c => c.Status == CmekCheckStatus.Fail);

        var rotated = await new CmekRotation(client, lifecycle, check).RotateAsync(
            cluster,
            provider,
            new RotationOptions { Write = write, Wait = wait },
            context
        );
        Assert.All(rotated.Regions, r => Assert.Equal(2, r.Keys.Count));
    }
}
