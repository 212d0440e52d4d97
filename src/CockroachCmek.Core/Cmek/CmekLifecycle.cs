using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>How a write of <see cref="CmekLifecycle"/> goes about it.</summary>
public sealed record WriteOptions
{
    /// <summary>How long a cluster that is busy with something else is waited for.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(2);

    /// <summary>True when the role or a grant was made moments ago: then a refusal of the key is tried again for <see cref="Propagation"/>. Otherwise a refusal is final at once.</summary>
    public bool PrincipalsAreFresh { get; init; }

    /// <summary>How long a fresh grant may take to arrive. Cockroach Labs' own Terraform example waits three minutes.</summary>
    public TimeSpan Propagation { get; init; } = TimeSpan.FromMinutes(3);
}

/// <summary>
/// Changes of CMEK on a cluster. Each is: read, plan, ask, send, settle, and (separately) wait. Nothing is sent that the state shows to be
/// done, and an answer that was lost is settled by reading.
/// </summary>
public sealed class CmekLifecycle(CrdbCloudClient client, IManifestCheck manifestCheck)
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(10);

    /// <summary>Enables CMEK with the keys of a manifest.</summary>
    /// <returns>The state after the request; Outcome Existing when the very same keys were in force or on their way already.</returns>
    /// <exception cref="CmekException">ManifestRefused (everything that is wrong at once), AlreadyEnabledDifferently, CmekRevoked, KeyAccessDenied, ClusterBusy, ...</exception>
    public async Task<CmekInfo> EnableAsync(CrdbCluster cluster, CmekManifest manifest, WriteOptions options, OperationContext context)
    {
        if (cluster is null) throw new ArgumentNullException(nameof(cluster));
        if (manifest is null) throw new ArgumentNullException(nameof(manifest));
        if (options is null) throw new ArgumentNullException(nameof(options));
        if (context is null) throw new ArgumentNullException(nameof(context));
        var checks = manifestCheck.Check(cluster, manifest);
        if (checks.Any(c => c.Status == CmekCheckStatus.Fail)) throw Errors.ManifestRefused(cluster.Name, checks);
        foreach (var warning in checks.Where(c => c.Status == CmekCheckStatus.Warning)) context.Log.Warning($"{cluster.Name}: {warning.Detail}");

        var before = await client.GetCmekAsync(cluster, context);
        if (Uses(before, manifest.RegionSpecs)) return before;
        RefuseState(before);
        var wanted = manifest.RegionSpecs;
        if (!await context.Log.ShouldProcessAsync(cluster.Name, $"Enable CMEK with {string.Join(", ", wanted.Select(s => $"{s.Region}: {s.KeyUri}"))}", context.CancellationToken))
            return before with { Outcome = CmekOutcome.Planned };

        var sent = await SendAsync(
            cluster,
            () => client.EnableCmekAsync(cluster, wanted, context),
            state => Uses(state, wanted),
            options,
            context);
        return sent with { Outcome = CmekOutcome.Created };
    }

    /// <summary>
    /// Moves regions to a new version of the key that they use: rotates in the KMS, then sends the unchanged URIs, which is how CockroachDB
    /// takes the new version up (cmek-rotation-types.md). It does not follow the KMS's own rotation by itself.
    /// </summary>
    /// <remarks>
    /// A run that was interrupted goes on: where the KMS has a version that is newer than the one CockroachDB took up last, nothing is rotated
    /// again, and where a rotation is under way already, nothing is sent.
    /// </remarks>
    /// <exception cref="CmekException">CmekNotEnabled, RegionUnknown, CmekRevoked, RotationLimitReached, RotationRunning, ...</exception>
    public async Task<CmekInfo> RotateAsync(CrdbCluster cluster, IReadOnlyCollection<string>? regions, ICmekKeyProvider keys, WriteOptions options, OperationContext context)
    {
        if (cluster is null) throw new ArgumentNullException(nameof(cluster));
        if (keys is null) throw new ArgumentNullException(nameof(keys));
        if (options is null) throw new ArgumentNullException(nameof(options));
        if (context is null) throw new ArgumentNullException(nameof(context));
        var before = await client.GetCmekAsync(cluster, context);
        foreach (var region in regions ?? [])
            if (!before.Regions.Any(r => r.Region == region)) throw Errors.RegionUnknown(cluster.Name, region, before.Regions.Select(r => r.Region));
        if (before.Status == CmekStatus.Rotating) return before;
        if (before.Status is not (CmekStatus.Enabled or CmekStatus.RotateFailed))
        {
            RefuseState(before);
            throw Errors.CmekNotEnabled(cluster.Name, before.Status);
        }

        var chosen = before.Regions.Where(r => regions is null || regions.Contains(r.Region)).ToList();
        var current = chosen.Select(r => r.Keys.FirstOrDefault(k => k.Status == CmekStatus.Enabled) ?? throw Errors.CmekNotEnabled(cluster.Name, r.Status)).ToList();
        var rotated = await keys.RotateKeysAsync(cluster, current, context);
        var specs = chosen.Zip(current, (r, k) => new CmekRegionSpec { Region = r.Region, KeySpec = new CmekKeySpec { Type = k.KeyType, Uri = k.KeyUri, AuthPrincipal = k.AuthPrincipal } }).ToList();
        // Asked even where the rotation was not allowed: a dry run names every change.
        if (!await context.Log.ShouldProcessAsync(cluster.Name, $"Take up the new version of the key in {string.Join(", ", specs.Select(s => s.Region))}", context.CancellationToken) || !rotated)
            return before with { Outcome = CmekOutcome.Planned };
        var sent = await SendAsync(cluster, () => client.UpdateCmekAsync(cluster, specs, context), state => TookUp(before, state, specs), options, context);
        return sent with { Outcome = CmekOutcome.Updated };
    }

    /// <summary>True when each region has a key entry that it had not before: that is what a rotation adds.</summary>
    private static bool TookUp(CmekInfo before, CmekInfo after, IEnumerable<CmekRegionSpec> specs) =>
        specs.All(s => Entries(after, s.Region) > Entries(before, s.Region));

    private static int Entries(CmekInfo info, string region) => info.Regions.FirstOrDefault(r => r.Region == region)?.Keys.Count ?? 0;

    /// <summary>Waits until CMEK on the cluster is settled.</summary>
    /// <exception cref="CmekException">CmekOperationFailed with the API's own message, UnexpectedStatus, WaitTimedOut.</exception>
    public Task<CmekInfo> WaitAsync(CrdbCluster cluster, WaitOptions options, OperationContext context) =>
        new CmekWait(client, cluster, options, context).RunAsync();

    /// <summary>True when every spec is the key in force, or on its way, in its region.</summary>
    internal static bool Uses(CmekInfo info, IEnumerable<CmekRegionSpec> specs) =>
        info.Status is CmekStatus.Enabled or CmekStatus.Enabling or CmekStatus.Rotating
        && specs.All(spec => info.Regions.Any(r => r.Region == spec.Region && r.Keys.Any(k =>
            k.Status is CmekStatus.Enabled or CmekStatus.Enabling && k.KeyUri == spec.KeyUri && k.AuthPrincipal == spec.AuthPrincipal)));

    private static void RefuseState(CmekInfo info)
    {
        switch (info.Status)
        {
            case CmekStatus.Disabled or CmekStatus.EnableFailed:
                return;
            case CmekStatus.Revoked or CmekStatus.Revoking or CmekStatus.RevokeFailed:
                throw Errors.CmekRevoked(info.ClusterName, info.Status);
            case CmekStatus.Enabling or CmekStatus.Rotating or CmekStatus.Disabling:
                throw Errors.CmekBusy(info.ClusterName, info.Status);
            default:
                throw Errors.AlreadyEnabledDifferently(info);
        }
    }

    /// <summary>
    /// Sends a write until it is known what became of it. A busy cluster is waited for; a lost answer is settled by reading, and only a request
    /// that is known not to have been processed is sent again.
    /// </summary>
    private async Task<CmekInfo> SendAsync(CrdbCluster cluster, Func<Task<CmekInfo>> send, Func<CmekInfo, bool> isDone, WriteOptions options, OperationContext context)
    {
        var start = context.Time.GetTimestamp();
        var lost = 0;
        while (true)
        {
            try
            {
                return await send();
            }
            catch (CmekException fault) when (fault.Kind == CmekErrorKind.Busy)
            {
                // A 503 may come from a proxy that lost the answer: first look whether it happened.
                var state = await client.GetCmekAsync(cluster, context);
                if (isDone(state)) return state;
                if (context.Time.GetElapsedTime(start) >= options.Timeout) throw Errors.ClusterBusy(cluster.Name, options.Timeout, fault);
                context.Log.Progress(new OperationProgress { Activity = $"Waiting for {cluster.Name} to be free", Status = fault.Message });
            }
            catch (CmekException fault) when (fault.Kind is CmekErrorKind.Connection or CmekErrorKind.Unavailable or CmekErrorKind.InvalidData)
            {
                var state = await client.GetCmekAsync(cluster, context);
                if (isDone(state)) return state;
                // Read, and not there: the request was not processed. Twice in a row is no accident.
                if (++lost > 2) throw;
                context.Log.Verbose($"{cluster.Name}: the answer was lost and nothing has changed; sending once more.");
            }
            catch (CmekException fault) when (options.PrincipalsAreFresh && MayBePropagation(fault) && context.Time.GetElapsedTime(start) < options.Propagation)
            {
                context.Log.Progress(new OperationProgress { Activity = $"Waiting for the grant on the key of {cluster.Name} to arrive", Status = fault.Message });
            }

            await context.Time.Delay(BetweenTries, context.CancellationToken);
        }
    }

    /// <summary>While IAM settles, CockroachDB Cloud answers 400 with the documented sentence, and 401 and 403 too (terraform-provider-cockroach utils.go).</summary>
    private static bool MayBePropagation(CmekException fault) => fault.ErrorId == nameof(Errors.KeyAccessDenied) || fault.StatusCode is 401 or 403;
}
