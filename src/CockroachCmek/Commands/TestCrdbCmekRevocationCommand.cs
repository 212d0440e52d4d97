using System.Management.Automation;
using CockroachCmek.Completion;
using CockroachCmek.Core;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Session;

namespace CockroachCmek.Commands;

/// <summary>Checks whether a revocation would work now, without making it: the drill.</summary>
/// <remarks>
/// <para>For every key of the cluster and every method, tells whether Revoke-CrdbCmek would work with these
/// credentials:
/// the permissions that it needs, locks, deleted identities that block a policy, access that would go on through
/// something else, how long a key stays usable after the change, and what else would lose the key. Nothing is
/// written.</para>
/// <para>Run it each month and after every change of permissions. What cannot be told is Unknown, never Pass. -Quiet
/// returns one Boolean for all clusters: true if the default method, or the one that it falls back to, would work on
/// every key in force.</para>
/// </remarks>
/// <example>
/// <para>Runs the drill for a cluster.</para>
/// <code>Get-CrdbCluster prod-eu-old | Test-CrdbCmekRevocation</code>
/// </example>
/// <example>
/// <para>Shows what would stand in the way of the default method.</para>
/// <code>Get-CrdbCluster prod-eu-old | Test-CrdbCmekRevocation |
///     Where-Object IsDefault | Where-Object Status -ne Pass</code>
/// </example>
/// <example>
/// <para>Checks whether a revocation by name would find every key without CockroachDB Cloud.</para>
/// <code>Test-CrdbCmekRevocation prod-eu-old -KmsOnly -Quiet</code>
/// </example>
/// <seealso href="https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek">
/// Manage CMEK for CockroachDB Advanced
/// </seealso>
[Cmdlet(
    VerbsDiagnostic.Test,
    "CrdbCmekRevocation",
    HelpUri = "https://www.cockroachlabs.com/docs/cockroachcloud/managing-cmek"
)]
[OutputType(typeof(CmekRevocationDrill), typeof(bool))]
public sealed class TestCrdbCmekRevocationCommand : CrdbClusterCmdlet
{
    /// <summary>
    /// Checks this method only; with -Method Default, those that Revoke-CrdbCmek tries by itself. Default: every method
    /// that the cluster's cloud has.
    /// </summary>
    [Parameter]
    [ValueOf(typeof(CmekRevocationMethod))]
    [ArgumentCompleter(typeof(RevocationMethodCompleter))]
    public string Method { get; set; } = nameof(CmekRevocationMethod.Default);

    /// <summary>
    /// Checks the way without CockroachDB Cloud: the keys are those that Revoke-CrdbCmek -KmsOnly would find in your
    /// clouds by the cluster's name. A key in force that it would not find is a Fail.
    /// </summary>
    [Parameter]
    public SwitchParameter KmsOnly { get; set; }

    /// <summary>
    /// Returns one Boolean for all input instead of the lines: true when the default method, or the one that it falls
    /// back to, would work on every key in force of every cluster; with -Method, when this method would. False for an
    /// error, or no cluster at all.
    /// </summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    private readonly Verdict _verdict = new();

    private protected override Func<CrdbClusterIdentity, OperationContext, Task<CrdbCluster>> Resolver(
        CloudSession session
    )
    {
        var kmsOnly = KmsOnly.IsPresent;
        return (identity, context) =>
            session.Clusters.ResolveUrgentlyAsync(identity, kmsOnly, "Test-CrdbCmekRevocation", context);
    }

    private protected override Func<CloudSession, CrdbCluster, Operation, Task> Prepare()
    {
        var isDefaultAsked =
            MyInvocation.BoundParameters.ContainsKey(nameof(Method))
            && ValueOfAttribute.Parse<CmekRevocationMethod>(Method) == CmekRevocationMethod.Default;
        return async (session, cluster, operation) =>
        {
            var drills = session.RevocationDrills();
            var method = ValueOfAttribute.Parse<CmekRevocationMethod>(Method);
            var context = operation.Context(session.Time);
            var isNamed = operation.Source is CmekManifest or CmekInfo or CmekRevocation;
            var lines =
                KmsOnly.IsPresent && !isNamed
                    ? await drills.RunInKmsAsync(
                        cluster,
                        method,
                        session.ClusterSearch(),
                        found =>
                        {
                            operation.ClusterName = found.Name;
                            return session.KeyProvider(found);
                        },
                        context
                    )
                    : await drills.RunAsync(cluster, method, operation.Source, session.KeyProvider(cluster), context);
            if (Quiet.IsPresent)
                _verdict.Add(RevocationDrills.WouldWork(lines, method));
            else
                foreach (var line in isDefaultAsked ? RevocationDrills.OfDefault(lines) : lines)
                    operation.Output(line);
        };
    }

    /// <summary>Writes the Boolean of -Quiet.</summary>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        if (Quiet.IsPresent)
            WriteObject(_verdict.IsGood && !HasFailed);
    }
}
