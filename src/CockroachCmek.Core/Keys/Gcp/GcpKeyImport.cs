namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Imports existing keys: checks all of them first, and adds a missing grant only on request.</summary>
internal sealed class GcpKeyImport(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpKeyWriter _writer = new(clients, calls);

    public async Task<IReadOnlyList<CmekKey>> ImportAsync(KeyRequest request, ServiceAccountEmail account)
    {
        var given = request.KeyUris.Select(GcpKeyName.Parse).ToList();
        var names = request.Regions.Select(region => Choose(request, given, region)).ToList();
        var keys = await ReadAsync(request, account, [.. names.Distinct()]);
        WarnOfDistance(request, names);
        var now = calls.Context.Time.GetUtcNow();
        WarnOfConditions(keys, account, now);

        // Regions may share a key, which is granted once. All questions come before the first write.
        var confirmed = new List<FoundKey>();
        foreach (var key in keys.Where(k => k.GrantsUse(account.Member, now) == Granted.No))
            if (await ConfirmAsync(key, account))
                confirmed.Add(key);
        if (confirmed.Count > 0)
            await new GcpAccounts(clients, calls).RequireUsableAsync(request.Cluster, account);
        await Task.WhenAll(
            confirmed.Select(k =>
                _writer.GrantAsync(k.Name, [IamPolicy.Binding(GcpNames.UseRole, account.Member)], account)
            )
        );
        return
        [
            .. names.Select(
                (name, i) =>
                {
                    var key = keys.First(k => k.Name == name);
                    var outcome =
                        key.GrantsUse(account.Member, now) != Granted.No ? CmekOutcome.Existing
                        : confirmed.Contains(key) ? CmekOutcome.Updated
                        : CmekOutcome.Planned;
                    return GcpModels.Key(request, request.Regions[i], name, key.Key, outcome);
                }
            ),
        ];
    }

    /// <summary>Reads the keys, and reports what is wrong with any of them.</summary>
    private async Task<IReadOnlyList<FoundKey>> ReadAsync(
        KeyRequest request,
        ServiceAccountEmail account,
        IReadOnlyList<GcpKeyName> names
    )
    {
        var found = await Task.WhenAll(names.Select(name => _reader.FindAsync(name, account.Member)));
        var now = calls.Context.Time.GetUtcNow();
        var problems = new List<CmekException>();
        foreach (var (name, key) in names.Zip(found, (n, k) => (n, k)))
        {
            if (key is null)
            {
                problems.Add(GcpErrors.KeyNotFound(name));
                continue;
            }

            problems.AddRange(GcpKeyFitness.KeyProblems(name, key.Key));
            if (!request.Grant)
                problems.AddRange(GcpKeyFitness.GrantProblems(key, account, now));
        }

        Errors.ThrowCombined(request.Cluster.Name, problems);
        return [.. found.OfType<FoundKey>()];
    }

    private void WarnOfDistance(KeyRequest request, IReadOnlyList<GcpKeyName> names)
    {
        foreach (var (name, region) in names.Zip(request.Regions, (n, r) => (n, r)))
            if (!GcpLocations.Serves(name.Location, region))
                calls.Context.Host.Warning(
                    $"The key for {region} is in {name.Location}. It works, but the nodes in {region} then depend on "
                        + "both locations."
                );
    }

    private void WarnOfConditions(IReadOnlyList<FoundKey> keys, ServiceAccountEmail account, DateTimeOffset now)
    {
        foreach (var key in keys.Where(k => k.GrantsUse(account.Member, now) == Granted.Conditionally))
            calls.Context.Host.Warning(
                $"The policy of {key.Name} lets {account} use it only under a condition "
                    + $"({string.Join(", ", key.Policy.ConditionsOf(account.Member))}). When the condition no longer "
                    + "holds, the cluster loses its key."
            );
    }

    private Task<bool> ConfirmAsync(FoundKey key, ServiceAccountEmail account) =>
        calls.Context.Host.ConfirmAsync(
            key.Name.ToString(),
            $"Add a binding to the IAM policy that gives {GcpNames.UseRole} to {account}",
            calls.Context.CancellationToken
        );

    /// <summary>The key for a region: one in that location, one that serves it, or the only one given.</summary>
    private static GcpKeyName Choose(KeyRequest request, IReadOnlyList<GcpKeyName> given, string region) =>
        given.FirstOrDefault(n => n.Location == region)
        ?? given.FirstOrDefault(n => GcpLocations.Serves(n.Location, region))
        ?? (given.Count == 1 ? given[0] : throw Errors.KeyUriMissing(request.Cluster.Name, region));
}
