using System.Management.Automation;
using System.Security;
using CockroachCmek.Completion;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Checks a manifest against its cluster and against the KMS, before anything is sent.</summary>
/// <remarks>
/// <para>Checks without writing: every region of the cluster has one key and no other has; the keys belong to the cluster's cloud; URIs and
/// principals have the right shape; the cluster's plan and state allow CMEK; and, unless -Offline is given, in your cloud: the keys exist,
/// are of the right kind, enabled and not pending deletion, the policies grant the identity, and the identity trusts CockroachDB (on AWS with the
/// right external id) and nobody else.</para>
/// <para>What may not be read gives Unknown, never Pass. With -Quiet the answer is true or false: true when no check failed and none is unknown.</para>
/// </remarks>
/// <example>
/// <para>Shows what is wrong with a manifest.</para>
/// <code>Import-CrdbCmekManifest ./cmek_config.json | Test-CrdbCmekManifest -Cluster prod-eu | Where-Object Status -ne Pass</code>
/// </example>
/// <example>
/// <para>Goes on only when everything is right.</para>
/// <code>$manifest = Import-CrdbCmekManifest ./cmek_config.json -Cluster prod-eu
/// if ($manifest | Test-CrdbCmekManifest -Quiet) { $manifest | Enable-CrdbCmek -Wait }</code>
/// </example>
[Cmdlet(VerbsDiagnostic.Test, "CrdbCmekManifest")]
[OutputType(typeof(CmekCheck), typeof(bool))]
public sealed class TestCrdbCmekManifestCommand : CrdbSessionCmdlet
{
    /// <summary>The manifest to check.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "A manifest, as Import-CrdbCmekManifest returns it."
    )]
    [ValidateNotNull]
    public CmekManifest? InputObject { get; set; }

    /// <summary>The cluster that the manifest is for, where the manifest itself does not say it.</summary>
    [Parameter]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity? Cluster { get; set; }

    /// <summary>Leaves out the checks that read your own cloud.</summary>
    [Parameter]
    public SwitchParameter Offline { get; set; }

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

    /// <summary>Runs the checks.</summary>
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
        var cloud = Cloud();
        var manifest = InputObject!;
        Submit(async operation =>
        {
            var context = operation.Context(cloud.Time);
            var cluster = await cloud.ClusterOfAsync(manifest, Cluster, context);
            var checks = new ManifestCheck().Check(cluster, manifest).ToList();
            if (!Offline.IsPresent && checks.All(c => c.Status != CmekCheckStatus.Fail) && !manifest.IsPlanned)
            {
                var provider = cloud.KeyProvider(cluster, ProfileName, vault);
                var live = await Task.WhenAll(
                    manifest.RegionSpecs.Select(spec =>
                        provider.CheckKeyAsync(
                            new KeyCheckRequest
                            {
                                Cluster = cluster,
                                OrganizationId = cloud.OrganizationIdOrNull,
                                Spec = spec,
                            },
                            context
                        )
                    )
                );
                checks.AddRange(live.SelectMany(c => c));
            }

            if (Quiet.IsPresent)
                operation.Output(checks.All(c => c.Status is CmekCheckStatus.Pass or CmekCheckStatus.Warning));
            else
                foreach (var check in checks)
                    operation.Output(check);
        });
    }
}
