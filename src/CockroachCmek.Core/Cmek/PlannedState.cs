using CockroachCmek.Core.Cloud;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// The state of CMEK that a write was planned on. It is compared with the state right before the write, and after every
/// wait for a busy cluster: another admin may have rotated or revoked in between.
/// </summary>
internal sealed class PlannedState(CrdbCloudClient client, CmekInfo planned, OperationContext context)
{
    private readonly DateTimeOffset _readAt = context.Time.GetUtcNow();

    /// <summary>Refuses a state that differs from the planned one. Names what differs, and who changed it.</summary>
    /// <exception cref="CmekException">ClusterChanged.</exception>
    public async Task RefuseChangeAsync(CmekInfo now)
    {
        var differences = Differences(planned, now).ToList();
        if (differences.Count > 0)
            throw Errors.ClusterChanged(
                planned.ClusterName,
                differences,
                await new ChangeAuthors(client, context).DescribeAsync(planned.Cluster, _readAt)
            );
    }

    /// <summary>
    /// Sends a write that was planned on this state. When another run was faster, the keys that this operation created
    /// and nobody uses are taken back, and its other new keys are named.
    /// </summary>
    /// <param name="specs">The keys that the write moves the cluster to.</param>
    public async Task<T> SendAsync<T>(IReadOnlyList<CmekRegionSpec> specs, Func<Task<T>> send)
    {
        try
        {
            return await send();
        }
        catch (CmekException error) when (error.ErrorId == nameof(Errors.ClusterChanged))
        {
            var now = await client.GetCmekAsync(planned.Cluster, context);
            HashSet<string> used = [.. now.EveryKey().Select(k => k.KeyUri)];
            var taken = await context.Created.TakeBackUnusedAsync(used, context.Host);
            var rest = specs.Select(s => s.KeyUri).Where(u => !used.Contains(u) && !taken.Any(k => k.IsUsed(u)));
            foreach (var uri in rest.Distinct())
                context.Host.Warning(
                    $"{planned.ClusterName} does not use {uri}. If it was created for this change, nobody needs it."
                );
            throw;
        }
    }

    /// <summary>What differs between two states, for people.</summary>
    private static IEnumerable<string> Differences(CmekInfo before, CmekInfo now)
    {
        if (before.Status != now.Status)
            yield return $"CMEK was {before.Status} and is {now.Status}";
        foreach (var region in before.Regions)
        {
            if (now.Regions.FirstOrDefault(r => r.Region == region.Region) is not { } later)
                yield return $"{region.Region} has no key any more";
            else if (Difference(region, later) is { } difference)
                yield return $"{region.Region} {difference}";
        }

        foreach (var region in now.Regions.Where(r => before.Regions.All(b => b.Region != r.Region)))
            yield return $"{region.Region} uses {Describe(region)}";
    }

    private static string? Difference(CmekRegionInfo before, CmekRegionInfo now)
    {
        if (Describe(before) is var was && Describe(now) is var present && was != present)
            return $"used {was} and uses {present}";
        if (before.Status != now.Status)
            return $"was {before.Status} and is {now.Status}";
        if (before.Keys.Count != now.Keys.Count)
            return $"had {before.Keys.Count} key entries and has {now.Keys.Count}";
        return before.Keys.Zip(now.Keys, (b, n) => b with { UserMessage = n.UserMessage } != n).Contains(true)
            ? $"has wrapped again with {present} since"
            : null;
    }

    private static string Describe(CmekRegionInfo region) =>
        region.Keys.Count == 0 ? "no key" : $"{region.Keys[0].KeyUri} ({region.Keys[0].AuthPrincipal})";
}
