using System.Management.Automation;
using System.Security;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Adds a region to a cluster that uses CMEK, with a key for it.</summary>
/// <remarks>
/// <para>Reads the cluster first and sends its whole map of regions with the new one in it, since a region that is left out would be removed; keys are sent for the new
/// regions only. The key is like the one in force: of a multi-region key a replica, else a key of its own of the same shape; -KeyUri takes one that exists.</para>
/// <para>No region is ever dropped or scaled. Fewer than three nodes for any region are refused, and so is a map that somebody changed in the meantime. Running it again adds nothing twice.</para>
/// </remarks>
/// <example>
/// <para>Adds a region with three nodes, and waits until it is there and uses its key.</para>
/// <code>Get-CrdbCluster prod-eu-old | Add-CrdbCmekRegion eu-central-1 -NodeCount 3 -Wait</code>
/// </example>
/// <example>
/// <para>Shows every change that it would make.</para>
/// <code>Get-CrdbCluster prod-eu-old | Add-CrdbCmekRegion eu-central-1 -WhatIf</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">Manage CMEK for CockroachDB Advanced</seealso>
[Cmdlet(VerbsCommon.Add, "CrdbCmekRegion", SupportsShouldProcess = true)]
[OutputType(typeof(CrdbCluster))]
public sealed class AddCrdbCmekRegionCommand : CrdbSessionCmdlet
{
    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "Name, UUID or console URL of the cluster.")]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>The new regions, by the cloud provider's code.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        HelpMessage = "The cloud provider's code of the region, for example eu-west-1."
    )]
    [ValidateNotNullOrEmpty]
    public string[] Region { get; set; } = [];

    /// <summary>Nodes in each new region, at least three.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int NodeCount { get; set; } = Core.Cmek.RegionAddition.MinimumNodes;

    /// <summary>Existing keys to use, one for all new regions or one for each: on AWS ARN, alias, alias ARN or multi-region id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyUriCompleter))]
    public string[]? KeyUri { get; set; }

    /// <summary>Adds what is missing in the policy of an existing key, and touches nothing else of it.</summary>
    [Parameter]
    public SwitchParameter Grant { get; set; }

    /// <summary>Waits until the cluster is CREATED again, and CMEK is ENABLED in every region.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait at most, for the cluster and again for CMEK: a time span, or a number of seconds. Two hours unless said otherwise.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(2);

    /// <summary>Longest time between two looks at the state: a time span, or a number of seconds. Ten seconds unless said otherwise.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Profile of the AWS shared configuration to use, instead of the AWS SDK's default chain.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <summary>Where the key of the new region is born: in the cloud's own KMS, or in HashiCorp Vault like the one in force.</summary>
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

    /// <summary>Credentials that Vault reaches the cloud with, for a new KMS provider entry: on AWS access key id and secret access key, on Azure client id and client secret. Without them, Vault's own environment.</summary>
    [Parameter]
    [ValidateNotNull]
    [Credential]
    public PSCredential? VaultCloudCredential { get; set; }

    /// <summary>Google Cloud: path, on the Vault server, of the service account's file that Vault reaches the cloud with. GOOGLE_CREDENTIALS of the server comes first.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? VaultServiceAccountFile { get; set; }

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Adds the regions to each cluster.</summary>
    protected override void ProcessRecord()
    {
        var vault = new VaultOptions
        {
            Address = VaultAddress,
            Token = VaultToken,
            Namespace = VaultNamespace,
            Mount = VaultMount,
            CaCertificate = VaultCaCertificate,
            CloudCredential = VaultCloudCredential,
            ServiceAccountFile = VaultServiceAccountFile,
        }.Connection(this, Via, Cloud());
        ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) =>
        {
            var (after, _) = await cloud
                .RegionAddition()
                .AddAsync(
                    cluster,
                    cloud.KeyProvider(cluster, ProfileName, vault),
                    new RegionAdditionOptions
                    {
                        Regions = Region,
                        NodeCount = NodeCount,
                        KeyUris = KeyUri ?? [],
                        Grant = Grant.IsPresent,
                        Write = new WriteOptions { Timeout = Timeout },
                        Wait = Wait.IsPresent
                            ? new WaitOptions { Timeout = Timeout, PollInterval = PollInterval }
                            : null,
                    },
                    operation.Context(cloud.Time)
                );
            operation.Output(after);
        });
    }
}
