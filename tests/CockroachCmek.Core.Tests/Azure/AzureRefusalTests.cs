using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Promise 3: what is wrong is found before anything is written, has its own id, and names the next command.</summary>
public sealed class AzureRefusalTests
{
    [Fact]
    public async Task Without_consent_no_key_is_made()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        var fault = await RefusedAsync(customer, "ConsentMissing", () => customer.KeysAsync(cluster));
        Assert.Contains("adminconsent", fault.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_of_another_tenant_are_refused()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        await RefusedAsync(customer, "TenantDiffers", () =>
            customer.KeysAsync(cluster, r => r with { AuthPrincipal = Guid.NewGuid().ToString() })
        );
        await RefusedAsync(customer, "TenantDiffers", () =>
            customer.RoleAsync(cluster, options: new AzureRoleOptions { TenantId = customer.Azure.ForeignTenantId })
        );
        await RefusedAsync(customer, "TenantMalformed", () =>
            customer.KeysAsync(cluster, r => r with { AuthPrincipal = "arn:aws:iam::123456789012:role/x" })
        );
    }

    [Fact]
    public async Task A_vault_of_another_tenant_is_refused_though_ARM_does_not_show_it()
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        var fault = await RefusedAsync(customer, "KeyVaultInOtherTenant", () =>
            customer.KeysAsync(cluster, r =>
                r with
                {
                    Azure = r.Azure with { Vaults = [customer.Azure.ForeignVaultName] },
                }
            )
        );
        Assert.Contains(customer.Azure.ForeignTenantId, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vault_behind_its_firewall_is_told_from_one_that_is_not_there()
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        await RefusedAsync(customer, "KeyVaultFirewalled", () =>
            customer.KeysAsync(cluster, r =>
                r with
                {
                    Azure = r.Azure with { Vaults = [customer.Azure.WalledVaultName] },
                }
            )
        );
        await RefusedAsync(customer, "KeyVaultNotFound", () =>
            customer.KeysAsync(cluster, r => r with { Azure = r.Azure with { Vaults = ["cmek-nowhere"] } })
        );
    }

    [Fact]
    public async Task Rights_on_ARM_without_the_vault_and_on_the_vault_without_ARM_are_told_apart()
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        var principalId = (await customer.RoleAsync(cluster)).PrincipalId;
        KeyRequest Known(KeyRequest request) =>
            request with
            {
                Azure = request.Azure with { PrincipalId = principalId },
            };
        await RefusedAsync(customer, "KeyVaultPermissionDenied", () =>
            customer.KeysAsync(cluster, Known, customer.As(AzureRights.Subscription))
        );
        await RefusedAsync(customer, "ArmPermissionDenied", () =>
            customer.KeysAsync(cluster, Known, customer.As(AzureRights.Keys))
        );
        await RefusedAsync(customer, "KeyVaultNotVisible", () =>
            customer.KeysAsync(cluster, Known, customer.As(AzureRights.None))
        );
    }

    [Fact]
    public async Task Without_Graph_the_object_id_can_be_given()
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        var principalId = (await customer.RoleAsync(cluster)).PrincipalId;
        var limited = customer.As(AzureRights.Subscription | AzureRights.Keys);
        await RefusedAsync(customer, "GraphPermissionDenied", () => customer.KeysAsync(cluster, null, limited));
        Assert.All(
            await customer.KeysAsync(
                cluster,
                r => r with { Azure = r.Azure with { PrincipalId = principalId } },
                limited
            ),
            k => Assert.Equal(CmekOutcome.Created, k.Outcome)
        );
    }

    [Theory]
    [InlineData("""{"kty":"EC","crv":"P-256"}""", "KeyNotRsa")]
    [InlineData("""{"kty":"RSA","key_size":2048,"attributes":{"enabled":false}}""", "KeyDisabled")]
    [InlineData("""{"kty":"RSA","key_size":2048,"attributes":{"enabled":true,"exp":1600000000}}""", "KeyExpired")]
    [InlineData("""{"kty":"RSA","key_size":2048,"attributes":{"enabled":true,"nbf":4000000000}}""", "KeyNotEnabled")]
    [InlineData("""{"kty":"RSA","key_size":2048,"key_ops":["sign","verify"]}""", "KeyOperationsMissing")]
    public async Task A_key_that_cannot_serve_is_refused(string key, string errorId)
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        await customer.KeyAsync("POST", "keys/theirs/create", key);
        await RefusedAsync(customer, errorId, () =>
            customer.KeysAsync(cluster, r => r with { KeyUris = [$"{customer.Vault}/keys/theirs"], Grant = true })
        );
    }

    [Theory]
    [InlineData("https://cmek-sandbox.vault.azure.net/secrets/x", "KeyUriMalformed")]
    [InlineData("https://cmek-sandbox.vault.azure.net.example.com/keys/x", "KeyUriMalformed")]
    [InlineData("https://cmek.managedhsm.azure.net/keys/x", "ManagedHsmNotSupported")]
    [InlineData("https://cmek-sandbox.vault.azure.net/keys/nobodys", "KeyNotFound")]
    public async Task A_key_that_is_none_is_refused(string uri, string errorId)
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        await RefusedAsync(customer, errorId, () =>
            customer.KeysAsync(cluster, r => r with { KeyUris = [uri], Grant = true })
        );
    }

    [Fact]
    public async Task A_key_of_the_name_that_is_somebody_elses_is_left_as_it_is()
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        await customer.KeyAsync(
            "POST",
            "keys/shared/create",
            """{"kty":"RSA","key_size":2048,"tags":{"crdb:cluster-id":"another"}}"""
        );
        await RefusedAsync(customer, "KeyNameTaken", () =>
            customer.KeysAsync(cluster, r => r with { Name = "shared" })
        );
    }

    [Fact]
    public async Task What_cannot_be_changed_of_a_key_is_named()
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        await customer.KeysAsync(cluster, r => r with { Azure = r.Azure with { KeySize = 2048 } });
        var fault = await RefusedAsync(customer, "KeyDiffers", () =>
            customer.KeysAsync(cluster, r =>
                r with
                {
                    Azure = r.Azure with { KeySize = 4096, ProtectionLevel = CmekProtectionLevel.Hsm },
                }
            )
        );
        Assert.Contains(
            "it has 2048 bits, not 4096; it is kept in software, not hardware",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Everything_that_is_wrong_in_several_vaults_is_one_error()
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        await customer.KeyAsync(
            "POST",
            "keys/bad/create",
            """{"kty":"RSA","key_size":2048,"attributes":{"enabled":false,"exp":1600000000},"tags":{"crdb:cluster-id":"CLUSTER"}}""".Replace(
                "CLUSTER",
                cluster.Id,
                StringComparison.Ordinal
            )
        );
        var fault = await RefusedAsync(customer, "KeysUnfit", () =>
            customer.KeysAsync(cluster, r => r with { Name = "bad" })
        );
        Assert.Contains("is disabled", fault.Message, StringComparison.Ordinal);
        Assert.Contains("expired on", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("No such role", "RoleUnknown")]
    [InlineData("Key Vault Reader", "RoleTooNarrow")]
    public async Task A_role_that_is_not_enough_is_refused(string role, string errorId)
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        await RefusedAsync(customer, errorId, () =>
            customer.KeysAsync(cluster, r => r with { Azure = r.Azure with { RoleName = role } })
        );
    }

    [Fact]
    public async Task A_vault_has_to_be_named_and_one_of_them_has_to_be_near()
    {
        await using var customer = new AzureCustomer();
        var cluster = await WithRoleAsync(customer);
        await RefusedAsync(customer, "KeyVaultNameMissing", () =>
            customer.KeysAsync(cluster, r => r with { Azure = new() })
        );
        await RefusedAsync(customer, "KeyVaultUriMalformed", () =>
            customer.KeysAsync(cluster, r =>
                r with
                {
                    Azure = r.Azure with { Vaults = ["https://cmek-sandbox.example.com/"] },
                }
            )
        );
        await RefusedAsync(customer, "KeyVaultMissing", () =>
            customer.KeysAsync(cluster, r =>
                r with
                {
                    Azure = r.Azure with { Vaults = [customer.Azure.VaultName, customer.Azure.PremiumVaultName] },
                }
            )
        );
    }

    [Fact]
    public async Task In_automation_the_managed_identity_is_used_without_being_asked_for_and_no_client_id_is_sent()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync("azure-in");
        using var automation = new SimulatedAutomation(customer);
        var provider = new AzureKeyProvider(
            customer.Connection with
            {
                ClientSecret = null,
                ClientId = null,
                TenantId = null,
            }
        );
        var role = await customer.RoleAsync(cluster, provider);
        Assert.Equal((customer.Azure.TenantId, CmekOutcome.Created), (role.AuthPrincipal, role.Outcome));
        Assert.Equal(CmekOutcome.Created, (await customer.KeysAsync(cluster, null, provider))[0].Outcome);
        // Its tokens are of one tenant, whichever is asked for.
        await RefusedAsync(customer, "TenantDiffers", () =>
            customer.KeysAsync(cluster, r => r with { AuthPrincipal = Guid.NewGuid().ToString() }, provider)
        );
        Assert.All(customer.Server.Exchanges.Where(e => e.Request.Service == "msi"), e =>
            Assert.DoesNotContain("client_id", e.Request.RawTarget, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Wrong_credentials_are_told_without_the_secret()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        var provider = new AzureKeyProvider(
            customer.Connection with
            {
                ClientSecret = new Secret("worthless-and-wrong"),
            }
        );
        var fault = await RefusedAsync(customer, "AzureCredentialsRefused", () =>
            customer.RoleAsync(cluster, provider)
        );
        Assert.DoesNotContain("worthless-and-wrong", fault.ToString(), StringComparison.Ordinal);
        Assert.Equal(CmekErrorKind.Authentication, fault.Kind);
    }

    private static async Task<CrdbCluster> WithRoleAsync(AzureCustomer customer)
    {
        var cluster = await customer.ClusterAsync();
        await customer.RoleAsync(cluster);
        return cluster;
    }

    private static async Task<CmekException> RefusedAsync<T>(
        AzureCustomer customer,
        string errorId,
        Func<Task<T>> action
    )
    {
        var before = customer.Exchanges.Count;
        var fault = await Assert.ThrowsAsync<CmekException>(action);
        Assert.True(errorId == fault.ErrorId, $"{fault.ErrorId}: {fault.Message}\n{fault.InnerException}");
        Assert.NotEmpty(fault.RecommendedAction);
        Assert.Empty(customer.WritesSince(before));
        return fault;
    }
}

/// <summary>The environment of a job in Azure Automation, for the length of a test. The SDK keeps the identity's tokens for the whole process: one test of a process can use it.</summary>
internal sealed class SimulatedAutomation : IDisposable
{
    public SimulatedAutomation(AzureCustomer customer)
    {
        Environment.SetEnvironmentVariable(
            "IDENTITY_ENDPOINT",
            new Uri(customer.Server.ManagedIdentityEndpoint, "MSI/token").ToString()
        );
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", customer.Azure.ManagedIdentity.Secret);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", null);
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", null);
    }
}
