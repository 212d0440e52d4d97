using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets the key policy that CMEK needs, as JSON and as commands, for people who may not change the key themselves.</summary>
/// <remarks>
/// <para>For a key that is still to be made, gives the whole policy. For one that exists (-KeyUri), gives its own policy with what is missing
/// added. Policy is the whole document, Statement the part that matters to CockroachDB (on Google Cloud a binding, on Azure a role assignment or an entry of the
/// vault's access policies), Commands are lines for the cloud's own command, aws, gcloud or az, that an administrator can run as they are. Nothing is written.</para>
/// </remarks>
/// <example>
/// <para>Prints the policy for a cluster whose role exists.</para>
/// <code>(Get-CrdbCluster prod-eu | New-CrdbCmekRole | Get-CrdbCmekKeyPolicy).Policy</code>
/// </example>
/// <example>
/// <para>Prints the gcloud lines that make and bind what a cluster on Google Cloud needs.</para>
/// <code>(Get-CrdbCluster gcp-eu | New-CrdbCmekRole -WhatIf | Get-CrdbCmekKeyPolicy).Commands</code>
/// </example>
/// <example>
/// <para>Prints the az lines for a cluster on Azure.</para>
/// <code>(Get-CrdbCluster azure-eu | New-CrdbCmekRole | Get-CrdbCmekKeyPolicy).Commands</code>
/// </example>
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html">Key policies in AWS KMS</seealso>
[Cmdlet(VerbsCommon.Get, "CrdbCmekKeyPolicy")]
[OutputType(typeof(CmekKeyPolicy))]
public sealed class GetCrdbCmekKeyPolicyCommand : CrdbClusterCmdlet
{
    /// <summary>The identity that may use the key: on AWS the ARN of the cross-account role, on Google Cloud the address of the service account, on Azure the tenant id.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The identity that New-CrdbCmekRole made."
    )]
    [ValidateNotNullOrEmpty]
    public string AuthPrincipal { get; set; } = "";

    /// <summary>An existing key, into whose policy what is missing is merged.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    public string? KeyUri { get; set; }

    /// <summary>Azure: the role to assign: what the documentation asks for, or the one that is enough.</summary>
    [Parameter]
    [ValidateSet("Key Vault Crypto Officer", "Key Vault Crypto Service Encryption User")]
    [CloudOption]
    public string? RoleName { get; set; }

    /// <summary>AWS: ARNs of further administrators of a new key.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    public string[]? Administrator { get; set; }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var (principal, keyUri, options) = (AuthPrincipal, KeyUri, CloudOptionReader.Read(this));
        return async (session, cluster, operation) =>
        {
            session.Clouds.RefuseForeignOptions(cluster, options, cloud => cloud.PolicyOptions);
            operation.Output(
                await session
                    .KeyProvider(cluster)
                    .GetKeyPolicyAsync(
                        new KeyPolicyRequest
                        {
                            Cluster = cluster,
                            AuthPrincipal = principal,
                            KeyUri = operation.PlanOnly ? null : keyUri,
                            Options = options,
                        },
                        operation.Context(session.Time)
                    )
            );
        };
    }
}
