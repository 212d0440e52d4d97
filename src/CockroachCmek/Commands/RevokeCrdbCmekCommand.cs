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
public sealed class RevokeCrdbCmekCommand : TimedClusterCmdlet
{
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

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var path = Path is null ? null : SessionState.Path.GetUnresolvedProviderPathFromPSPath(Path);
        return async (session, cluster, operation) =>
        {
            var (revocation, error) = await session
                .Revocations()
                .RevokeAsync(
                    cluster,
                    session.KeyProvider(cluster),
                    new RevocationOptions
                    {
                        Method = Method,
                        KmsOnly = KmsOnly.IsPresent,
                        AllowSharedKey = AllowSharedKey.IsPresent,
                        Path = path,
                        Write = WriteOptions,
                        Wait = NoWait.IsPresent ? null : WaitFor(expected: null),
                    },
                    operation.Context(session.Time)
                );
            // What was changed is returned even if the rest failed: Restore-CrdbCmekAccess needs it.
            operation.Output(revocation);
            if (error is not null)
                throw error;
        };
    }
}
