using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Gives CockroachDB access to the keys of a cluster again, after Revoke-CrdbCmek.</summary>
/// <remarks>
/// <para>Takes what Revoke-CrdbCmek returned, or its file (-Path), and puts back exactly what was taken, reading it back. Given only the cluster, it looks in the cloud for what
/// keeps the cluster from its keys: a Deny of this module, a grant that is missing, a key that is disabled.</para>
/// <para>This is the side of your KMS only. A cluster whose CMEK is REVOKED does not come back by itself: Cockroach Labs support must bring it back, and needs the access to do so.</para>
/// </remarks>
/// <example>
/// <para>Takes access away in the KMS only, and puts it back.</para>
/// <code>$revocation = Get-CrdbCluster prod-eu-old | Revoke-CrdbCmek -KmsOnly -Confirm:$false
/// $revocation | Restore-CrdbCmekAccess</code>
/// </example>
/// <example>
/// <para>Looks in the cloud for what is missing, and would give it back.</para>
/// <code>Restore-CrdbCmekAccess prod-eu-old -WhatIf</code>
/// </example>
/// <seealso href="https://support.cockroachlabs.com/">Cockroach Labs support</seealso>
[Cmdlet(
    VerbsData.Restore,
    "CrdbCmekAccess",
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Medium,
    DefaultParameterSetName = ClusterSet
)]
[OutputType(typeof(CmekKey))]
public sealed class RestoreCrdbCmekAccessCommand : CrdbSessionCmdlet
{
    private const string ClusterSet = "Cluster";
    private const string PathSet = "Path";

    /// <summary>What Revoke-CrdbCmek returned; or the cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ParameterSetName = ClusterSet,
        HelpMessage = "Name, UUID or console URL of the cluster."
    )]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>The file that Revoke-CrdbCmek -Path wrote.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = PathSet,
        HelpMessage = "The file that Revoke-CrdbCmek -Path wrote."
    )]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Profile of the AWS shared configuration to use, instead of the AWS SDK's default chain.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Restores the access of each cluster.</summary>
    protected override void ProcessRecord()
    {
        CmekRevocation? recorded = null;
        var clusters = Cluster;
        if (Path.Length > 0)
        {
            try
            {
                recorded = RevocationFile.Load(SessionState.Path.GetUnresolvedProviderPathFromPSPath(Path));
            }
            catch (CmekException fault)
            {
                WriteFault(fault);
                return;
            }

            clusters = [new CrdbClusterIdentity(recorded.ClusterId)];
        }

        ForEachCluster(clusters, ThrottleLimit, async (cloud, cluster, operation) =>
        {
            var record = recorded ?? operation.Source as CmekRevocation;
            var (changes, info, outcome, fault) = await cloud
                .Revocations()
                .RestoreAsync(
                    cluster,
                    record?.Changes,
                    cloud.KeyProvider(cluster, ProfileName),
                    operation.Context(cloud.Time)
                );
            if (changes.Count == 0)
                operation.Verbose($"{cluster.Name}: nothing keeps the cluster from its keys.");
            foreach (var region in info.Regions.Where(r => r.Keys.Count > 0))
            {
                var key = region.Keys[0];
                operation.Output(
                    new CmekKey
                    {
                        Cluster = cluster,
                        Region = region.Region,
                        KeyType = key.KeyType,
                        KeyUri = key.KeyUri,
                        AuthPrincipal = key.AuthPrincipal,
                        Location = Core.Manifest.KeyUri.Parse(key.KeyUri).Location ?? "",
                        Outcome = changes.Any(c => c.Regions.Contains(region.Region)) ? outcome : CmekOutcome.Existing,
                    }
                );
            }

            if (fault is not null)
                throw fault;
        });
    }
}
