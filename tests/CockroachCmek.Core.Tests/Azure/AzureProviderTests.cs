using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Roles and keys on the sandbox's Azure, through the provider.</summary>
public sealed class AzureProviderTests
{
    [Fact]
    public async Task A_cluster_goes_from_nothing_to_enabled_with_one_key_for_all_regions()
    {
        await using var customer = new AzureCustomer();
        var (_, info) = await customer.EnabledAsync();
        Assert.Equal("ENABLED", info.Status);
        Assert.Single(info.Regions.Select(r => r.Keys[0].KeyUri).Distinct());
        Assert.Equal(customer.Azure.TenantId, info.Regions[0].Keys[0].AuthPrincipal);
        customer.Conforms();
    }

    [Fact]
    public async Task A_second_run_writes_nothing_and_finds_the_same()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        var role = await customer.RoleAsync(cluster, options: new AzureRoleOptions { GrantConsent = true });
        var keys = await customer.KeysAsync(cluster, r => r with { RotationPeriodInDays = 180 });
        Assert.Equal(CmekOutcome.Created, role.Outcome);
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Created, k.Outcome));
        var before = customer.Exchanges.Count;
        var sameRole = await customer.RoleAsync(cluster, options: new AzureRoleOptions { GrantConsent = true });
        var sameKeys = await customer.KeysAsync(cluster, r => r with { RotationPeriodInDays = 180 });
        Assert.Empty(customer.WritesSince(before));
        Assert.Equal(role with { Outcome = CmekOutcome.Existing }, sameRole);
        Assert.Equal(keys.Select(k => k.KeyUri), sameKeys.Select(k => k.KeyUri));
        Assert.All(sameKeys, k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
    }

    [Fact]
    public async Task A_dry_run_names_every_write_and_makes_none()
    {
        await using var customer = new AzureCustomer(answer: false);
        var cluster = await customer.ClusterAsync();
        var role = await customer.RoleAsync(cluster);
        var keys = await customer.KeysAsync(cluster, r => r with { Azure = r.Azure with { IsPlanned = true } });
        Assert.True(role.IsPlanned && keys.All(k => k.IsPlanned));
        Assert.All(keys, k => Assert.Equal($"{customer.Vault}/keys/{k.Name}", k.KeyUri));
        Assert.Empty(customer.WritesSince(0));
        Assert.Collection(
            customer.Log.Questions,
            q => Assert.Contains("as an enterprise application", q.Action, StringComparison.Ordinal),
            q => Assert.StartsWith("Create RSA 3072 key", q.Action, StringComparison.Ordinal),
            q =>
                Assert.Equal(
                    $"Assign Key Vault Crypto Officer on the vault to CockroachDB Cloud - {cluster.Id}",
                    q.Action
                )
        );
    }

    [Fact]
    public async Task The_role_tells_tenant_application_object_and_the_page_of_consent()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        var role = await customer.RoleAsync(cluster);
        Assert.Equal(customer.Azure.TenantId, role.AuthPrincipal);
        Assert.Equal(cluster.AzureClusterIdentityClientId, role.TrustedPrincipal);
        Assert.Equal($"CockroachDB Cloud - {cluster.Id}", role.Name);
        Assert.NotEqual(role.TrustedPrincipal, role.PrincipalId);
        Assert.Equal(
            $"https://login.microsoftonline.com/{role.AuthPrincipal}/adminconsent?client_id={role.TrustedPrincipal}",
            role.ConsentUrl!.ToString()
        );
    }

    [Fact]
    public async Task Who_may_not_add_the_application_gets_the_page_of_consent()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        var limited = customer.As(AzureRights.Subscription | AzureRights.Keys);
        var planned = await customer.RoleAsync(cluster, limited);
        Assert.True(planned.IsPlanned);
        Assert.Contains(customer.Log.Warnings, w =>
            w.Contains(planned.ConsentUrl!.ToString(), StringComparison.Ordinal)
        );
        Assert.Empty(planned.PrincipalId);
    }

    [Fact]
    public async Task An_administrator_consents_in_a_browser_while_the_run_waits()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        // Graph may be read, and nothing added: a directory reader.
        var reader = customer.As(AzureRights.GraphRead);
        Uri? opened = null;
        var waiting = customer.RoleAsync(
            cluster,
            reader,
            new AzureRoleOptions { Wait = TimeSpan.FromHours(1), Open = uri => (opened = uri) is not null }
        );
        while (opened is null)
            await Task.Yield();
        await customer.BrowseAsync(opened);
        var role = await waiting;
        Assert.Equal(CmekOutcome.Created, role.Outcome);
        Assert.NotEmpty(role.PrincipalId);
        Assert.Equal(opened, role.ConsentUrl);
    }

    [Fact]
    public async Task Nobody_consents_and_the_wait_ends_with_the_page_to_open()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        var fault = await Assert.ThrowsAsync<CmekException>(() =>
            customer.RoleAsync(
                cluster,
                customer.As(AzureRights.GraphRead),
                new AzureRoleOptions { Wait = TimeSpan.FromMinutes(10) }
            )
        );
        Assert.Equal("ConsentNotGiven", fault.ErrorId);
        Assert.Contains("adminconsent", fault.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_of_another_name_is_not_given_keys_unless_its_name_was_said()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        await customer.RoleAsync(cluster);
        var stranger = cluster with { Id = Guid.NewGuid().ToString() };
        var fault = await Assert.ThrowsAsync<CmekException>(() => customer.RoleAsync(stranger));
        Assert.Equal("RoleDiffers", fault.ErrorId);
        Assert.Contains($"it is called 'CockroachDB Cloud - {cluster.Id}'", fault.Message, StringComparison.Ordinal);
        Assert.Equal(
            CmekOutcome.Existing,
            (
                await customer.RoleAsync(
                    stranger,
                    options: new AzureRoleOptions { ApplicationName = $"CockroachDB Cloud - {cluster.Id}" }
                )
            ).Outcome
        );
    }

    [Fact]
    public async Task An_application_that_may_not_sign_in_is_told_and_enabled_only_on_request()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        var role = await customer.RoleAsync(cluster);
        await customer.SendAsync(
            "PATCH",
            $"https://graph.microsoft.com/v1.0/servicePrincipals/{role.PrincipalId}",
            """{"accountEnabled":false}"""
        );
        Assert.Equal(
            "RoleDiffers",
            (await Assert.ThrowsAsync<CmekException>(() => customer.RoleAsync(cluster))).ErrorId
        );
        Assert.Equal(
            "RoleDiffers",
            (await Assert.ThrowsAsync<CmekException>(() => customer.KeysAsync(cluster))).ErrorId
        );
        var updated = await customer.Provider.EnsureRoleAsync(
            new RoleRequest
            {
                Cluster = cluster,
                OrganizationId = "",
                Update = true,
            },
            customer.Context
        );
        Assert.Equal(CmekOutcome.Updated, updated.Outcome);
        Assert.Equal(CmekOutcome.Existing, (await customer.RoleAsync(cluster)).Outcome);
    }

    [Fact]
    public async Task Consent_gives_what_the_page_gives()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        var role = await customer.RoleAsync(cluster, options: new AzureRoleOptions { GrantConsent = true });
        var grants = await customer.SendAsync(
            "GET",
            $"https://graph.microsoft.com/v1.0/oauth2PermissionGrants?$filter=clientId%20eq%20'{role.PrincipalId}'"
        );
        var grant = Assert.Single(grants["value"]!.AsArray())!;
        Assert.Equal(("AllPrincipals", "User.Read"), ((string?)grant["consentType"], (string?)grant["scope"]));
    }

    [Fact]
    public async Task A_vault_that_goes_by_access_policies_gets_an_entry_and_no_assignment()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in", r =>
            r with
            {
                Azure = r.Azure with { Vaults = [customer.Azure.PolicyVaultName] },
            }
        );
        Assert.Equal("ENABLED", info.Status);
        Assert.Contains(customer.WritesSince(0), w => w.EndsWith("/accessPolicies/add", StringComparison.Ordinal));
        Assert.DoesNotContain(customer.WritesSince(0), w => w.Contains("/roleAssignments/", StringComparison.Ordinal));
        Assert.Contains(customer.Log.Warnings, w => w.Contains("no purge protection", StringComparison.Ordinal));
        var before = customer.Exchanges.Count;
        Assert.Equal(
            CmekOutcome.Existing,
            (
                await customer.KeysAsync(cluster, r =>
                    r with
                    {
                        Azure = r.Azure with { Vaults = [customer.Azure.PolicyVaultName] },
                    }
                )
            )[0].Outcome
        );
        Assert.Empty(customer.WritesSince(before));
    }

    [Fact]
    public async Task Several_vaults_serve_each_the_regions_of_their_place()
    {
        await using var customer = new AzureCustomer();
        await customer.SendAsync(
            "PUT",
            $"https://management.azure.com{customer.VaultId("cmek-north")}?api-version=2026-02-01",
            $$$"""{"location":"North Europe","properties":{"tenantId":"{{{customer.Azure.TenantId}}}","sku":{"family":"A","name":"standard"},"enableRbacAuthorization":true,"enablePurgeProtection":true}}"""
        );
        var cluster = await customer.ClusterAsync();
        await customer.RoleAsync(cluster);
        var keys = await customer.KeysAsync(cluster, r =>
            r with
            {
                Azure = r.Azure with { Vaults = ["cmek-north", customer.Vault + "/"] },
            }
        );
        Assert.StartsWith(customer.Vault, keys.Single(k => k.Region == "westeurope").KeyUri, StringComparison.Ordinal);
        Assert.StartsWith(
            "https://cmek-north.vault.azure.net",
            keys.Single(k => k.Region == "northeurope").KeyUri,
            StringComparison.Ordinal
        );
        Assert.Equal("ENABLED", (await customer.EnableAsync(cluster, keys)).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_existing_key_is_adopted_once_it_is_granted(bool withVersion)
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        await customer.RoleAsync(cluster);
        var kid = (string)
            (await customer.KeyAsync("POST", "keys/theirs/create", """{"kty":"RSA","key_size":2048}"""))["key"]![
                "kid"
            ]!;
        var uri = withVersion ? kid : $"{customer.Vault}/keys/theirs";
        KeyRequest Adopt(KeyRequest request, bool grant) => request with { KeyUris = [uri], Grant = grant };
        Assert.Equal(
            "KeyNotGranted",
            (await Assert.ThrowsAsync<CmekException>(() => customer.KeysAsync(cluster, r => Adopt(r, false)))).ErrorId
        );
        var adopted = await customer.KeysAsync(cluster, r => Adopt(r, true));
        Assert.All(adopted, k => Assert.Equal((kid, CmekOutcome.Updated), (k.KeyUri, k.Outcome)));
        Assert.All(await customer.KeysAsync(cluster, r => Adopt(r, false)), k =>
            Assert.Equal(CmekOutcome.Existing, k.Outcome)
        );
        Assert.Equal("ENABLED", (await customer.EnableAsync(cluster, adopted)).Status);
    }

    [Fact]
    public async Task The_narrowest_role_is_enough_to_enable()
    {
        await using var customer = new AzureCustomer();
        var (_, info) = await customer.EnabledAsync("azure-in", r =>
            r with
            {
                Azure = r.Azure with { RoleName = "Key Vault Crypto Service Encryption User", KeySize = 2048 },
            }
        );
        Assert.Equal("ENABLED", info.Status);
    }

    [Fact]
    public async Task Hardware_keys_need_a_premium_vault()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync("azure-in");
        await customer.RoleAsync(cluster);
        Assert.Equal(
            "HsmNotAvailable",
            (
                await Assert.ThrowsAsync<CmekException>(() =>
                    customer.KeysAsync(cluster, r =>
                        r with
                        {
                            Azure = r.Azure with { ProtectionLevel = CmekProtectionLevel.Hsm },
                        }
                    )
                )
            ).ErrorId
        );
        var keys = await customer.KeysAsync(cluster, r =>
            r with
            {
                Azure = r.Azure with
                {
                    Vaults = [customer.Azure.PremiumVaultName],
                    ProtectionLevel = CmekProtectionLevel.Hsm,
                    KeySize = 2048,
                },
            }
        );
        Assert.Equal("ENABLED", (await customer.EnableAsync(cluster, keys)).Status);
    }

    [Fact]
    public async Task A_region_that_joins_uses_the_key_in_force()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in");
        var like = new CmekRegionSpec
        {
            Region = "centralindia",
            KeySpec = new CmekKeySpec
            {
                Type = "AZURE_KEY_VAULT",
                Uri = info.Regions[0].Keys[0].KeyUri,
                AuthPrincipal = customer.Azure.TenantId,
            },
        };
        var before = customer.Exchanges.Count;
        var grown = cluster with { Regions = [.. cluster.Regions, new CrdbRegion { Name = "southindia" }] };
        var keys = await customer.KeysAsync(grown, r =>
            r with
            {
                Regions = ["southindia"],
                Like = like,
                Azure = new(),
            }
        );
        Assert.Equal((like.KeyUri, CmekOutcome.Existing), (keys[0].KeyUri, keys[0].Outcome));
        Assert.Empty(customer.WritesSince(before));
    }

    [Fact]
    public async Task A_soft_deleted_key_is_reported_and_recovered_when_asked()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync("azure-in");
        await customer.RoleAsync(cluster);
        var made = await customer.KeysAsync(cluster);
        await customer.KeyAsync("DELETE", $"keys/{made[0].Name}");
        await customer.SettleAsync();
        var fault = await Assert.ThrowsAsync<CmekException>(() => customer.KeysAsync(cluster));
        Assert.Equal("KeySoftDeleted", fault.ErrorId);
        Assert.Contains("-Recover", fault.RecommendedAction, StringComparison.Ordinal);
        var recovered = await customer.KeysAsync(cluster, r => r with { Azure = r.Azure with { Recover = true } });
        Assert.Equal((made[0].KeyUri, CmekOutcome.Updated), (recovered[0].KeyUri, recovered[0].Outcome));
        customer.Conforms();
    }

    [Fact]
    public async Task The_grant_that_a_manifest_needs_is_written_as_json_and_as_commands()
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync();
        var before = await customer.Provider.GetKeyPolicyAsync(
            new KeyPolicyRequest { Cluster = cluster, AuthPrincipal = customer.Azure.TenantId },
            customer.Context
        );
        Assert.Collection(
            before.Commands,
            c => Assert.Equal($"az ad sp create --id {cluster.AzureClusterIdentityClientId}", c),
            c => Assert.StartsWith("az keyvault key create --vault-name", c, StringComparison.Ordinal),
            c => Assert.StartsWith("az role assignment create", c, StringComparison.Ordinal)
        );
        var role = await customer.RoleAsync(cluster);
        var keys = await customer.KeysAsync(cluster);
        var policy = await customer.Provider.GetKeyPolicyAsync(
            new KeyPolicyRequest
            {
                Cluster = cluster,
                AuthPrincipal = role.AuthPrincipal,
                KeyUri = keys[0].KeyUri,
            },
            customer.Context
        );
        Assert.Contains(role.PrincipalId, policy.Statement, StringComparison.Ordinal);
        // The very assignment that the module makes, its id included.
        var made = customer
            .WritesSince(0)
            .Single(w => w.Contains("/roleAssignments/", StringComparison.Ordinal))
            .Split('/')[^1];
        Assert.Contains($"--name {made} ", Assert.Single(policy.Commands), StringComparison.Ordinal);
    }
}
