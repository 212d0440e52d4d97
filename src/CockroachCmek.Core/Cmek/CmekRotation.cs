using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Manifest;

namespace CockroachCmek.Core.Cmek;

/// <summary>How to rotate.</summary>
internal sealed record RotationOptions
{
    /// <summary>Regions to rotate; null for all of the cluster's.</summary>
    public IReadOnlyCollection<string>? Regions { get; init; }

    /// <summary>New keys, instead of new versions of the same keys.</summary>
    public bool NewKey { get; init; }

    /// <summary>The cloud may generate the new material where the old one came from elsewhere.</summary>
    public bool ReplaceOrigin { get; init; }

    /// <summary>
    /// Only regions that last wrapped with their key longer ago than this; null for all. Makes a scheduled rotation
    /// safe to start again.
    /// </summary>
    public TimeSpan? IfOlderThan { get; init; }

    /// <summary>How the request is sent.</summary>
    public WriteOptions Write { get; init; } = new();

    /// <summary>How to wait for the end; null for no wait.</summary>
    public WaitOptions? Wait { get; init; }
}

/// <summary>
/// Rotates keys: the KMS creates a new version or key, then the regions that rotate re-wrap with it
/// (cmek-rotation-types.md). CockroachDB does not follow the KMS's own rotation.
/// </summary>
/// <remarks>
/// An interrupted run is continued. No state is kept on this side: if the KMS has a version that is newer than the one
/// the cluster last wrapped with, or a key that was created to replace the one in force, nothing is created again. If
/// a rotation is running, nothing is sent.
/// </remarks>
internal sealed class CmekRotation(CrdbCloudClient client, CmekLifecycle lifecycle, ManifestCheck manifestCheck)
{
    /// <summary>Rotates the keys that are in force.</summary>
    /// <exception cref="CmekException">
    /// CmekNotEnabled, RegionUnknown, CmekRevoked, RotationLimitReached, RotationRunning,
    /// RotationNotInForce, RotationNotSeen, ClusterChanged, ...
    /// </exception>
    public async Task<CmekInfo> RotateAsync(
        CrdbCluster cluster,
        ICmekKeyProvider keys,
        RotationOptions options,
        OperationContext context
    )
    {
        var before = await client.GetCmekAsync(cluster, context);
        foreach (var region in options.Regions ?? [])
            if (!before.Regions.Any(r => r.Region == region))
                throw Errors.RegionUnknown(cluster.Name, region, before.Regions.Select(r => r.Region));
        if (before.Status == CmekStatus.Rotating)
        {
            await TellOfOtherAsync(before, "is being rotated already", options, context);
            return await FinishAsync(before, keys, options, context);
        }

        CmekState.RefuseUnlessEnabled(before, "to rotate");

        var chosen = before.Regions.Where(r => options.Regions?.Contains(r.Region) ?? true).ToList();
        foreach (var region in chosen)
            if (region.Keys.Count == 0 || region.Keys[0].Status != CmekStatus.Enabled)
                throw Errors.CmekNotEnabled(cluster.Name, $"{region.Status} in {region.Region}", "to rotate");
        chosen = [.. chosen.Where(r => IsDue(r, options, context))];
        if (chosen.Count == 0)
            return await FinishAsync(before, keys, options, context);

        var made = await keys.RotateKeysAsync(
            new RotationRequest
            {
                Cluster = cluster,
                Regions = chosen,
                NewKey = options.NewKey,
                Timeout = options.Write.Timeout,
                ReplaceOrigin = options.ReplaceOrigin,
            },
            context
        );
        // A new key that is already in force comes from an earlier run: only its name is left to move.
        var specs = (made ?? [.. chosen.Select(r => CmekState.Spec(r.Region, r.Keys[0]))])
            .Where(s => !options.NewKey || made is null || !before.Uses(s))
            .ToList();
        if (specs.Count == 0)
        {
            await TellOfOtherAsync(before, "has new keys in force already", options, context);
            return await FinishAsync(before, keys, options, context);
        }

        return await SendAsync(
            before,
            specs,
            isAllowed: made is not null,
            $"Re-wrap with the new {(options.NewKey ? "key" : "version of the key")} in "
                + string.Join(", ", specs.Select(s => s.Region)),
            new AccessGuard(before, keys, context),
            keys,
            options,
            context
        );
    }

    /// <summary>Moves the cluster to the keys of a manifest. Only the regions whose key differs are sent.</summary>
    /// <exception cref="CmekException">ManifestRefused, CmekNotEnabled, CmekRevoked, CmekBusy, ...</exception>
    public async Task<CmekInfo> RotateToAsync(
        CrdbCluster cluster,
        CmekManifest manifest,
        ICmekKeyProvider keys,
        RotationOptions options,
        OperationContext context
    )
    {
        // For a rotation, a manifest of some regions is complete: the other regions stay as they are.
        var checks = manifestCheck.Check(
            cluster with
            {
                Regions = [.. cluster.Regions.Where(r => manifest.RegionSpecs.Any(s => s.Region == r.Name))],
            },
            manifest
        );
        if (checks.Any(c => c.Status == CmekCheckStatus.Fail))
            throw Errors.ManifestRefused(cluster.Name, checks);
        var before = await client.GetCmekAsync(cluster, context);
        var specs = manifest
            .RegionSpecs.Where(s => (options.Regions?.Contains(s.Region) ?? true) && !before.Uses(s))
            .Where(s =>
                before.Regions.FirstOrDefault(r => r.Region == s.Region) is not { Keys.Count: > 0 } region
                || IsDue(region, options, context)
            )
            .ToList();
        if (specs.Count == 0)
            return await FinishAsync(before, keys, options, context);
        CmekState.RefuseUnlessEnabled(before, "to rotate");
        var guard = new AccessGuard(before, keys, context);
        await guard.AcceptPresentAsync();
        return await SendAsync(
            before,
            specs,
            isAllowed: true,
            $"Move to {string.Join(", ", specs.Select(s => $"{s.Region}: {s.KeyUri}"))}",
            guard,
            keys,
            options,
            context
        );
    }

    /// <summary>
    /// Says what was found where new keys were asked for and none is created: another run, or an earlier one of the same
    /// administrator, was faster.
    /// </summary>
    private async Task TellOfOtherAsync(CmekInfo found, string what, RotationOptions options, OperationContext context)
    {
        if (!options.NewKey)
            return;
        var begun = found.Regions.Max(r => r.WrappedAt());
        var keys = found.InForce().Select(k => $"{k.Region}: {k.KeyUri}");
        context.Host.Warning(
            $"{found.ClusterName} {what} ({string.Join(", ", keys)}"
                + (begun is { } since ? $", since {since:u}" : "")
                + "), so this run created no key. "
                + await new ChangeAuthors(client, context).DescribeAsync(
                    found.Cluster,
                    begun ?? context.Time.GetUtcNow()
                )
        );
    }

    private static bool IsDue(CmekRegionInfo region, RotationOptions options, OperationContext context)
    {
        if (
            options.IfOlderThan is not { } age
            || region.WrappedAt() is not { } since
            || context.Time.GetUtcNow() - since >= age
        )
            return true;
        context.Host.Verbose(
            $"{region.Region}: last wrapped with its key on {since:u}, less than {age} ago; not rotated."
        );
        return false;
    }

    private async Task<CmekInfo> SendAsync(
        CmekInfo before,
        List<CmekRegionSpec> specs,
        bool isAllowed,
        string action,
        AccessGuard guard,
        ICmekKeyProvider keys,
        RotationOptions options,
        OperationContext context
    )
    {
        var cluster = before.Cluster;
        // Asked even if the rotation was declined: -WhatIf names every change.
        if (!await context.Host.ConfirmAsync(cluster.Name, action, context.CancellationToken) || !isAllowed)
            return before with { Outcome = CmekOutcome.Planned };
        var planned = new PlannedState(client, before, context);
        var write = options.Write with
        {
            // A key that is new to the cluster was created or granted recently, by this run or another one.
            PrincipalsAreFresh = options.Write.PrincipalsAreFresh || specs.Any(s => !before.Uses(s)),
        };
        var (sent, isOwn) = await planned.SendAsync(specs, () => SettledWrite.SendAsync(
                cluster,
                () => client.UpdateCmekAsync(cluster, specs, context),
                () => client.GetCmekAsync(cluster, context),
                state => specs.All(s => state.HasWrapped(before, s)),
                async now =>
                {
                    await planned.RefuseChangeAsync(now);
                    if (specs.Any(s => !before.Uses(s)))
                        await guard.RefuseRevocationAsync();
                },
                write,
                context
            ));
        TellForm(before, sent, specs, context);
        if (!isOwn)
            CmekLifecycle.WarnOfOther(cluster, context);
        return await FinishAsync(
            sent with
            {
                Outcome = isOwn ? CmekOutcome.Updated : CmekOutcome.Existing,
            },
            keys,
            options,
            context
        );
    }

    /// <summary>
    /// Says how the API shows a re-wrap with a key that was in force before: both forms are understood.
    /// </summary>
    private static void TellForm(
        CmekInfo before,
        CmekInfo sent,
        IEnumerable<CmekRegionSpec> specs,
        OperationContext context
    )
    {
        foreach (var spec in specs.Where(before.Uses))
            context.Host.Verbose(
                $"{spec.Region}: CockroachDB Cloud shows the re-wrap with the same key as "
                    + (
                        sent.Entries(spec.Region) > before.Entries(spec.Region) ? "a new key entry."
                        : sent.HasWrapped(before, spec) ? "an update of the same key entry."
                        : "nothing yet."
                    )
            );
    }

    /// <summary>Waits for the end of the rotation if that was asked for, then moves the names of the keys.</summary>
    private async Task<CmekInfo> FinishAsync(
        CmekInfo begun,
        ICmekKeyProvider keys,
        RotationOptions options,
        OperationContext context
    )
    {
        begun = await lifecycle.FollowAsync(begun, options.Wait, context);

        if (options.NewKey && begun.Status == CmekStatus.Enabled)
            await keys.SettleNewKeysAsync(begun.Cluster, begun.InForce(), context);
        else if (options.NewKey && begun.Status == CmekStatus.Rotating)
            context.Host.Warning(
                $"{begun.ClusterName}: the names of the keys are moved once the new keys are in force. Run the same "
                    + "command again with -Wait."
            );
        WarnOfPastKeys(begun, context);
        return begun;
    }

    /// <summary>An old key looks unused, but data and backups need it.</summary>
    private static void WarnOfPastKeys(CmekInfo info, OperationContext context)
    {
        if (info.Outcome != CmekOutcome.Updated)
            return;
        foreach (var past in info.PastKeys.Where(p => !p.IsSameKey).GroupBy(p => p.KeyUri).Select(g => g.First()))
            context.Host.Warning(
                $"{info.ClusterName}: {past.KeyUri} is still needed: {past.Reason}. Never disable or delete it."
            );
    }
}
