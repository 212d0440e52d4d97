using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Imports existing keys: checks all of them first, and adds a missing grant only on request.</summary>
internal sealed class GcpKeyImport(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpKeyWriter _writer = new(clients, calls);
    private readonly GcpAccessReader _access = new(clients, calls);

    public async Task<IReadOnlyList<CmekKey>> ImportAsync(KeyRequest request, ServiceAccountEmail account)
    {
        var given = request.KeyUris.Select(GcpKeyName.Parse).ToList();
        var names = request.Regions.Select(region => Choose(request, given, region)).ToList();
        var keys = await ReadAsync(request, account, [.. names.Distinct()]);
        WarnOfDistance(request, names);
        foreach (var key in keys.Where(k => !k.NeedsGrant))
            WarnOfUncertainty(key);

        // Regions may share a key, which is granted once. All questions come before the first write.
        var confirmed = new List<ReadKey>();
        foreach (var key in keys.Where(k => k.NeedsGrant))
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
                        !key.NeedsGrant ? CmekOutcome.Existing
                        : confirmed.Contains(key) ? CmekOutcome.Updated
                        : CmekOutcome.Planned;
                    return GcpModels.Key(request, request.Regions[i], name, key.Key, outcome);
                }
            ),
        ];
    }

    /// <summary>Reads the keys, and reports what is wrong with any of them.</summary>
    private async Task<IReadOnlyList<ReadKey>> ReadAsync(
        KeyRequest request,
        ServiceAccountEmail account,
        IReadOnlyList<GcpKeyName> names
    )
    {
        var found = await Task.WhenAll(names.Select(name => FindAsync(request, name, account)));
        var problems = new List<CmekException>();
        foreach (var (name, key) in names.Zip(found, (n, k) => (n, k)))
        {
            if (key is null)
            {
                problems.Add(GcpErrors.KeyNotFound(name));
                continue;
            }

            problems.AddRange(GcpKeyFitness.KeyProblems(name, key.Key));
            if (GcpKeyFitness.GrantProblem(name, key.Access) is { } problem && !key.NeedsGrant)
                problems.Add(problem);
            // A new region shares the key as it is.
            if (request.Grant && request.Like is null && key.Access.Narrowed is [var narrowed, ..])
                problems.Add(GcpErrors.KeyGrantNarrowed(name, account, narrowed));
        }

        Errors.ThrowCombined(request.Cluster.Name, problems);
        return [.. found.OfType<ReadKey>()];
    }

    private async Task<ReadKey?> FindAsync(KeyRequest request, GcpKeyName name, ServiceAccountEmail account)
    {
        if (await _reader.FindKeyAsync(name) is not { } key)
            return null;
        var access = await _access.ReadKeyAsync(name, account);
        // What a deny policy denies stays denied, whatever is added. What is narrowed is not widened.
        var needsGrant =
            request.Grant
            && !access.IsAllowed
            && access.Access.Verdict is CmekAccessVerdict.NotGranted or CmekAccessVerdict.Unknown;
        return new ReadKey(name, key, access, request.Grant && needsGrant);
    }

    private void WarnOfUncertainty(ReadKey key)
    {
        if (key.Access.Access.Uncertainty() is not { } uncertainty)
            return;
        var conditions = key.Access.Narrowed.Select(b => b.ConditionText).Distinct().ToList();
        calls.Context.Host.Warning(
            $"{uncertainty}{(conditions.Count == 0 ? "" : $" Conditions: {string.Join("; ", conditions)}.")} "
                + $"To find out: {GcpAccessAdvice.Verify(key.Name, key.Access.Account)}"
        );
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

    private Task<bool> ConfirmAsync(ReadKey key, ServiceAccountEmail account) =>
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

    /// <summary>A key that exists, and whether it is to be granted.</summary>
    private sealed record ReadKey(GcpKeyName Name, CryptoKey Key, GcpReading Access, bool NeedsGrant);
}
