using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gets the key policy that CMEK needs, as JSON and as commands.</summary>
/// <remarks>
/// <para>For people who are not allowed to change the key themselves: give the output to an administrator. Nothing is
/// written. For a new key, returns the complete policy. For an existing key (-KeyUri), returns its own policy with the
/// missing parts added. Policy is the complete document, Statement is the part that CockroachDB needs, and Commands are
/// command lines that can be run as they are.</para>
/// <para>AWS. Policy is a key policy, Statement one of its statements. Commands use the aws command. For a team that
/// creates roles: TrustPolicy is the trust policy, RoleCommands create the role, and Terraform has role and key as
/// resources. If the key is in another account, RolePolicy is what the role needs in its own.</para>
/// <para>Google Cloud. Policy is an IAM policy, Statement a binding. Commands use gcloud.</para>
/// <para>Azure. Statement is a role assignment on the Key Vault, or an entry in its access policies if the Key Vault
/// uses these. Commands use az.</para>
/// </remarks>
/// <example>
/// <para>AWS: prints the policy for a cluster whose role exists.</para>
/// <code>(Get-CrdbCluster prod-eu | New-CrdbCmekRole | Get-CrdbCmekKeyPolicy).Policy</code>
/// </example>
/// <example>
/// <para>AWS: prints commands for the team that creates roles. The role does not exist yet.</para>
/// <code>(Get-CrdbCmekKeyPolicy prod-eu -AuthPrincipal arn:aws:iam::111122223333:role/crdb-cmek).RoleCommands</code>
/// </example>
/// <example>
/// <para>Google Cloud: prints the gcloud commands that create and bind everything.</para>
/// <code>(Get-CrdbCluster gcp-eu | New-CrdbCmekRole -WhatIf | Get-CrdbCmekKeyPolicy).Commands</code>
/// </example>
/// <example>
/// <para>Azure: prints the az commands.</para>
/// <code>(Get-CrdbCluster azure-eu | New-CrdbCmekRole | Get-CrdbCmekKeyPolicy).Commands</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
/// <seealso href="https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html">
/// AWS: key policies in AWS KMS
/// </seealso>
/// <seealso href="https://cloud.google.com/kms/docs/reference/permissions-and-roles">
/// Google Cloud: Cloud KMS permissions and roles
/// </seealso>
/// <seealso href="https://learn.microsoft.com/azure/key-vault/general/rbac-guide">
/// Azure: access to Key Vault with Azure roles
/// </seealso>
[Cmdlet(
    VerbsCommon.Get,
    "CrdbCmekKeyPolicy",
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CmekKeyPolicy))]
public sealed class GetCrdbCmekKeyPolicyCommand : CrdbClusterCmdlet
{
    /// <summary>
    /// The identity that may use the key, as New-CrdbCmekRole returns it: on AWS the ARN of the cross-account role, on
    /// Google Cloud the e-mail address of the service account, on Azure the tenant id.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Needs]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PrincipalCompleter))]
    [Trimmed]
    public string AuthPrincipal { get; set; } = "";

    /// <summary>An existing key, whose policy is completed. Default: a new key.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    [Trimmed]
    public string? KeyUri { get; set; }

    /// <summary>
    /// Azure: role to assign. Key Vault Crypto Service Encryption User is the narrower one. Default: Key Vault Crypto
    /// Officer.
    /// </summary>
    [Parameter]
    [ValidateSet("Key Vault Crypto Officer", "Key Vault Crypto Service Encryption User")]
    [CloudOption]
    public string? RoleName { get; set; }

    /// <summary>AWS: ARNs of additional administrators of a new key.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [CloudOption]
    [Trimmed]
    public string[]? Administrator { get; set; }

    /// <summary>
    /// AWS: ARN of the policy that limits what the role can ever do, for the commands that create it.
    /// </summary>
    [Parameter]
    [ValidatePattern(@"^arn:aws[a-z-]*:iam::(aws|\d{12}):policy/\S+$")]
    [CloudOption]
    [Trimmed]
    public string? PermissionsBoundary { get; set; }

    private protected override string Between => "New-CrdbCmekRole -WhatIf";

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
                            OrganizationId = session.OrganizationId,
                            KeyUri = operation.PlanOnly ? null : keyUri,
                            Options = options,
                        },
                        operation.Context(session.Time)
                    )
            );
        };
    }
}
