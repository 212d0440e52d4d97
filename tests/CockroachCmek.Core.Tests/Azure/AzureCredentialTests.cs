using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Credentials, their tenants, and the tokens of a session.</summary>
public sealed class AzureCredentialTests
{
    [Fact]
    public async Task Credentials_of_another_tenant_are_refused()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        await world.RefusesAsync("TenantDiffers", () =>
            world.KeysAsync(cluster, r => r with { AuthPrincipal = Guid.NewGuid().ToString() })
        );
        await world.RefusesAsync("TenantDiffers", () =>
            world.RoleAsync(cluster, r => r.With("TenantId", world.Azure.ForeignTenantId))
        );
        await world.RefusesAsync("TenantMalformed", () =>
            world.KeysAsync(cluster, r => r with { AuthPrincipal = "arn:aws:iam::123456789012:role/x" })
        );
    }

    [Fact]
    public async Task In_automation_the_managed_identity_is_the_default_and_no_client_id_is_sent()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync("azure-in");
        using var automation = new SimulatedAutomation(world);
        var provider = world.Connect(world.Connection with { ClientSecret = null, ClientId = null, TenantId = null });
        var role = await world.RoleAsync(cluster, provider: provider);
        Assert.Equal((world.Azure.TenantId, CmekOutcome.Created), (role.AuthPrincipal, role.Outcome));
        Assert.Equal(CmekOutcome.Created, (await world.KeysAsync(cluster, null, provider))[0].Outcome);
        // Its tokens are for one tenant, whichever is requested.
        await world.RefusesAsync("TenantDiffers", () =>
            world.KeysAsync(cluster, r => r with { AuthPrincipal = Guid.NewGuid().ToString() }, provider)
        );
        Assert.All(world.Server.Exchanges.Where(e => e.Request.Service == "msi"), e =>
            Assert.DoesNotContain("client_id", e.Request.RawTarget, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Wrong_credentials_are_reported_without_the_secret()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterAsync();
        var provider = world.Connect(world.Connection with { ClientSecret = new Secret("worthless-and-wrong") });
        var error = await world.RefusesAsync("AzureCredentialsRefused", () =>
            world.RoleAsync(cluster, provider: provider)
        );
        Assert.DoesNotContain("worthless-and-wrong", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(CmekErrorKind.Authentication, error.Kind);
    }

    [Fact]
    public async Task A_session_fetches_one_token_for_each_service()
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        await world.KeysAsync(cluster);
        await world.KeysAsync(cluster);
        var tokens = world.Exchanges.Count(e =>
            e.Request.Path.EndsWith("/oauth2/v2.0/token", StringComparison.Ordinal)
        );
        Assert.Equal(3, tokens); // Resource Manager, Graph, Key Vault
    }

    [Fact]
    public async Task No_secret_and_no_token_appears_in_what_is_logged()
    {
        await using var world = new AzureWorld();
        await world.KeysAsync(await world.ClusterWithRoleAsync());
        var logged = string.Join(
            "\n",
            world.Log.VerboseLines.Concat(world.Log.Warnings).Concat(world.Log.Questions.Select(q => q.Action))
        );
        Assert.Contains("Azure Key Vault CreateKey", logged, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Azure.Admin.Secret, logged + world.Connection, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", logged, StringComparison.Ordinal);
    }
}

/// <summary>
/// The environment of a job in Azure Automation, for the length of a test. The SDK keeps the identity's tokens for
/// the whole process, so that only one test of a process can use it.
/// </summary>
internal sealed class SimulatedAutomation : IDisposable
{
    public SimulatedAutomation(AzureWorld world)
    {
        Environment.SetEnvironmentVariable(
            "IDENTITY_ENDPOINT",
            new Uri(world.Server.ManagedIdentityEndpoint, "MSI/token").ToString()
        );
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", world.Azure.ManagedIdentity.Secret);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", null);
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", null);
    }
}
