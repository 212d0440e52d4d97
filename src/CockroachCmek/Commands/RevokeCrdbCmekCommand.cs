using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Takes CockroachDB's access to the keys of a cluster away, and tells CockroachDB to revoke: the cluster stops.</summary>
/// <remarks>
/// <para>For a breach, or at the end of a cluster's life. First every key of the cluster, present and past, is taken away in the KMS, all at once; only then
/// CockroachDB Cloud is told, whose nodes restart and cannot come back without the keys. By default the command waits until that is REVOKED.</para>
/// <para>On AWS the default is an explicit Deny for the role in the policy of every key: nothing is removed, and it can be lifted without loss. RemoveGrant takes the grant out,
/// DisableKey disables the keys themselves. Clusters that use the same key in the same way are named before anything happens, and refused without -AllowSharedKey.</para>
/// <para>The output holds exactly what was changed; -Path keeps it in a file too, which is written before the first change. Whatever fails on the way stands in the output, and running the
/// same command again completes it. Restore-CrdbCmekAccess puts the access back; a revoked cluster itself can be brought back by Cockroach Labs support only.</para>
/// <para>It asks before it does anything; a runbook gives -Confirm:$false.</para>
/// </remarks>
/// <example>
/// <para>Shows every change that it would make, in order.</para>
/// <code>Get-CrdbCluster prod-eu-old | Revoke-CrdbCmek -WhatIf</code>
/// </example>
/// <example>
/// <para>Revokes without a question, keeps the record, and waits for REVOKED.</para>
/// <code>Get-CrdbCluster prod-eu-old | Revoke-CrdbCmek -Path ./prod-eu-old.revocation.json -Confirm:$false</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">Manage CMEK for CockroachDB Advanced</seealso>
[Cmdlet(VerbsSecurity.Revoke, "CrdbCmek", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(CmekRevocation))]
public sealed class RevokeCrdbCmekCommand : CrdbSessionCmdlet
{
    /// <summary>The cluster: an object from Get-CrdbCluster, a name, a UUID or a console URL.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "Name, UUID or console URL of the cluster."
    )]
    [ClusterIdentityTransformation]
    [ArgumentCompleter(typeof(ClusterNameCompleter))]
    public CrdbClusterIdentity[] Cluster { get; set; } = [];

    /// <summary>How access is taken away: Deny (AWS), RemoveGrant, RemoveTrust (Google Cloud) or DisableKey. Default is Deny on AWS, and RemoveGrant elsewhere.</summary>
    [Parameter]
    public CmekRevocationMethod Method { get; set; }

    /// <summary>Stops after the KMS: CockroachDB is not told, and the nodes go on with the keys that they hold in memory until they restart.</summary>
    [Parameter]
    public SwitchParameter KmsOnly { get; set; }

    /// <summary>Goes on though other clusters use the same key in the same way, and lose it too.</summary>
    [Parameter]
    public SwitchParameter AllowSharedKey { get; set; }

    /// <summary>A file, or a folder that exists, for the record of what is changed. A record of an earlier run of the same cluster is continued.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Returns as soon as CockroachDB Cloud has taken the request, instead of waiting for REVOKED.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>How long to wait at most: a time span, or a number of seconds. Two hours unless said otherwise.</summary>
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

    /// <summary>Clusters that are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 5;

    /// <summary>Revokes each cluster.</summary>
    protected override void ProcessRecord()
    {
        var path = Path is null ? null : SessionState.Path.GetUnresolvedProviderPathFromPSPath(Path);
        ForEachCluster(Cluster, ThrottleLimit, async (cloud, cluster, operation) =>
        {
            var file =
                path is not null && System.IO.Directory.Exists(path)
                    ? System.IO.Path.Combine(path, $"{cluster.Name}.revocation.json")
                    : path;
            var (revocation, fault) = await cloud
                .Revocations()
                .RevokeAsync(
                    cluster,
                    cloud.KeyProvider(cluster, ProfileName),
                    new RevocationOptions
                    {
                        Method = Method,
                        KmsOnly = KmsOnly.IsPresent,
                        AllowSharedKey = AllowSharedKey.IsPresent,
                        Earlier = EarlierOf(file, cluster),
                        Save = record => Save(record, file),
                        Write = new WriteOptions { Timeout = Timeout },
                        Wait = NoWait.IsPresent
                            ? null
                            : new WaitOptions { Timeout = Timeout, PollInterval = PollInterval },
                    },
                    operation.Context(cloud.Time)
                );
            // What was changed is told even where the rest failed: it is what Restore-CrdbCmekAccess needs.
            operation.Output(revocation with { Path = revocation.IsPlanned ? null : file });
            if (fault is not null)
                throw fault;
        });
    }

    private static CmekRevocation? EarlierOf(string? file, CrdbCluster cluster)
    {
        if (file is null || !System.IO.File.Exists(file))
            return null;
        var earlier = RevocationFile.Load(file);
        return earlier.ClusterId == cluster.Id
            ? earlier
            : throw Core.Errors.RevocationFileInvalid(
                file,
                $"it is of {earlier.ClusterName} ({earlier.ClusterId}), not of {cluster.Name} ({cluster.Id})"
            );
    }

    private static void Save(CmekRevocation record, string? file)
    {
        if (file is not null)
            RevocationFile.Save(record, file);
    }
}
