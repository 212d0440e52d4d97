using System.IO;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>How a revocation goes about it.</summary>
internal sealed record RevocationOptions
{
    /// <summary>How access is taken away.</summary>
    public CmekRevocationMethod Method { get; init; }

    /// <summary>Take access away in the KMS and stop there: CockroachDB is not told.</summary>
    public bool KmsOnly { get; init; }

    /// <summary>Go on though another cluster uses the same key in the same way, and loses it too.</summary>
    public bool AllowSharedKey { get; init; }

    /// <summary>
    /// File or existing folder for the record, which is written before the first change and after every step; null for none. The
    /// record of an interrupted run of the same cluster is continued: it knows what was removed.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>How the request is sent.</summary>
    public WriteOptions Write { get; init; } = new();

    /// <summary>How REVOKED is waited for; null when it is not.</summary>
    public WaitOptions? Wait { get; init; }
}

/// <summary>
/// Revoking: access is taken away in the KMS, for all keys at once, and only then CockroachDB is told, which restarts its nodes without the
/// key (managing-cmek.md, "Revoke CMEK for a cluster"). Every change is recorded, so that it can be undone exactly.
/// </summary>
internal sealed class CmekRevocations(CrdbCloudClient client, CmekLifecycle lifecycle)
{
    /// <summary>Revokes. What goes wrong on the way does not hide what was changed: both are returned.</summary>
    /// <exception cref="CmekException">Before anything was changed: CmekNotEnabled, KeyShared, RevocationMethodNotSupported, ...</exception>
    public async Task<(CmekRevocation Revocation, CmekException? Fault)> RevokeAsync(
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        RevocationOptions options,
        OperationContext context
    )
    {
        var before = await client.GetCmekAsync(cluster, context);
        if (before.Regions.Count == 0 || before.Status is CmekStatus.Disabled)
            throw Errors.CmekNotEnabled(cluster.Name, before.Status, "to revoke");
        var file = FileFor(options.Path, cluster);
        var earlier = file is null ? null : RevocationFile.LoadEarlier(file, cluster);
        void Save(CmekRevocation record)
        {
            if (file is not null)
                RevocationFile.Save(record, file);
        }

        var request = new RevocationRequest
        {
            Cluster = cluster,
            Keys = before.EveryKey(),
            Method = options.Method,
        };
        var plan = Merge(await keys.PlanRevocationAsync(request, context), earlier);
        await RefuseSharedAsync(cluster, request.Keys, options, context);

        var isTold = before.Status is CmekStatus.Revoked or CmekStatus.Revoking;
        var actions = plan.Where(c => c.State != CmekAccessChangeState.Done).Select(c => c.Action).ToList();
        if (!options.KmsOnly && !isTold)
            actions.Add(
                $"Tell CockroachDB Cloud to revoke CMEK on {cluster.Name}: its nodes restart, and cannot come back without the key"
            );
        var revocation = new CmekRevocation
        {
            Cluster = cluster,
            Method = options.Method,
            Changes = plan,
            Status = before.Status,
            Outcome = CmekOutcome.Existing,
            RevokedAt = earlier?.RevokedAt,
            Path = file,
        };
        if (
            actions.Count > 0
            && !await context.Log.ShouldProcessPlanAsync(
                cluster.Name,
                actions,
                Consequence(cluster, options),
                context.CancellationToken
            )
        )
            return (revocation with { Outcome = CmekOutcome.Planned, Path = null }, null);

        if (actions.Count > 0)
            revocation = revocation with
            {
                RevokedAt = revocation.RevokedAt ?? context.Time.GetUtcNow(),
                Outcome = CmekOutcome.Updated,
            };
        Save(revocation);
        var (changes, faults) = await AccessChanges.ApplyAsync(
            plan,
            c => c.State == CmekAccessChangeState.Done,
            keys.RevokeAccessAsync,
            context
        );
        revocation = revocation with { Changes = changes };
        Save(revocation);
        if (faults.Count > 0)
            return (revocation, Errors.AccessNotTaken(cluster.Name, faults));
        if (options.KmsOnly)
            return (revocation, null);
        try
        {
            var state = before;
            if (!isTold)
                state = await SettledWrite.SendAsync(
                    cluster,
                    () => client.RevokeCmekAsync(cluster, context),
                    () => client.GetCmekAsync(cluster, context),
                    s => s.Status is CmekStatus.Revoking or CmekStatus.Revoked,
                    options.Write,
                    context
                );
            if (options.Wait is { } wait)
                state = await lifecycle.WaitAsync(cluster, wait with { Expected = CmekStatus.Revoked }, context);
            revocation = revocation with { Status = state.Status };
            Save(revocation);
            context.Log.Warning($"{cluster.Name}: CMEK is {state.Status}. {AccessChanges.SupportOnly}");
            return (revocation, null);
        }
        catch (CmekException fault)
        {
            return (revocation, fault);
        }
    }

    /// <summary>In a folder, the record is named after the cluster.</summary>
    private static string? FileFor(string? path, CrdbCluster cluster) =>
        path is not null && Directory.Exists(path) ? Path.Combine(path, $"{cluster.Name}.revocation.json") : path;

    private static string Consequence(CrdbCluster cluster, RevocationOptions options) =>
        options.KmsOnly
            ? $"CockroachDB loses access to the keys of '{cluster.Name}'. Its nodes go on with the keys they hold in memory; a node that restarts cannot come back, and backups fail."
            : $"'{cluster.Name}' stops: its nodes restart and cannot read their data without the keys. All SQL connections, changefeeds and backups end. Only Cockroach Labs support can bring it back.";

    /// <summary>What an earlier run has removed cannot be read any more: its record says what it was.</summary>
    private static IReadOnlyList<CmekAccessChange> Merge(IReadOnlyList<CmekAccessChange> plan, CmekRevocation? earlier)
    {
        if (earlier is null)
            return plan;
        var merged = plan.Select(c =>
                c.State == CmekAccessChangeState.Done
                && earlier.Changes.FirstOrDefault(e => e.Kind == c.Kind && e.Target == c.Target) is { } known
                    ? c with
                    {
                        Document = known.Document,
                    }
                    : c
            )
            .ToList();
        // A change that was made in another way (-Method) is still in force, and has to be undone one day too.
        merged.AddRange(earlier.Changes.Where(e => !plan.Any(c => c.Kind == e.Kind && c.Target == e.Target)));
        return merged;
    }

    /// <summary>Whoever else depends on a key is named before anything happens.</summary>
    private async Task RefuseSharedAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys,
        RevocationOptions options,
        OperationContext context
    )
    {
        var others = new List<CrdbCluster>();
        await foreach (var other in client.ListClustersAsync(false, context))
            if (
                other.Id != cluster.Id
                && other.CloudProvider == cluster.CloudProvider
                && other.Plan is "ADVANCED" or "DEDICATED" or ""
            )
                others.Add(other);
        using var places = new SemaphoreSlim(8);
        var sharing = (
            await Task.WhenAll(
                others.Select(async other =>
                {
                    await places.WaitAsync(context.CancellationToken);
                    try
                    {
                        var theirs = (await client.GetCmekAsync(other, context)).EveryKey();
                        return theirs.Any(t => keys.Any(k => Loses(options.Method, k, t))) ? other.Name : null;
                    }
                    catch (CmekException fault) when (fault.Kind == CmekErrorKind.PermissionDenied)
                    {
                        context.Log.Warning(
                            $"{other.Name}: its CMEK may not be read, so nobody can say whether it uses the same keys."
                        );
                        return null;
                    }
                    finally
                    {
                        places.Release();
                    }
                })
            )
        ).OfType<string>().ToList();
        if (sharing.Count == 0)
            return;
        if (!options.AllowSharedKey)
            throw Errors.KeyShared(cluster.Name, sharing);
        context.Log.Warning(
            $"{string.Join(", ", sharing)} {(sharing.Count == 1 ? "uses" : "use")} a key of {cluster.Name} too, and will lose it."
        );
    }

    /// <summary>Whether somebody else's use of a key ends with this one: a disabled key is lost for all, a denied or untrusted identity only for those who use it.</summary>
    private static bool Loses(CmekRevocationMethod method, CmekRegionSpec mine, CmekRegionSpec theirs) =>
        method switch
        {
            CmekRevocationMethod.DisableKey => SameKey(mine.KeyUri, theirs.KeyUri),
            CmekRevocationMethod.RemoveTrust => mine.AuthPrincipal == theirs.AuthPrincipal,
            _ => mine.AuthPrincipal == theirs.AuthPrincipal && SameKey(mine.KeyUri, theirs.KeyUri),
        };

    private static bool SameKey(string one, string other) =>
        string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
