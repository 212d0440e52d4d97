using System.Management.Automation;
using System.Security;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Checks the health of the CMEK of a cluster, in CockroachDB Cloud and in your own cloud. Nothing is written.</summary>
/// <remarks>
/// <para>After CMEK is enabled: status and messages of cluster, regions and keys; every region covered; keys present, enabled, not pending deletion; the policy grants what is needed, and not
/// more; nobody in it who was deleted; the role trusts whom it should, with the external id, and nobody else; a newer version that was not taken up; the age since the last rotation against -MaxKeyAge;
/// old keys still there for the data and backups of their time; data older than CMEK; nodes; managed backups; what the API key may do.</para>
/// <para>Before CMEK is enabled, checks whether the cluster can have it; a manifest from the pipe is checked as well, as Test-CrdbCmekManifest does.</para>
/// <para>What may not be read is Unknown, never Pass. With -Quiet the answer is true or false: true when no check failed and none is unknown.</para>
/// </remarks>
/// <example>
/// <para>What should be looked at?</para>
/// <code>Get-CrdbCluster prod-eu-old | Test-CrdbCmek -MaxKeyAge 365.00:00:00 | Where-Object Status -ne Pass</code>
/// </example>
/// <example>
/// <para>The whole fleet, as one answer.</para>
/// <code>@(Get-CrdbCluster | Where-Object CloudProvider -eq AWS | Where-Object Plan -eq ADVANCED | Test-CrdbCmek -Quiet) -notcontains $false</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/cmek">CMEK overview</seealso>
[Cmdlet(VerbsDiagnostic.Test, "CrdbCmek")]
[OutputType(typeof(CmekCheck), typeof(bool))]
public sealed class TestCrdbCmekCommand : CrdbSessionCmdlet
{
    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL. A manifest is checked as what the cluster is to be enabled with.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "Name, UUID or console URL of the cluster."
    )]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>The longest time that a region may go on with one version of its key: a time span, or a number of seconds. Without it, the age is told and not judged.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? MaxKeyAge { get; set; }

    /// <summary>Emits true or false instead of the checks.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Profile of the AWS shared configuration to use, instead of the AWS SDK's default chain.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <summary>Where the keys were born: of keys of HashiCorp Vault, Vault's side is checked too.</summary>
    [Parameter]
    public CmekKeySource Via { get; set; }

    /// <summary>Address of Vault; without it, VAULT_ADDR. Only https is accepted, except on this machine.</summary>
    [Parameter]
    [ValidateNotNull]
    public Uri? VaultAddress { get; set; }

    /// <summary>Vault token; without it, VAULT_TOKEN, or the file ~/.vault-token that "vault login" leaves.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? VaultToken { get; set; }

    /// <summary>Vault namespace; without it, VAULT_NAMESPACE. On HCP Vault the topmost is admin.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? VaultNamespace { get; set; }

    /// <summary>Where Vault's Key Management secrets engine is mounted; without it, keymgmt.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? VaultMount { get; set; }

    /// <summary>PEM file of the authority that signed Vault's certificate; without it, VAULT_CACERT, or the authorities of the machine.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? VaultCaCertificate { get; set; }

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Checks each cluster.</summary>
    protected override void ProcessRecord()
    {
        var vault = new VaultOptions
        {
            Address = VaultAddress,
            Token = VaultToken,
            Namespace = VaultNamespace,
            Mount = VaultMount,
            CaCertificate = VaultCaCertificate,
        }.Connection(this, Via, Cloud());
        ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) =>
        {
            var checks = await cloud
                .Health()
                .CheckAsync(
                    cluster,
                    cloud.KeyProvider(cluster, ProfileName, vault),
                    new HealthOptions
                    {
                        OrganizationId = cloud.OrganizationIdOrNull,
                        MaxKeyAge = MaxKeyAge,
                        Manifest = operation.Source as CmekManifest,
                    },
                    operation.Context(cloud.Time)
                );
            if (Quiet.IsPresent)
                operation.Output(checks.All(c => c.Status is CmekCheckStatus.Pass or CmekCheckStatus.Warning));
            else
                foreach (var check in checks)
                    operation.Output(check);
        });
    }
}
