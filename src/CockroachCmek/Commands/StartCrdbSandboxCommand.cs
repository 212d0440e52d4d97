using System.Management.Automation;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Starts rehearsal clouds on this machine, and connects this runspace to them.</summary>
/// <remarks>
/// <para>Starts, inside this process and on the loopback address only, a CockroachDB Cloud with clusters of many shapes, an AWS with IAM,
/// STS and KMS, a Google Cloud with Cloud KMS and IAM, and an Azure with Entra ID, Microsoft Graph, Resource Manager and Key Vault. The sandbox's
/// CockroachDB really uses the key: it takes on the role with the external id, acts as the service account, or signs in as the cluster's
/// application, and wraps and unwraps a store key, so policies that work here are right. Nothing leaves this machine, and no account is needed.</para>
/// <para>Time runs faster than life: at the usual scale, enabling CMEK takes two seconds instead of twenty minutes. The object that is
/// returned names every address and credential, so that curl, the aws and gcloud commands or Terraform can use the same sandbox; the credentials are
/// made at start and are worth nothing elsewhere.</para>
/// </remarks>
/// <example>
/// <para>Rehearses enabling CMEK.</para>
/// <code>$sandbox = Start-CrdbSandbox
/// Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
/// Stop-CrdbSandbox</code>
/// </example>
[Cmdlet(VerbsLifecycle.Start, "CrdbSandbox")]
[OutputType(typeof(CrdbSandbox))]
public sealed class StartCrdbSandboxCommand : CrdbCmdlet
{
    /// <summary>How many times faster than life time runs, 1 to 100000.</summary>
    [Parameter]
    [ValidateRange(1.0, 100_000.0)]
    public double TimeScale { get; set; } = 600;

    /// <summary>Keeps every request and its answer in the property Exchanges of the sandbox.</summary>
    [Parameter]
    public SwitchParameter Record { get; set; }

    /// <summary>Starts the sandbox without connecting this runspace to it.</summary>
    [Parameter]
    public SwitchParameter NoConnect { get; set; }

    /// <summary>Starts the sandbox.</summary>
    protected override void BeginProcessing()
    {
        RunningSandbox? started = null;
        SubmitAndWait(async operation =>
            started = await RunningSandbox.StartAsync(TimeScale, Record.IsPresent, !NoConnect.IsPresent, operation)
        );
        started!.MakeCurrent();
        WriteObject(started.Sandbox);
    }
}
