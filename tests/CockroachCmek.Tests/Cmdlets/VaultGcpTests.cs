using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>
/// Keys of HashiCorp Vault on Google Cloud, from Vault's own access to the health check. Vault's server is this
/// machine: it reads the file that the module writes.
/// </summary>
public sealed class VaultGcpTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crdb-vault-").FullName;

    private string KeyPath => Path.Combine(_folder, "agent.json");

    private string Make =>
        "Get-CrdbCluster gcp-eu | New-CrdbCmekRole | "
        + $"New-CrdbCmekKey -Via HashiCorpVault -ServiceAccountKeyPath '{KeyPath}'";

    private string Setup => $"$null = {Make} | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ModuleSession Connect()
    {
        var session = ModuleSession.WithSandbox(record: true);
        session.Run($"$null = {ModuleSession.Connect}").Succeeds();
        return session;
    }

    [Fact]
    public void The_pipeline_gives_Vault_its_access_enables_CMEK_and_writes_nothing_twice()
    {
        using var session = Connect();
        Assert.Equal(
            "ENABLED",
            session.Run($"{Make} | New-CrdbCmekManifest | Enable-CrdbCmek -Wait").Succeeds().Single().Text("Status")
        );
        session.Run("$seen = $sandbox.Exchanges.Count").Succeeds();
        var keys = session.Run(Make).Succeeds().Output;
        Assert.All(keys, k => Assert.Equal("Existing", k.Text("Outcome")));
        Assert.Single(keys.Select(k => k.Text("KeyUri")).Distinct());
        Assert.Contains(
            "/locations/global/keyRings/crdb-cmek/cryptoKeys/crdb-cmek-",
            keys[0].Text("KeyUri"),
            StringComparison.Ordinal
        );
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Service -in gcp, vault | "
                        + "Where-Object Method -ne GET | Where-Object Target -notmatch "
                        + "':getIamPolicy|:getAncestry|capabilities-self'"
                )
                .Output
        );
    }

    [Fact]
    public void The_file_of_the_service_account_is_its_owners_and_nothing_shows_what_is_in_it()
    {
        using var session = Connect();
        var result = session.Run($"{Make} -Verbose");
        result.Succeeds();
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyPath));
        using var file = System.Text.Json.JsonDocument.Parse(File.ReadAllText(KeyPath));
        Assert.StartsWith(
            "cmek-vault-agent@",
            file.RootElement.GetProperty("client_email").GetString(),
            StringComparison.Ordinal
        );
        var secret = file.RootElement.GetProperty("private_key").GetString()!.Split('\n')[1];
        Assert.DoesNotContain(
            secret,
            string.Join("\n", result.Verbose.Concat(result.Warnings).Concat(result.Output.Select(o => o.ToString()!)))
                + session.Screen,
            StringComparison.Ordinal
        );
        Assert.Equal(
            ["cmek_vault_role"],
            SandboxGcp
                .Get(session, $"projects/{session.Run("$sandbox.GcpProject").Single()}/roles")
                .GetProperty("roles")
                .EnumerateArray()
                .Select(r => r.GetProperty("name").GetString()!.Split('/')[^1])
        );
    }

    [Fact]
    public void WhatIf_names_every_step_and_makes_none()
    {
        using var session = Connect();
        session.Run("$role = Get-CrdbCluster gcp-eu | New-CrdbCmekRole; $seen = $sandbox.Exchanges.Count").Succeeds();
        var keys = session
            .Run($"$role | New-CrdbCmekKey -Via HashiCorpVault -ServiceAccountKeyPath '{KeyPath}' -WhatIf")
            .Succeeds()
            .Output;
        Assert.All(keys, k => Assert.Equal(true, k.Get("IsPlanned")));
        var said = session.Screen.Split('\n').Where(l => l.StartsWith("What if:", StringComparison.Ordinal)).ToList();
        string[] steps =
        [
            "Create key ring",
            "Create custom role",
            "Create service account",
            "Bind projects",
            "Create a key of the service account",
            "Enable the Key Management",
            "Create aes256-gcm96 key",
        ];
        Assert.Equal(
            steps,
            said.Select(line => steps.FirstOrDefault(step => line.Contains(step, StringComparison.Ordinal)))
        );
        Assert.False(File.Exists(KeyPath));
        Assert.Empty(
            session
                .Run(
                    "$sandbox.Exchanges | Where-Object Index -gt $seen | Where-Object Method -ne GET | Where-Object "
                        + "Target -notmatch ':getIamPolicy|capabilities-self'"
                )
                .Output
        );
    }

    [Fact]
    public void A_rotation_is_a_new_version_of_the_same_key_a_new_key_takes_its_place_and_health_passes_on_both_sides()
    {
        using var session = Connect();
        session.Run(Setup).Succeeds();
        var before = session.Run("@((Get-CrdbCmek gcp-eu).Regions)[0].Keys[0].KeyUri").Succeeds().Output[0].ToString();
        Assert.Equal(
            "ENABLED",
            session
                .Run("Get-CrdbCluster gcp-eu | Invoke-CrdbCmekRotation -Via HashiCorpVault -Wait")
                .Succeeds()
                .Single()
                .Text("Status")
        );
        Assert.Contains("latest 2", Assert.Single(SandboxVault.State(session)), StringComparison.Ordinal);
        Assert.Equal(
            before,
            session.Run("@((Get-CrdbCmek gcp-eu).Regions)[0].Keys[0].KeyUri").Succeeds().Output[0].ToString()
        );
        Assert.Equal(
            "ENABLED",
            session
                .Run("Get-CrdbCluster gcp-eu | Invoke-CrdbCmekRotation -NewKey -Via HashiCorpVault -Wait")
                .Succeeds()
                .Single()
                .Text("Status")
        );
        Assert.NotEqual(
            before,
            session.Run("@((Get-CrdbCmek gcp-eu).Regions)[0].Keys[0].KeyUri").Succeeds().Output[0].ToString()
        );
        var checks = session.Run("Get-CrdbCluster gcp-eu | Test-CrdbCmek -Via HashiCorpVault").Succeeds().Output;
        Assert.Empty(
            checks
                .Where(c => c.Text("Status") is "Fail" or "Unknown")
                .Select(c => $"{c.Text("Check")}: {c.Text("Detail")}")
        );
        Assert.DoesNotContain(checks, c => c.Text("ErrorId") == "VersionNotTakenUp");
    }

    [Fact]
    public void Without_access_the_refusal_of_Google_reaches_the_user_and_a_path_that_cannot_be_written_costs_no_key()
    {
        using var session = Connect();
        session
            .Run("Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault")
            .FailsWith("VaultCloudRefused");
        session
            .Run(
                "Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -Via HashiCorpVault "
                    + $"-ServiceAccountKeyPath '{_folder}/none/agent.json'"
            )
            .FailsWith("ServiceAccountKeyFileNotWritten");
        Assert.Empty(
            session
                .Run("$sandbox.Exchanges | Where-Object Method -eq POST | Where-Object Target -match '/keys$'")
                .Output
        );
        File.WriteAllText(KeyPath, "{}");
        session.Run(Make).FailsWith("ServiceAccountKeyFileTaken");
    }
}
