using System.Management.Automation;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Wrong input: its own error id, the next command, and nothing made.</summary>
public sealed class RefusalTests
{
    [Fact]
    public void A_wrong_API_key_ends_the_connect_and_is_not_repeated_in_the_message()
    {
        using var session = ModuleSession.WithSandbox();
        var result = session.Run(
            "Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey ([System.Net.NetworkCredential]::new('', "
                + "'not-the-right-one').SecurePassword)"
        );
        var error = result.FailsWith("ApiKeyRefused");
        Assert.Equal(ErrorCategory.AuthenticationError, error.CategoryInfo.Category);
        Assert.DoesNotContain(
            "not-the-right-one",
            error.ToString() + error.ErrorDetails.Message + error.Exception,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Without_a_connection_the_command_that_makes_one_is_named()
    {
        using var session = new ModuleSession();
        var error = session.Run("Get-CrdbCluster").FailsWith("NotConnected");
        Assert.StartsWith("Connect-CrdbCloud", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get-CrdbCluster prod-ue", "ClusterNotFound", "prod-eu")]
    [InlineData(
        "Get-CrdbCluster 00000000-0000-4000-8000-0000000000ff",
        "ClusterNotFound",
        "00000000-0000-4000-8000-0000000000ff"
    )]
    [InlineData("Get-CrdbCluster twin", "AmbiguousCluster", "aaaaaaaa-0000-4000-8000-00000000abcd")]
    [InlineData("Get-CrdbCluster 00000000abcd", "AmbiguousCluster", "bbbbbbbb-0000-4000-8000-00000000abcd")]
    [InlineData("New-CrdbCmekRole standard-aws", "PlanNotSupported", "STANDARD", "standard-aws")]
    [InlineData("New-CrdbCmekRole azure-in | New-CrdbCmekKey", "KeyVaultNameMissing", "-KeyVaultName", "azure-in")]
    [InlineData(
        "New-CrdbCmekKey dev-aws -AuthPrincipal 200000000001",
        "RoleArnMalformed",
        "arn:aws:iam::<account>:role/<name>",
        "dev-aws"
    )]
    [InlineData(
        "New-CrdbCmekKey dev-aws -AuthPrincipal arn:aws:iam::200000000001:role/x -Region eu-west-1",
        "RegionUnknown",
        "us-east-1",
        "dev-aws"
    )]
    [InlineData(
        "New-CrdbCmekRole dev-aws | New-CrdbCmekKey -KeyUri alias/nobody",
        "KeyNotFound",
        "alias/nobody",
        "dev-aws"
    )]
    public void Wrong_input_has_its_own_error(string command, string errorId, string named, string cluster = "")
    {
        using var session = ModuleSession.WithSandbox();
        var error = session.Run(command).FailsWith(errorId);
        var details = error.ErrorDetails;
        Assert.Contains(named, details.Message + " " + details.RecommendedAction, StringComparison.Ordinal);
        // Among many clusters, both the message and the record say which one failed.
        Assert.Contains(cluster, details.Message, StringComparison.Ordinal);
        Assert.Contains(cluster, error.Exception.Message, StringComparison.Ordinal);
        if (cluster.Length > 0)
            Assert.Equal(cluster, error.TargetObject);
    }

    [Theory]
    [InlineData("public-aws", "AdvancedSecurityMissing")]
    public void A_cluster_that_cannot_have_CMEK_is_sent_nothing(string cluster, string errorId)
    {
        using var session = ModuleSession.WithSandbox(record: true);
        session
            .Run(
                $"Get-CrdbCluster {cluster} | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek"
            )
            .FailsWith(errorId);
        Assert.Empty(
            session.Run("$sandbox.Exchanges | Where-Object Method -eq POST | Where-Object Service -eq cloud").Output
        );
    }

    [Fact]
    public void A_region_without_a_key_is_named_and_nothing_is_sent()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var error = session
            .Run(
                "Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Region us-east-1, us-west-2 | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek"
            )
            .FailsWith("ManifestIncomplete");
        Assert.Contains("us-east-2", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Empty(
            session.Run("$sandbox.Exchanges | Where-Object Method -eq POST | Where-Object Service -eq cloud").Output
        );
    }

    [Fact]
    public void A_manifest_for_another_cluster_is_refused()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        var error = session
            .Run(
                "Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek "
                    + "-Cluster flaky-aws"
            )
            .FailsWith("ManifestForOtherCluster");
        Assert.Contains("flaky-aws", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Empty(
            session.Run("$sandbox.Exchanges | Where-Object Method -eq POST | Where-Object Service -eq cloud").Output
        );
    }

    [Fact]
    public void An_alias_that_another_key_holds_is_left_alone()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run("$null = Get-CrdbCluster prod-us | New-CrdbCmekRole | New-CrdbCmekKey -Region us-east-1 -Name shared")
            .Succeeds();
        var error = session
            .Run("Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey -Name shared")
            .FailsWith("AliasTaken");
        Assert.Equal(ErrorCategory.ResourceExists, error.CategoryInfo.Category);
    }

    [Fact]
    public void A_key_of_the_other_kind_is_left_alone()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$null = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey").Succeeds();
        session
            .Run("Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion")
            .FailsWith("KeyDiffers");
    }

    [Fact]
    public void Enabling_with_other_keys_than_those_in_force_is_refused()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "Get-CrdbCluster prod-eu-old | New-CrdbCmekRole -Name other | New-CrdbCmekKey -Name other | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek"
            )
            .FailsWith("AlreadyEnabledDifferently");
    }

    [Fact]
    public void A_viewer_may_list_clusters_and_is_told_what_it_may_not()
    {
        using var session = ModuleSession.WithSandbox();
        var connect = session
            .Run(
                "Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey ([System.Net.NetworkCredential]::new('', "
                    + "$sandbox.ViewerApiKey).SecurePassword)"
            )
            .Succeeds();
        Assert.Contains(connect.Warnings, w => w.Contains("organization", StringComparison.Ordinal));
        Assert.NotEmpty(session.Run("Get-CrdbCluster").Succeeds().Output);
        Assert.Equal(
            ErrorCategory.PermissionDenied,
            session.Run("Get-CrdbCmek prod-eu").FailsWith("CloudPermissionDenied").CategoryInfo.Category
        );
        session.Run("New-CrdbCmekRole prod-eu").FailsWith("OrganizationUnknown");
    }

    [Fact]
    public void A_session_that_was_disconnected_says_so()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "$other = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey "
                    + "([System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword); Disconnect-CrdbCloud "
                    + "$other"
            )
            .Succeeds();
        session.Run("Get-CrdbCluster -Session $other").FailsWith("SessionEnded");
    }

    [Fact]
    public void A_file_for_another_cloud_is_refused_with_its_lines()
    {
        using var session = ModuleSession.WithSandbox();
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid() + ".yml");
        File.WriteAllText(
            file,
            "region_specs:\n- region: \"us-east-1\"\n  key_spec:\n    type: GCP_CLOUD_KMS\n    uri: "
                + "\"projects/p/locations/global/keyRings/r/cryptoKeys/k\"\n    auth_principal: "
                + "\"crdb@my-proj.iam.gserviceaccount.com\"\n"
        );
        var error = session
            .Run("Import-CrdbCmekManifest $file -Cluster dev-aws", ("file", file))
            .FailsWith("ProviderMismatch");
        Assert.Contains("line 2: GCP_CLOUD_KMS", error.ErrorDetails.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public void A_planned_manifest_is_not_written_to_a_file()
    {
        using var session = ModuleSession.WithSandbox();
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid() + ".json");
        session
            .Run(
                "Get-CrdbCluster dev-aws | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Export-CrdbCmekManifest $file",
                ("file", file)
            )
            .FailsWith("ManifestPlanned");
        Assert.False(File.Exists(file));
    }
}
