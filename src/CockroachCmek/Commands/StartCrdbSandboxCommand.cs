using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Starts a sandbox on this machine and connects this runspace to it.</summary>
/// <remarks>
/// <para>Runs rehearsal versions of CockroachDB Cloud (with clusters of many shapes), AWS, Google Cloud, Azure and
/// HashiCorp Vault inside this process, on the loopback address only. No account is needed, and no request leaves this
/// machine. The sandbox's CockroachDB really uses the keys: it assumes the role with the external id, acts as the
/// service account or signs in as the application, and wraps and unwraps a store key. A policy that is wrong fails here
/// too.</para>
/// <para>The clock runs faster than real time. At the default scale, enabling CMEK takes two seconds instead of twenty
/// minutes. The returned object holds every address and credential, so that curl, aws, gcloud, az or Terraform can use
/// the same sandbox. The credentials are created at start and are worth nothing elsewhere.</para>
/// <para>-Scenario prepares what real accounts look like after some years, so that a review, a check or a revocation
/// can
/// be rehearsed on it.</para>
/// <para>
/// CockroachDB Cloud: VendorDown (its API answers 503), TwoAdmins (another operation has locked prod-eu-old),
/// EarlierBackups (prod-eu has managed backups from before CMEK).
/// </para>
/// <para>AWS, on the cluster prod-eu-old, which uses CMEK: StalePrincipal (the key policy names a deleted role),
/// PublicKey
/// (it lets every account do everything), IdentityPolicyRole (the role uses the key by a policy of its own), GrantedKey
/// (a KMS grant lets an application decrypt). On any cluster: BoundaryRole (new roles need a permissions boundary),
/// ForeignRole (another team has a role of the name that the role of prod-eu would get), LateRotation (a rotation on
/// demand is in force after four minutes), KeyStore (the account has a CloudHSM key store,
/// cks-00000000000000001).</para>
/// <para>Google Cloud. On the cluster gcp-us, which then uses CMEK: ProjectRole (the role is granted on the whole
/// project), GroupAccess (a group has the role), AllAuthenticatedUsers (anybody may use the key), AccessLevel (the
/// grant
/// has a condition), DenyPolicy (the organization denies decryption), DeletedMember (the account was deleted and made
/// anew), Perimeter (VPC Service Controls refuse administrators), OrganizationPolicy (members, locations and protection
/// levels are restricted).</para>
/// <para>Azure, all but the last on the cluster azure-in, which then uses CMEK: LockedKeyVault (a lock keeps the role
/// assignments), EntraGroup (the role comes through a group), InheritedRole (it comes from a management group),
/// ConditionalRole (a condition ends it), DenyAssignment (the use of keys is denied), KeyVaultLogs (the Key Vault's
/// audit
/// log goes to a workspace), AzurePolicy (new keys need an expiry date).</para>
/// <para>HashiCorp Vault: VaultSealed, VaultStandby (no active server is known).</para>
/// </remarks>
/// <example>
/// <para>Rehearses enabling CMEK on AWS.</para>
/// <code>$sandbox = Start-CrdbSandbox
/// Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
/// Stop-CrdbSandbox</code>
/// </example>
/// <example>
/// <para>Rehearses on a cluster whose service account may use every key of the project.</para>
/// <code>$sandbox = Start-CrdbSandbox -Scenario ProjectRole
/// Get-CrdbCluster gcp-us | Test-CrdbCmek</code>
/// </example>
/// <example>
/// <para>Rehearses an audit in an organization of 40 clusters.</para>
/// <code>$sandbox = Start-CrdbSandbox -ClusterCount 40
/// Test-CrdbCmek fleet-* | Where-Object Status -ne Pass</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(VerbsLifecycle.Start, "CrdbSandbox", HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/cmek")]
[OutputType(typeof(CrdbSandbox))]
public sealed class StartCrdbSandboxCommand : CrdbCmdlet
{
    /// <summary>How many times faster than real time the clock runs, 1 to 100000. Default: 600.</summary>
    [Parameter]
    [ValidateRange(1.0, 100_000.0)]
    public double TimeScale { get; set; } = 600;

    /// <summary>Keeps every request and its response in the property Exchanges of the sandbox.</summary>
    [Parameter]
    public SwitchParameter Record { get; set; }

    /// <summary>Starts the sandbox without connecting this runspace to it.</summary>
    [Parameter]
    public SwitchParameter NoConnect { get; set; }

    /// <summary>
    /// Prepared messes to start with, for example ProjectRole. Tab offers the names, each with its meaning. Default:
    /// none.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ScenarioCompleter))]
    public string[] Scenario { get; set; } = [];

    /// <summary>
    /// The number of clusters, 14 to 20000. Those beyond the usual 14 are named fleet-00001 and so on, are spread over
    /// the clouds, and use CMEK. Default: 14.
    /// </summary>
    [Parameter]
    [ValidateRange(RunningSandbox.UsualClusters, 20_000)]
    public int ClusterCount { get; set; } = RunningSandbox.UsualClusters;

    /// <summary>Starts the sandbox.</summary>
    protected override void BeginProcessing()
    {
        RunningSandbox? started = null;
        SubmitAndWait(async operation =>
            started = await RunningSandbox.StartAsync(
                TimeScale,
                Record.IsPresent,
                !NoConnect.IsPresent,
                Scenario,
                ClusterCount,
                operation
            )
        );
        started!.MakeCurrent();
        WriteObject(started.Sandbox);
    }
}
