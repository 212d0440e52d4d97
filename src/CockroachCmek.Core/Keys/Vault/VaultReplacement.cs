namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// New keys in place of the keys in force. A replacement has the old key's name with the next number, and can be
/// deleted until it is recorded as in force; so a second run finds it, and New-CrdbCmekKey does not return it too
/// early.
/// </summary>
internal sealed class VaultReplacement(
    ICmekKeyProvider cloud,
    VaultConnection connection,
    VaultKeyReader reader,
    VaultCalls calls
)
{
    private readonly IVaultTarget _target = cloud.Cloud.VaultTarget!;
    private readonly VaultKeysInForce _keys = new(cloud, connection, reader, calls);
    private readonly VaultKeyWriter _writer = new(reader, calls);

    /// <summary>
    /// What each region is to use next: keys of the same type in the same key collection; null when that was
    /// declined.
    /// </summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> ReplaceAsync(RotationRequest request)
    {
        var keys = await _keys.FindAsync(request);
        if (keys.Any(k => k.Found.IsPending))
        {
            calls.Context.Host.Warning(
                $"{request.Cluster.Name}: the keys of an earlier run are in force, but that run did not finish. "
                    + "It is finished now, and nothing is rotated. Run the command again for another rotation."
            );
            return [.. request.Regions.Select(r => VaultKeysInForce.SpecOf(r, r.Keys[0].KeyUri))];
        }

        var names = await reader.ListNamesAsync();
        var plans = await Task.WhenAll(keys.Select(k => PlanAsync(k, names)));
        var problems = new VaultKeyProblems(cloud.Cloud, connection.Mount);
        Errors.ThrowCombined(
            request.Cluster.Name,
            [
                .. plans.SelectMany(p =>
                    problems.OfKey(p.KeyName, p.Type, p.Found).Concat(problems.OfDistribution(p.Found))
                ),
            ]
        );
        await new VaultPermissions(reader.Client, calls).ThrowUnlessWritableAsync(
            [.. plans.SelectMany(p => p.Paths(connection.Mount))],
            request.Cluster.Name
        );
        if (!await ConfirmAsync(keys, plans))
            return null;
        var renewed = await Task.WhenAll(
            plans.Select(
                async (plan, i) =>
                    plan.IsDistributed
                        ? new RenewedVaultKey(keys[i], plan.Found!, IsFresh: false)
                        : new RenewedVaultKey(keys[i], await _writer.CreateAsync(plan), IsFresh: true)
            )
        );
        return await _keys.GrantAsync(request, renewed);
    }

    /// <summary>
    /// Records replacements as in force: from now on they cannot be deleted, and New-CrdbCmekKey returns them.
    /// </summary>
    public async Task RecordInForceAsync(CrdbCluster cluster, IReadOnlyList<CmekRegionSpec> inForce)
    {
        var found = await reader.FindByUriAsync(cluster, _target, [.. inForce.Select(s => s.KeyUri).Distinct()]);
        foreach (var name in found.Where(k => k is { IsPending: true }).Select(k => k!.Name).Distinct())
            if (await ConfirmAsync($"Record {connection.Mount}/{name} as the cluster's key, which cannot be deleted"))
                await _writer.SetDeletionAllowedAsync(name, false);
    }

    /// <summary>
    /// The next number whose key does not exist, or exists and is pending: x-g2 after x, or x-g3 where x-g2 was in
    /// force once.
    /// </summary>
    private async Task<VaultPlan> PlanAsync(VaultKeyInForce old, IReadOnlyList<string> names)
    {
        var (first, generation) = VaultNames.Parse(old.Found.Name);
        FoundVaultKey? found;
        string name;
        do
        {
            name = VaultNames.OfGeneration(first, ++generation);
            found = names.Contains(name) ? await reader.FindAsync(name) : null;
        } while (found is { Copy: not null, IsPending: false });

        var copy = old.Copy;
        return new VaultPlan(
            name,
            found?.Key.Type ?? old.Found.Key.Type,
            _target.Purpose,
            copy.EntryName,
            copy.Entry,
            _target.CollectionOf(copy.Entry, old.Uri),
            found
        )
        {
            EntryExists = true,
            Protection = copy.Distribution.Protection.Length > 0 ? copy.Distribution.Protection : "hsm",
            IsReplacement = true,
        };
    }

    /// <summary>Asks about every key, also after a No: -WhatIf names all of them.</summary>
    private async Task<bool> ConfirmAsync(IReadOnlyList<VaultKeyInForce> keys, IReadOnlyList<VaultPlan> plans)
    {
        var declined = 0;
        for (var i = 0; i < plans.Count; i++)
        {
            var plan = plans[i];
            var action =
                $"Create {plan.Type} key {connection.Mount}/{plan.KeyName} in place of {keys[i].Found.Name}, "
                + $"distribute it to {plan.Entry.Provider} {plan.Entry.KeyCollection} "
                + $"and grant it to {keys[i].AuthPrincipal}";
            if (!plan.IsDistributed && !await ConfirmAsync(action))
                declined++;
        }

        return declined == 0;
    }

    private Task<bool> ConfirmAsync(string action) =>
        calls.Context.Host.ConfirmAsync(
            $"Vault at {connection.Address.Authority}",
            action,
            calls.Context.CancellationToken
        );
}
