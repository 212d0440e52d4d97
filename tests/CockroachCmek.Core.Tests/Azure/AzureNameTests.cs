using CockroachCmek.Core.Keys.Azure;
using CsCheck;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Names, identifiers and roles: what needs no cloud.</summary>
public sealed class AzureNameTests
{
    [Theory]
    [InlineData(
        AzureEnvironment.Public,
        "https://k.vault.azure.net/",
        "https://login.microsoftonline.com/t/adminconsent?client_id=a"
    )]
    [InlineData(
        AzureEnvironment.USGovernment,
        "https://k.vault.usgovcloudapi.net/",
        "https://login.microsoftonline.us/t/adminconsent?client_id=a"
    )]
    [InlineData(
        AzureEnvironment.China,
        "https://k.vault.azure.cn/",
        "https://login.chinacloudapi.cn/t/adminconsent?client_id=a"
    )]
    public void Each_Microsoft_cloud_has_its_own_addresses(
        AzureEnvironment environment,
        string keyVault,
        string consent
    )
    {
        var cloud = AzureCloud.Of(environment);
        Assert.Equal((keyVault, consent), (cloud.KeyVaultUri("K").ToString(), cloud.ConsentUrl("t", "a").ToString()));
        Assert.Equal("key", AzureKeyId.Parse($"{keyVault}keys/key", cloud).Name);
    }

    [Fact]
    public void An_assignment_has_one_id_however_it_is_spelled()
    {
        var id = AzureNames.RoleAssignment("/subscriptions/S/vaults/V", "ROLE", "PRINCIPAL").Split('/')[^1];
        Assert.Equal(id, AzureNames.RoleAssignment("/SUBSCRIPTIONS/s/vaults/v", "role", "principal").Split('/')[^1]);
        Assert.Equal('5', id[14]);
        // The example of RFC 9562, appendix A.4.
        Assert.Equal(
            new Guid("2ed6657d-e927-568b-95e1-2665a8aea6a2"),
            AzureNames.Uuid5(new Guid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com")
        );
    }

    [Fact]
    public void Any_key_identifier_is_read_and_written_the_same() =>
        Gen.Select(
                Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789-"].Array[3, 24],
                Gen.Char["0123456789abcdefABCDEFxyzXYZ-"].Array[1, 127],
                Gen.Char["0123456789abcdef"].Array[32],
                Gen.Bool
            )
            .Sample(
                (vault, name, version, hasVersion) =>
                {
                    var text = $"https://a{new string(vault)}z.vault.azure.net/keys/{new string(name)}";
                    if (hasVersion)
                        text += $"/{new string(version)}";
                    return AzureKeyId.Parse(text, AzureCloud.Of(AzureEnvironment.Public)).ToString() == text;
                }
            );

    [Theory]
    [InlineData("Microsoft.KeyVault/vaults/keys/*", true, true)]
    [InlineData("*", true, true)]
    [InlineData("Microsoft.KeyVault/vaults/keys/read", true, false)]
    [InlineData("microsoft.keyvault/VAULTS/*/wrap/action", false, true)]
    [InlineData("Microsoft.KeyVault/vaults/secrets/*", false, false)]
    public void A_custom_role_is_judged_by_the_actions_it_allows(string action, bool reads, bool wraps)
    {
        var role = CustomRole(new RolePermissions(null, null, [action], null));
        Assert.Equal((reads, wraps), (role.Covers(KeyVaultRoles.Read), role.Covers(KeyVaultRoles.Wrap)));
        var except = CustomRole(new RolePermissions(null, null, [action], ["*/wrap/action"]));
        Assert.False(except.Covers(KeyVaultRoles.Wrap));
    }

    private static RoleDefinition CustomRole(RolePermissions permissions) =>
        new("/x", "x", new RoleDefinitionProperties("custom", [permissions]));
}
