namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Takes keys that exist: checks all of them first, and adds a missing grant only when told to.</summary>
internal sealed class GcpKeyAdoption(GcpClients clients, GcpCalls calls, GcpKeyReader reader)
{
    public async Task<IReadOnlyList<CmekKey>> AdoptAsync(KeyRequest request, ServiceAccountEmail account)
    {
        var names = request.KeyUris.Select(GcpKeyName.Parse).ToList();
        var chosen = request.Regions.Select(region => Choose(request, names, region)).ToList();
        var distinct = chosen.Distinct().ToList();
        var found = await Task.WhenAll(distinct.Select(name => reader.FindAsync(name, account.Member)));
        var now = calls.Context.Time.GetUtcNow();
        var faults = new List<CmekException>();
        for (var i = 0; i < found.Length; i++)
        {
            if (found[i] is not { } key)
                faults.Add(GcpErrors.KeyNotFound(distinct[i]));
            else
                faults.AddRange([
                    .. GcpKeyFaults.OfKey(key.Name, key.Key),
                    .. GcpKeyFaults.OfGrant(key, account, request.Grant, now),
                ]);
        }

        Errors.ThrowCombined(request.Cluster.Name, faults);
        foreach (
            var (name, region) in chosen
                .Zip(request.Regions, (n, r) => (n, r))
                .Where(p => !GcpLocations.Serves(p.n.Location, p.r))
        )
            calls.Context.Log.Warning(
                $"The key for {region} lives in {name.Location}: it works, but the region's nodes depend on both."
            );
        foreach (
            var key in found.OfType<FoundKey>().Where(k => k.GrantsUse(account.Member, now) == Granted.Conditionally)
        )
            calls.Context.Log.Warning(
                $"The policy of {key.Name} lets {account} use it only under a condition ({string.Join(", ", key.Policy.ConditionsOf(account.Member))}): when it no longer holds, the cluster loses its key."
            );

        // One key may serve several regions: it is granted once. All questions come before the first write.
        var allowed = new bool[found.Length];
        for (var i = 0; i < found.Length; i++)
            allowed[i] = found[i]!.GrantsUse(account.Member, now) == Granted.No && await AskAsync(found[i]!, account);
        if (allowed.Contains(true))
            await new GcpAccounts(clients, calls).RequireAsync(request.Cluster, account, mayBeUnreadable: true);
        var writer = new GcpKeyWriter(clients, calls, reader);
        var outcomes = await Task.WhenAll(
            found.Select(
                async (key, i) =>
                {
                    if (key!.GrantsUse(account.Member, now) != Granted.No)
                        return CmekOutcome.Existing;
                    if (!allowed[i])
                        return CmekOutcome.Planned;
                    await writer.GrantAsync(key.Name, [IamPolicy.Binding(GcpNames.UseRole, account.Member)], account);
                    return CmekOutcome.Updated;
                }
            )
        );
        return
        [
            .. chosen.Select(
                (name, i) =>
                    GcpKeys.Key(
                        request,
                        request.Regions[i],
                        name,
                        found[distinct.IndexOf(name)]!.Key,
                        outcomes[distinct.IndexOf(name)]
                    )
            ),
        ];
    }

    private Task<bool> AskAsync(FoundKey key, ServiceAccountEmail account) =>
        calls.Context.Log.ShouldProcessAsync(
            key.Name.ToString(),
            $"Add a binding to the IAM policy that gives {GcpNames.UseRole} to {account}",
            calls.Context.CancellationToken
        );

    /// <summary>The key for a region: the one that lives there, one that several regions share, or the only one there is.</summary>
    private static GcpKeyName Choose(KeyRequest request, List<GcpKeyName> names, string region) =>
        names.FirstOrDefault(n => n.Location == region)
        ?? names.FirstOrDefault(n => GcpLocations.Serves(n.Location, region))
        ?? (names.Count == 1 ? names[0] : throw Errors.KeyUriMissing(request.Cluster.Name, region));
}
