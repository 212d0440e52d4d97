using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>Which regions to add, with which keys.</summary>
internal sealed record RegionAdditionOptions
{
    /// <summary>The new regions.</summary>
    public required IReadOnlyList<string> Regions { get; init; }

    /// <summary>Nodes in each region; null for the minimum in new ones, and any number in those that exist.</summary>
    public int? NodeCount { get; init; }

    /// <summary>Machine type of the nodes in the new regions; null for the cluster's.</summary>
    public string? MachineType { get; init; }

    /// <summary>
    /// Existing keys to use, one for all new regions or one for each. Empty: keys like those in force.
    /// </summary>
    public IReadOnlyList<string> KeyUris { get; init; } = [];

    /// <summary>Add missing permissions to the policy of an existing key.</summary>
    public bool Grant { get; init; }

    /// <summary>The cloud may generate the new keys where a key in force comes from elsewhere.</summary>
    public bool ReplaceOrigin { get; init; }

    /// <summary>How the request is sent.</summary>
    public WriteOptions Write { get; init; } = new();

    /// <summary>How to wait for the end; null for no wait.</summary>
    public WaitOptions? Wait { get; init; }
}

/// <summary>
/// Adds regions to a cluster that uses CMEK. The request carries the whole map of regions, because a region that is
/// left out would be removed, and keys for the new regions only (openapi.json, UpdateClusterSpecification).
/// </summary>
internal sealed class RegionAddition(CrdbCloudClient client, CmekLifecycle lifecycle)
{
    /// <summary>The minimum for each region of a multi-region cluster (create-an-advanced-cluster.md).</summary>
    public const int MinimumNodes = 3;

    /// <summary>Adds the regions. Can be run again after an interruption; adds nothing twice.</summary>
    /// <returns>The cluster after the request, or at the end of the wait; planned under -WhatIf.</returns>
    /// <exception cref="CmekException">
    /// CmekNotEnabled, RegionNotAvailable, MachineTypeNeeded, MachineTypeMalformed, TooFewNodes, RegionExists, RegionMapChanged, ...
    /// </exception>
    public async Task<CrdbCluster> AddAsync(
        CrdbCluster named,
        ICmekKeyProvider keys,
        RegionAdditionOptions options,
        OperationContext context
    )
    {
        // An object from the pipeline may be old, and the map that is sent must be the current one.
        var cluster = await client.GetClusterAsync(named.Id, context);
        var cmek = await client.GetCmekAsync(cluster, context);
        var added = options.Regions.Distinct().Where(r => !cluster.Regions.Any(c => c.Name == r)).ToList();
        await new PresentRegions(cluster, cmek, keys).RefuseDifferencesAsync(options, added, context);
        // An earlier run has sent the request.
        if (added.Count == 0)
            return await FinishAsync(cluster, options, context);

        CmekState.RefuseUnlessEnabled(cmek, "whose shape a new region's key could take");
        var wanted = cluster.Regions.ToDictionary(r => r.Name, r => r.NodeCount);
        var nodes = options.NodeCount ?? MinimumNodes;
        foreach (var region in added)
            wanted[region] = nodes;
        var small = wanted.Where(r => r.Value < MinimumNodes).ToDictionary(r => r.Key, r => r.Value);
        if (small.Count > 0)
            throw Errors.TooFewNodes(cluster.Name, small, MinimumNodes);

        await new NewRegions(client).RefuseUnknownAsync(cluster, added, context);
        var machines = NewRegions.Machines(cluster, added, options.MachineType);
        var inForce = cmek.InForce();
        var like = inForce[0];
        var made = await keys.EnsureKeysAsync(
            new KeyRequest
            {
                Cluster = cluster with
                {
                    Regions =
                    [
                        .. cluster.Regions,
                        .. added.Select(r => new CrdbRegion { Name = r, NodeCount = nodes }),
                    ],
                },
                AuthPrincipal = like.AuthPrincipal,
                Regions = added,
                Like = like,
                InForce = inForce,
                KeyUris = options.KeyUris,
                Grant = options.Grant,
                ReplaceOrigin = options.ReplaceOrigin,
            },
            context
        );
        var specs = made.Select(k => CmekRegionSpec.Create(k.Region, k.KeyType, k.KeyUri, k.AuthPrincipal)).ToList();
        if (
            !await context.Host.ConfirmAsync(
                cluster.Name,
                $"Add the region{(added.Count > 1 ? "s" : "")} {string.Join(", ", added.Select(r => $"{r} with {nodes} nodes{(options.MachineType is { } m ? $" of {m}" : "")}"))}; the regions are then {Map(wanted)}",
                context.CancellationToken
            ) || made.Any(k => k.IsPlanned)
        )
            return cluster with { IsPlanned = true };

        var map = cluster.Regions.ToDictionary(r => r.Name, r => r.NodeCount);
        var planned = new PlannedState(client, cmek, context);
        var (sent, isOwn) = await NamingUnusedAsync(
            made,
            () =>
                SettledWrite.SendAsync(
                    cluster,
                    () => SendAsync(cluster, wanted, specs, machines, context),
                    () => client.GetClusterAsync(cluster.Id, context),
                    state => added.All(r => state.Regions.Any(s => s.Name == r)),
                    async state =>
                    {
                        // Creating a key takes a while, and the API accepts any map: a region that was added meanwhile
                        // would be
                        // removed.
                        if (!SameMap(state, map))
                            throw Errors.RegionMapChanged(cluster.Name, Map(map), Map(state));
                        await planned.RefuseChangeAsync(await client.GetCmekAsync(cluster, context));
                    },
                    options.Write with
                    {
                        PrincipalsAreFresh = made.Any(k => k.Outcome is CmekOutcome.Created or CmekOutcome.Updated),
                    },
                    context
                ),
            context
        );
        if (!isOwn)
            CmekLifecycle.WarnOfOther(cluster, context);
        if (!SameMap(sent, wanted))
            throw Errors.RegionMapDiffers(cluster.Name, Map(wanted), Map(sent));
        return await FinishAsync(sent, options, context);
    }

    /// <summary>
    /// Sends the map. A refusal that quotes the machine type is about that, and not about a key whose grant is late.
    /// </summary>
    /// <exception cref="CmekException">MachineTypeRefused.</exception>
    private async Task<CrdbCluster> SendAsync(
        CrdbCluster cluster,
        Dictionary<string, int> wanted,
        IReadOnlyList<CmekRegionSpec> specs,
        IReadOnlyDictionary<string, string> machines,
        OperationContext context
    )
    {
        try
        {
            return await client.UpdateRegionsAsync(cluster, wanted, specs, context, machines);
        }
        catch (CmekException refusal)
            when (refusal is { StatusCode: 400, ServerText: { } text }
                && machines.Values.FirstOrDefault(text.Contains) is { } type
            )
        {
            throw Errors.MachineTypeRefused(cluster.Name, type, refusal);
        }
    }

    /// <summary>
    /// Names the keys of this run that are used by nobody when the cluster was changed meanwhile. They stay: the same
    /// command finds them again, and a replica that was taken back could not be made again for days.
    /// </summary>
    private async Task<T> NamingUnusedAsync<T>(
        IReadOnlyList<CmekKey> made,
        Func<Task<T>> send,
        OperationContext context
    )
    {
        try
        {
            return await send();
        }
        catch (CmekException error)
            when (error.ErrorId is nameof(Errors.ClusterChanged) or nameof(Errors.RegionMapChanged))
        {
            var now = await client.GetCmekAsync(made[0].Cluster, context);
            var used = now.EveryKey().Select(k => k.KeyUri).ToList();
            foreach (var key in made.Where(k => k.Outcome == CmekOutcome.Created && !used.Contains(k.KeyUri)))
                context.Host.Warning(
                    $"{now.ClusterName}: {key.KeyUri}, which this run created for {key.Region}, is not used yet. The "
                        + "same command uses it when it is run again."
                );
            throw;
        }
    }

    /// <summary>Waits for the cluster first, then for CMEK, as Terraform's provider does.</summary>
    private async Task<CrdbCluster> FinishAsync(
        CrdbCluster cluster,
        RegionAdditionOptions options,
        OperationContext context
    )
    {
        if (options.Wait is not { } wait)
            return cluster;
        var activity = $"Waiting for the regions of {cluster.Name}";
        try
        {
            cluster = await Polling.UntilAsync(
                cluster.Name,
                poll => client.GetClusterAsync(cluster.Id, poll),
                state => state.State == "CREATED",
                (state, elapsed) =>
                    context.Host.Progress(
                        new OperationProgress
                        {
                            Activity = activity,
                            Status = $"{state.State}, {state.OperationStatus} for {elapsed:hh\\:mm\\:ss}",
                        }
                    ),
                state => Errors.ClusterWaitTimedOut(state, wait.Timeout),
                wait,
                context
            );
        }
        finally
        {
            context.Host.Progress(
                new OperationProgress
                {
                    Activity = activity,
                    Status = "",
                    Completed = true,
                }
            );
        }

        await lifecycle.WaitAsync(cluster, wait with { Expected = CmekStatus.Enabled }, context);
        return cluster.OperationStatus.EndsWith("_FAILED", StringComparison.Ordinal)
            ? throw Errors.ClusterOperationFailed(cluster)
            : cluster;
    }

    private static bool SameMap(CrdbCluster cluster, Dictionary<string, int> map) =>
        cluster.Regions.Count == map.Count
        && cluster.Regions.All(r => map.TryGetValue(r.Name, out var nodes) && nodes == r.NodeCount);

    private static string Map(CrdbCluster cluster) =>
        Map(cluster.Regions.Select(r => new KeyValuePair<string, int>(r.Name, r.NodeCount)));

    private static string Map(IEnumerable<KeyValuePair<string, int>> map) =>
        string.Join(", ", map.Select(r => $"{r.Key}: {r.Value}"));
}
