using System.Text.Json;
using CockroachCmek.Rehearsal;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>The runbooks on a cluster of Google Cloud, where a job gets the file of a service account key.</summary>
public sealed class GcpRunbookTests : IDisposable
{
    private const string Project = "projects/sandbox-customer";

    private readonly ModuleSession _session = ModuleSession.WithSandbox(timeScale: 100_000, record: true);
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("crdb-").FullName, "key.json");

    public GcpRunbookTests() =>
        _session
            .Run("function Get-AutomationVariable { param($Name) $sandbox.Environment[$Name] }", ("file", _file))
            .Succeeds();

    [Fact]
    public void The_nightly_audit_reads_with_the_key_file_of_a_service_account_and_fails_the_job_when_a_binding_is_gone()
    {
        Enable();
        File.WriteAllText(
            _file,
            // What stands above the project counts, so an audit reads it: the roles are granted on the organization.
            KeyFile(
                "crdb-audit",
                "organizations/200000000010",
                "roles/browser",
                "roles/cloudkms.viewer",
                "roles/iam.securityReviewer",
                "roles/iam.serviceAccountViewer",
                "roles/orgpolicy.policyViewer"
            )
        );
        Run("Test-NightlyAudit", "").Succeeds();
        SandboxGcp.Post(
            _session,
            _session.Run("$keys[0].KeyUri").Single() + ":setIamPolicy",
            """{"policy":{"bindings":[]}}"""
        );
        Assert.Contains(
            "gcp-us KeyNotGranted us-east4",
            Run("Test-NightlyAudit", "").Terminating!.Exception.Message,
            StringComparison.Ordinal
        );
    }

    public void Dispose()
    {
        Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);
        _session.Dispose();
    }

    private void Enable() =>
        _session
            .Run(
                "$null = Get-CrdbCluster gcp-us | New-CrdbCmekRole | New-CrdbCmekKey -OutVariable keys | "
                    + "New-CrdbCmekManifest | Enable-CrdbCmek -Wait"
            )
            .Succeeds();

    /// <summary>A service account with roles on a project or organization, and its key.</summary>
    private string KeyFile(string name, string resource, params string[] roles)
    {
        SandboxGcp.Post(_session, $"{Project}/serviceAccounts", $$"""{"accountId":"{{name}}"}""");
        var member = $"serviceAccount:{name}@sandbox-customer.iam.gserviceaccount.com";
        SandboxGcp.Post(
            _session,
            $"{resource}:setIamPolicy",
            JsonSerializer.Serialize(
                new { policy = new { bindings = roles.Select(role => new { role, members = new[] { member } }) } }
            )
        );
        return System.Text.Encoding.UTF8.GetString(
            SandboxGcp
                .Post(_session, $"{Project}/serviceAccounts/{name}@sandbox-customer.iam.gserviceaccount.com/keys", "{}")
                .GetProperty("privateKeyData")
                .GetBytesFromBase64()
        );
    }

    private ScriptResult Run(string runbook, string parameters)
    {
        var file = Path.Combine(
            Path.GetDirectoryName(ModuleEngine.StagedManifest)!,
            "Examples",
            "Runbooks",
            runbook + ".ps1"
        );
        return _session.Run(
            $"$ErrorActionPreference = 'Stop'; & '{file}' -ClusterName gcp-us {parameters} -Connection "
                + $"@{{ GcpCredentialFile = $file }} -Endpoint $sandbox.CloudEndpoint"
        );
    }
}
