using System.Collections.Concurrent;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>A key that Vault has put into the cloud.</summary>
/// <param name="Uri">Its URI; on AWS its id, because Vault does not know the account.</param>
/// <param name="IsFresh">True when this run put it there.</param>
internal sealed record DistributedKey(string Region, string Uri, bool IsFresh);

/// <summary>
/// Grants the use of distributed keys. Vault does not do that, so the cloud's own provider imports each key, checks
/// it and adds the grant.
/// </summary>
internal sealed class VaultGrants(ICmekKeyProvider cloud, VaultCalls calls)
{
    /// <summary>How long the cloud may take to show a new key everywhere.</summary>
    private static readonly TimeSpan Propagation = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, bool> _warnings = new();

    /// <summary>
    /// The granted keys, in the order given. The question about a new key included its grant; about an existing key
    /// the cloud's provider asks.
    /// </summary>
    public async Task<IReadOnlyList<CmekKey>> GrantAsync(KeyRequest request, IReadOnlyList<DistributedKey> keys)
    {
        var granted = await GrantOnlyAsync(request, keys);
        var context = calls.Context with { Host = LogFor(keys) };
        foreach (var key in granted.Where(k => !k.IsPlanned).GroupBy(k => k.KeyUri).Select(g => g.First()))
            await cloud.MarkVaultOriginAsync(
                request.Cluster,
                CmekRegionSpec.Create(key.Region, key.KeyType, key.KeyUri, key.AuthPrincipal),
                context
            );
        return [.. granted.Select(k => k with { Origin = CmekKeyOrigin.HashiCorpVault })];
    }

    private async Task<IReadOnlyList<CmekKey>> GrantOnlyAsync(KeyRequest request, IReadOnlyList<DistributedKey> keys)
    {
        if (keys.Count == 0)
            return [];
        if (keys.Count == 1 || !cloud.Cloud.VaultTarget!.HasKeyForEachRegion)
            return await ImportAsync(request, keys, LogFor(keys));

        var existing = await GrantExistingAsync(request, [.. keys.Where(k => !k.IsFresh)]);
        var fresh = await Task.WhenAll(keys.Where(k => k.IsFresh).Select(k => ImportAsync(request, [k], LogFor([k]))));
        var byRegion = existing.Concat(fresh.SelectMany(k => k)).ToDictionary(k => k.Region);
        return [.. keys.Select(k => byRegion[k.Region])];
    }

    /// <summary>
    /// Every problem of keys in the cloud, before anything is written. Writes nothing and asks nothing.
    /// </summary>
    public async Task<IReadOnlyList<CmekException>> FindProblemsAsync(
        KeyRequest request,
        IReadOnlyList<DistributedKey> keys
    )
    {
        var groups =
            cloud.Cloud.VaultTarget!.HasKeyForEachRegion ? keys.Select(k => new[] { k })
            : keys.Count > 0 ? [keys.ToArray()]
            : [];
        var problems = await Task.WhenAll(
            groups.Select(async group =>
            {
                try
                {
                    await ProbeAsync(request, group);
                    return null;
                }
                catch (CmekException error)
                    when (error.Kind is not (CmekErrorKind.Authentication or CmekErrorKind.Connection))
                {
                    return error;
                }
            })
        );
        return [.. problems.OfType<CmekException>()];
    }

    /// <summary>
    /// Keys of a name that was given which serve another cluster and are not granted to this one's identity: sharing a
    /// key takes an explicit word.
    /// </summary>
    public async Task<IReadOnlyList<CmekException>> FindTakenAsync(
        KeyRequest request,
        IReadOnlyList<DistributedKey> keys
    )
    {
        var probes = await Task.WhenAll(keys.Select(k => ProbeAsync(request, [k])));
        var taken = new List<CmekException>();
        foreach (
            var key in probes.Select(p => p.Key).Where(k => k.IsPlanned).GroupBy(k => k.KeyUri).Select(g => g.First())
        )
        {
            var spec = CmekRegionSpec.Create(key.Region, key.KeyType, key.KeyUri, key.AuthPrincipal);
            if (
                (await cloud.ReadOriginAsync(spec, calls.Context)).ClusterId is { } owner
                && owner != request.Cluster.Id
            )
                taken.Add(VaultErrors.VaultKeyTaken(request.Name!, key.KeyUri, owner));
        }

        return taken;
    }

    /// <summary>
    /// Checks existing keys one by one, in parallel, which also gives their ARNs. Those that lack the grant then get
    /// it in one call, which needs ARNs to tell the regions apart.
    /// </summary>
    private async Task<IReadOnlyList<CmekKey>> GrantExistingAsync(
        KeyRequest request,
        IReadOnlyList<DistributedKey> keys
    )
    {
        var probes = await Task.WhenAll(keys.Select(k => ProbeAsync(request, [k])));
        var granted = probes.Where(p => !p.Key.IsPlanned).ToList();
        foreach (var warning in granted.SelectMany(p => p.Warnings))
            WarnOnce(warning);
        var missing = probes
            .Where(p => p.Key.IsPlanned)
            .Select(p => new DistributedKey(p.Key.Region, p.Key.KeyUri, IsFresh: false))
            .ToList();
        var added = missing.Count == 0 ? [] : await ImportAsync(request, missing, LogFor(missing));
        return [.. granted.Select(p => p.Key), .. added];
    }

    /// <summary>Imports keys without writing: a key that lacks the grant comes back as planned.</summary>
    private async Task<(CmekKey Key, IReadOnlyCollection<string> Warnings)> ProbeAsync(
        KeyRequest request,
        IReadOnlyList<DistributedKey> keys
    )
    {
        var warnings = new ConcurrentQueue<string>();
        var log = new AnsweringLog(calls.Context.Host, (_, _) => false, warnings.Enqueue);
        return ((await ImportAsync(request, keys, log))[0], warnings);
    }

    private Task<IReadOnlyList<CmekKey>> ImportAsync(
        KeyRequest request,
        IReadOnlyList<DistributedKey> keys,
        IOperationHost log
    )
    {
        var import = request with
        {
            Regions = [.. keys.Select(k => k.Region)],
            KeyUris = [.. keys.Select(k => k.Uri).Distinct()],
            Grant = true,
            Name = null,
            Like = null,
        };
        return calls.RetryUntilPropagatedAsync(
            () => cloud.EnsureKeysAsync(import, calls.Context with { Host = log }),
            error => keys.Any(k => k.IsFresh) && error is CmekException { Kind: CmekErrorKind.NotFound },
            Propagation,
            Pause
        );
    }

    /// <summary>Questions about a new key were answered when its creation was confirmed.</summary>
    private AnsweringLog LogFor(IReadOnlyList<DistributedKey> keys) =>
        new(
            calls.Context.Host,
            (target, action) => keys.Any(k => k.IsFresh && (target + action).Contains(k.Uri)) ? true : null,
            WarnOnce
        );

    /// <summary>
    /// Several regions may cause the same warning, for example that the keys are in another account.
    /// </summary>
    private void WarnOnce(string warning)
    {
        if (_warnings.TryAdd(warning, true))
            calls.Context.Host.Warning(warning);
    }
}
