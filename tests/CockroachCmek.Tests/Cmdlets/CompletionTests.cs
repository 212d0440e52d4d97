using System.Management.Automation;
using System.Reflection;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>What Tab offers: only what is known without a call, and only what fits the cloud of the cluster.</summary>
public sealed class CompletionTests
{
    /// <summary>Parameters whose values nobody can know beforehand, each with the reason.</summary>
    private static readonly Dictionary<string, string> Unknowable = new()
    {
        ["Connect-CrdbCloud -GcpCredentialFile"] = "a path of any file: the engine completes it",
        ["Connect-CrdbCloud -SecretName"] = "reading the names may unlock or call a vault",
        ["Connect-CrdbCloud -VaultCaCertificate"] = "a path of any file: the engine completes it",
        ["Connect-CrdbCloud -VaultServiceAccountFile"] = "a path of any file: the engine completes it",
        ["Get-CrdbCmekKeyPolicy -Administrator"] = "principals of the account: only IAM knows them",
        ["Get-CrdbCmekKeyPolicy -PermissionsBoundary"] = "policies of the account: only IAM knows them",
        ["New-CrdbCmekKey -Administrator"] = "principals of the account: only IAM knows them",
        ["New-CrdbCmekKey -Name"] = "a new name",
        ["New-CrdbCmekKey -PrincipalId"] = "an object id that New-CrdbCmekRole pipes",
        ["New-CrdbCmekKey -ServiceAccountKeyPath"] = "a path of any file: the engine completes it",
        ["New-CrdbCmekRole -ApplicationName"] = "a new name",
        ["New-CrdbCmekRole -Name"] = "a new name",
        ["New-CrdbCmekRole -Path"] = "an IAM path of the customer's own",
        ["New-CrdbCmekRole -PermissionsBoundary"] = "policies of the account: only IAM knows them",
    };

    private static readonly HashSet<string> TextTypes =
    [
        "System.String",
        "System.Uri",
        "System.Guid",
        "CockroachCmek.CmekManifest",
        "CockroachCmek.CrdbClusterIdentity",
        "CockroachCmek.CrdbSandbox",
        "CockroachCmek.CrdbSession",
    ];

    [Fact]
    public void Every_parameter_that_is_text_or_an_object_completes_or_says_why_it_cannot()
    {
        using var session = new ModuleSession();
        var bare = session
            .Run("Get-Command -Module CockroachCmek")
            .Succeeds()
            .Output.Select(c => (CmdletInfo)c.BaseObject)
            .SelectMany(c => c.ImplementingType.GetProperties().Select(p => (Cmdlet: c.Name, Property: p)))
            .Where(p => p.Property.GetCustomAttributes<ParameterAttribute>().Any(a => !a.DontShow))
            .Where(p => TextTypes.Contains(ElementOf(p.Property.PropertyType).FullName ?? ""))
            .Where(p =>
                p.Property.GetCustomAttribute<ArgumentCompleterAttribute>() is null
                && p.Property.GetCustomAttribute<ValidateSetAttribute>() is null
            )
            .Select(p => $"{p.Cmdlet} -{p.Property.Name}");
        Assert.Equal(Unknowable.Keys.Order(), bare.Order());
    }

    private static Type ElementOf(Type type) =>
        Nullable.GetUnderlyingType(type) ?? (type.IsArray ? type.GetElementType()! : type);

    [Fact]
    public void Tab_offers_what_fits_the_cluster_and_calls_nothing()
    {
        using var folder = new ConfigurationFolder();
        folder.Write(
            "config",
            "[default]\nregion = eu-west-1\n[profile cmek admin]\nsso_account_id = 1234\n[sso-session x]\n"
        );
        folder.Write("credentials", "[default]\naws_secret_access_key = notatoken\n[breakglass]\n");
        folder.Write(
            "azureProfile.json",
            """
            {"subscriptions":[{"id":"11111111-2222-3333-4444-555555555555","name":"cmek production",
            "tenantId":"99999999-2222-3333-4444-555555555555"}]}
            """
        );
        folder.Write("configurations/config_work", "[core]\nproject = cmek-work\n");
        using var config = new EnvironmentVariable("AWS_CONFIG_FILE", folder.PathOf("config"));
        using var credentials = new EnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", folder.PathOf("credentials"));
        using var azure = new EnvironmentVariable("AZURE_CONFIG_DIR", folder.Path);
        using var gcloud = new EnvironmentVariable("CLOUDSDK_CONFIG", folder.Path);
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run($"$ExecutionContext.SessionState.Path.SetLocation('{folder.Path}')").Succeeds();
        session
            .Run(
                """
                $null = Get-CrdbCluster
                $gcp = Get-CrdbCluster gcp-eu
                $null = $gcp | New-CrdbCmekRole | New-CrdbCmekKey -Location europe
                $null = Get-CrdbCluster azure-eu | New-CrdbCmekRole | New-CrdbCmekKey -KeyVaultName cmek-sandbox
                $null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion |
                    New-CrdbCmekManifest | Export-CrdbCmekManifest ./prod-eu.json
                $seen = $sandbox.Exchanges.Count
                """
            )
            .Succeeds();

        // Regions: those of the cluster for a key; those that it does not have for a new region.
        Assert.Equal(["eu-central-1", "eu-west-1"], Offered(session, "'prod-eu' | New-CrdbCmekKey -Region eu-"));
        Assert.Equal(["us-east-1", "us-east-2"], Offered(session, "Add-CrdbCmekRegion -Cluster prod-eu -Region us-e"));
        Assert.Equal(
            ["eu-west-2", "eu-west-3"],
            Offered(session, "Add-CrdbCmekRegion -Cluster prod-eu -Region eu-west-")
        );
        Assert.StartsWith(
            "has nodes of gcp-us",
            ToolTips(session, "$gcp | Add-CrdbCmekRegion us-").First(),
            StringComparison.Ordinal
        );

        // Keys and identities of the cluster's cloud, also from manifests of the folder.
        Assert.All(Offered(session, "New-CrdbCmekKey gcp-us -KeyUri "), uri =>
            Assert.StartsWith("projects/", uri, StringComparison.Ordinal)
        );
        Assert.Equal(
            2,
            Offered(session, "New-CrdbCmekKey prod-us -KeyUri arn:aws:kms:eu-")
                .Count(u => u.Contains("mrk-", StringComparison.Ordinal))
        );
        Assert.Contains(
            "prod-eu",
            ToolTips(session, "New-CrdbCmekKey prod-us -AuthPrincipal arn").First(),
            StringComparison.Ordinal
        );
        Assert.Equal(
            ["'crdb-cmek-"],
            Offered(session, "New-CrdbCmekKey gcp-us -AuthPrincipal crdb").Select(p => p[..11])
        );

        // What the clouds' own tools keep on this machine, and what the keys show.
        Assert.Equal(["default", "'cmek admin'", "breakglass"], Offered(session, "Connect-CrdbCloud -AwsProfile "));
        Assert.Equal(["cmek-work"], Offered(session, "Connect-CrdbCloud -GcpProject cmek-w"));
        Assert.Equal(["11111111-2222-3333-4444-555555555555"], Offered(session, "New-CrdbCmekKey -SubscriptionId 1"));
        Assert.Equal(["cmek-sandbox"], Offered(session, "New-CrdbCmekKey azure-us -KeyVaultName "));
        Assert.Equal(["Key Vault of the sandbox"], ToolTips(session, "New-CrdbCmekKey azure-us -KeyVaultName "));
        Assert.Equal([], Offered(session, "New-CrdbCmekKey prod-eu -KeyVaultName cmek-s"));
        Assert.Equal(["crdb-cmek"], Offered(session, "New-CrdbCmekKey gcp-us -KeyRing "));
        Assert.Equal(["europe"], Offered(session, "New-CrdbCmekKey gcp-us -Location eu"));
        Assert.Equal(
            ["'Key Vault Crypto Service Encryption User'"],
            Offered(session, "New-CrdbCmekKey azure-eu -RoleName 'Key Vault Crypto S")
        );

        // The ways to revoke of the cluster's cloud, though the engine offers every value of an enumeration.
        Assert.Equal(
            ["Default", "RemoveGrant", "DisableIdentity", "RemoveTrust", "DisableKey"],
            Offered(session, "$gcp | Revoke-CrdbCmek -Method ")
        );
        Assert.Equal(["Default", "Deny", "DenyRole"], Offered(session, "Test-CrdbCmekRevocation prod-eu -Method De"));

        // Objects: the variables that hold one, not quoted.
        session.Run("$mine = Get-CrdbSession; $manifest = Import-CrdbCmekManifest ./prod-eu.json").Succeeds();
        Assert.Equal(["$mine", "(Get-CrdbSession)"], Offered(session, "Get-CrdbCmek -Session "));
        Assert.Equal(["$manifest"], Offered(session, "Enable-CrdbCmek "));
        Assert.Equal(["$sandbox"], Offered(session, "Stop-CrdbSandbox "));

        Assert.Equal(true, session.Run("$sandbox.Exchanges.Count -eq $seen").Single().BaseObject);
    }

    [Fact]
    public void Before_anything_was_read_Tab_offers_what_is_known_without_it()
    {
        using var session = ModuleSession.WithSandbox();
        Assert.Contains("ap-east-1", Offered(session, "Add-CrdbCmekRegion -Cluster prod-eu -Region "));
        Assert.Equal(["cmek-sandbox"], Offered(session, "New-CrdbCmekKey azure-eu -KeyVaultName "));
        Assert.Equal(["(Get-CrdbSession)"], Offered(session, "Disconnect-CrdbCloud "));
        Assert.Contains("DenyRole", Offered(session, "Revoke-CrdbCmek prod-eu -Method "));
    }

    [Fact]
    public void Two_clusters_of_one_name_are_offered_by_id()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$null = Get-CrdbCluster").Succeeds();
        Assert.Equal(
            ["aaaaaaaa-0000-4000-8000-00000000abcd", "bbbbbbbb-0000-4000-8000-00000000abcd"],
            Offered(session, "Get-CrdbCmek twi")
        );
    }

    private static List<string> Offered(ModuleSession session, string line) =>
        [.. Matches(session, line).Select(m => m.CompletionText)];

    private static List<string> ToolTips(ModuleSession session, string line) =>
        [.. Matches(session, line).Select(m => m.ToolTip)];

    /// <summary>Without the files of the folder, which the engine offers where a completer offers nothing.</summary>
    private static IEnumerable<CompletionResult> Matches(ModuleSession session, string line)
    {
        using var shell = PowerShell.Create();
        shell.Runspace = session.Runspace;
        return CommandCompletion.CompleteInput(line, line.Length, null, shell).CompletionMatches;
    }

    /// <summary>A folder with the configuration of the clouds' own tools.</summary>
    private sealed class ConfigurationFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory().FullName;

        public string PathOf(string file) => System.IO.Path.Combine(Path, file);

        public void Write(string file, string text)
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(PathOf(file))!);
            File.WriteAllText(PathOf(file), text);
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
