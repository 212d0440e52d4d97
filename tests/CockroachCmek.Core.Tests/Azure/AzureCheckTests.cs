using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Azure;

public sealed class AzureCheckTests
{
    [Fact]
    public async Task A_key_that_is_right_passes_and_what_is_wide_or_far_is_a_warning()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync();
        var checks = await CheckAsync(customer, cluster, info, "northeurope");
        Assert.DoesNotContain(checks, c => c.Status is CmekCheckStatus.Fail or CmekCheckStatus.Unknown);
        Assert.Equal(["KeyElsewhere", "KeyPolicyWide"], Names(checks, CmekCheckStatus.Warning));
        Assert.Equal(
            ["Application", "KeyGranted", "KeyUsable", "VaultProtected", "VersionTakenUp"],
            Names(checks, CmekCheckStatus.Pass)
        );
    }

    [Fact]
    public async Task The_narrowest_role_is_not_wide()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in", r =>
            r with
            {
                Azure = r.Azure with { RoleName = KeyVaultRoles.Narrowest },
            }
        );
        Assert.DoesNotContain(
            "KeyPolicyWide",
            Names(await CheckAsync(customer, cluster, info, "centralindia"), CmekCheckStatus.Warning)
        );
    }

    [Fact]
    public async Task A_vault_that_rotates_by_itself_and_a_version_that_was_not_taken_up_are_warned_of()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in", r =>
            r with
            {
                RotationPeriodInDays = 90,
                Azure = r.Azure with { ExpiresOn = customer.Time.GetUtcNow().AddDays(20) },
            }
        );
        await customer.KeyAsync("POST", $"keys/{new Uri(info.Regions[0].Keys[0].KeyUri).Segments[2].Trim('/')}/rotate");
        var checks = await CheckAsync(customer, cluster, info, "centralindia");
        Assert.Equal(
            ["KeyElsewhere", "KeyExpiresSoon", "KeyPolicyWide", "RotatesByItself", "VersionNotTakenUp"],
            Names(checks, CmekCheckStatus.Warning)
        );
        Assert.All(checks.Where(c => c.Status == CmekCheckStatus.Warning), c => Assert.NotEmpty(c.Remedy));
    }

    [Theory]
    [InlineData("grant", "KeyNotGranted")]
    [InlineData("disable", "KeyDisabled")]
    [InlineData("delete", "KeySoftDeleted")]
    [InlineData("application", "ConsentMissing")]
    public async Task What_does_not_work_fails_under_the_name_of_its_error(string what, string check)
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in");
        var key = new Uri(info.Regions[0].Keys[0].KeyUri).AbsolutePath.TrimStart('/');
        if (what == "grant")
            foreach (
                var w in customer
                    .WritesSince(0)
                    .Where(w => w.Contains("/roleAssignments/", StringComparison.Ordinal))
                    .ToList()
            )
                await customer.SendAsync(
                    "DELETE",
                    $"https://management.azure.com{w.Split(' ')[1]}?api-version=2022-04-01"
                );
        if (what == "disable")
            await customer.KeyAsync("PATCH", key, """{"attributes":{"enabled":false}}""");
        if (what == "delete")
            await customer.KeyAsync("DELETE", key[..key.LastIndexOf('/')]);
        if (what == "application")
            await customer.SendAsync(
                "DELETE",
                $"https://graph.microsoft.com/v1.0/servicePrincipals/{(await customer.RoleAsync(cluster)).PrincipalId}"
            );
        await customer.SettleAsync();
        Assert.Equal([check], Names(await CheckAsync(customer, cluster, info, "centralindia"), CmekCheckStatus.Fail));
    }

    [Fact]
    public async Task What_may_not_be_read_is_unknown()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in");
        var checks = await CheckAsync(customer, cluster, info, "centralindia", customer.As(AzureRights.None));
        Assert.Equal(["ApplicationReadable", "KeyReadable", "VaultReadable"], Names(checks, CmekCheckStatus.Unknown));
        Assert.DoesNotContain(checks, c => c.Status == CmekCheckStatus.Pass);
    }

    [Fact]
    public async Task Of_a_past_key_only_that_it_is_there_and_usable_is_asked()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in");
        var key = info.Regions[0].Keys[0].KeyUri;
        Assert.Equal("PastKeyUsable", Assert.Single(await PastAsync()).Check);
        await customer.KeyAsync(
            "PATCH",
            new Uri(key).AbsolutePath.TrimStart('/'),
            """{"attributes":{"enabled":false}}"""
        );
        var failed = Assert.Single(await PastAsync());
        Assert.Equal(("KeyDisabled", CmekCheckStatus.Fail), (failed.Check, failed.Status));

        Task<IReadOnlyList<CmekCheck>> PastAsync() =>
            customer.Provider.CheckKeyAsync(
                new KeyCheckRequest
                {
                    Cluster = cluster,
                    Spec = Spec(info, "centralindia"),
                    IsPast = true,
                },
                customer.Context
            );
    }

    private static async Task<IReadOnlyList<CmekCheck>> CheckAsync(
        AzureCustomer customer,
        CrdbCluster cluster,
        CmekInfo info,
        string region,
        AzureKeyProvider? provider = null
    ) =>
        await (provider ?? customer.Provider).CheckKeyAsync(
            new KeyCheckRequest
            {
                Cluster = cluster,
                Spec = Spec(info, region),
                TakenUpAt = info.Regions[0].Keys[0].CreatedAt,
            },
            customer.Context
        );

    private static CmekRegionSpec Spec(CmekInfo info, string region)
    {
        var key = info.Regions.Single(r => r.Region == region).Keys[0];
        return new CmekRegionSpec
        {
            Region = region,
            KeySpec = new CmekKeySpec
            {
                Type = key.KeyType,
                Uri = key.KeyUri,
                AuthPrincipal = key.AuthPrincipal,
            },
        };
    }

    private static IEnumerable<string> Names(IEnumerable<CmekCheck> checks, CmekCheckStatus status) =>
        checks.Where(c => c.Status == status).Select(c => c.Check).Order(StringComparer.Ordinal);
}
