using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Get-CrdbCmekKey: which keys there are for a cluster, and which it uses.</summary>
[Collection(OneAtATime.Name)]
public sealed class KeyInventoryTests
{
    [Fact]
    public void The_keys_of_a_cluster_are_in_force_past_or_not_used()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$old = Get-CrdbCmek prod-eu-old").Succeeds();
        AssertSame(session, "$old.Regions.ForEach({ $_.Keys[0].KeyUri })", "prod-eu-old", "InForce");
        Assert.Single(
            session
                .Run("Get-CrdbCmekKey prod-eu-old | Where-Object Use -eq InForce | New-CrdbCmekManifest")
                .Succeeds()
                .Output
        );
        foreach (
            var (cluster, options) in new[]
            {
                ("prod-us", "-MultiRegion"),
                ("gcp-us", ""),
                ("azure-eu", "-KeyVaultName $sandbox.AzureKeyVaultName"),
            }
        )
        {
            session.Run($"$keys = New-CrdbCmekRole {cluster} | New-CrdbCmekKey {options}").Succeeds();
            AssertSame(session, "$keys.KeyUri", cluster, "NotUsed");
            session.Run("$keys | New-CrdbCmekManifest | Enable-CrdbCmek -Wait").Succeeds();
            AssertSame(session, "$keys.KeyUri", cluster, "InForce");
            AssertSame(session, "@()", cluster, "NotUsed");
            Assert.All(session.Run($"Get-CrdbCmekKey {cluster}").Succeeds().Output, k =>
                Assert.Equal(options == "-MultiRegion", k.Get("IsMultiRegion"))
            );
        }

        // A new version of a key that is in use is not a key that nobody uses.
        session.Run("Invoke-CrdbCmekRotation azure-eu -Wait -Confirm:$false").Succeeds();
        AssertSame(session, "$keys.KeyUri", "azure-eu", "Past");
        AssertSame(session, "@()", "azure-eu", "NotUsed");
    }

    [Fact]
    public void The_identity_of_a_cluster_shows_who_may_act_as_it_and_binds_to_keys()
    {
        using var session = ModuleSession.WithSandbox();
        var old = session.Run("Get-CrdbCmekRole prod-eu-old").Succeeds().Single();
        Assert.Equal(true, old.Get("IsTrustExact"));
        Assert.NotNull(old.Get("LastUsedAt"));
        Assert.Equal(
            session.Run("(Get-CrdbCmek prod-eu-old).Regions[0].Keys[0].AuthPrincipal").Succeeds().Single().ToString(),
            old.Text("AuthPrincipal")
        );
        Assert.Equal(
            session.Run("(Get-CrdbCmekKey prod-eu-old).KeyUri").Succeeds().Output.Select(k => $"{k}").Order(),
            session.Run("(Get-CrdbCmekRole prod-eu-old).GrantedKeys").Succeeds().Output.Select(k => $"{k}").Order()
        );

        session.Run("Get-CrdbCmekRole prod-us").FailsWith("ClusterHasNoRole");
        Assert.Empty(session.Run("Get-CrdbCmekRole prod-u*").Succeeds().Output);
        foreach (var cluster in new[] { "prod-us", "gcp-us", "azure-eu" })
        {
            session.Run($"$made = New-CrdbCmekRole {cluster}; $found = Get-CrdbCmekRole {cluster}").Succeeds();
            Assert.Equal(true, session.Run("$found.AuthPrincipal -eq $made.AuthPrincipal").Single().BaseObject);
            var keyVault = cluster == "azure-eu" ? "-KeyVaultName $sandbox.AzureKeyVaultName" : "";
            session.Run($"$keys = $found | New-CrdbCmekKey {keyVault}").Succeeds();
        }

        Assert.Equal(4, session.Run("Get-CrdbCmekRole").Succeeds().Output.Count);
    }

    private static void AssertSame(ModuleSession session, string expected, string cluster, string use)
    {
        var all = session.Run($"Get-CrdbCmekKey {cluster} | Where-Object Use -eq {use}").Succeeds().Output;
        Assert.All(all, k => Assert.Equal("Cloud", $"{k.Get("Origin")}"));
        Assert.All(all, k => Assert.Equal("Enabled", k.Text("State")));
        Assert.All(all, k => Assert.NotEmpty(k.Text("Location")));
        // The key of prod-eu-old was made by hand, without an alias.
        Assert.All(all, k => Assert.Equal(cluster != "prod-eu-old", k.Text("Name").Length > 0));
        Assert.All(all, k => Assert.NotNull(k.Get("CreatedAt")));
        Assert.All(all, k => Assert.Equal("Granted", $"{k.Get("Access")}"));
        Assert.All(all, k => Assert.Equal(use != "NotUsed", k.Get("UsedSince") is not null));
        Assert.Equal(
            session.Run(expected).Succeeds().Output.Select(u => $"{u}").Distinct().Order(),
            all.Select(k => k.Text("KeyUri")).Distinct().Order()
        );
    }
}
