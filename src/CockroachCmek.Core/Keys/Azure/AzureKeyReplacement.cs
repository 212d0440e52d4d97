namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// New keys in the place of old ones, of the same shape, in the same vault. Keys cannot be renamed: a new key carries the old one's name as a tag
/// until it is settled, and then the old one carries the new one's, which leads whoever asks for it on.
/// </summary>
internal sealed class AzureKeyReplacement(AzureClients clients, AzureCalls calls)
{
    private readonly AzureKeyReader _reader = new(clients, calls);
    private readonly AzureGrants _grants = new(clients, calls);

    private AzureKeyWriter Writer => new(clients, calls, _reader);

    /// <summary>A key in force, what is granted on it, and the key that takes its place.</summary>
    private sealed record Change(FoundKey Old, AzureVault Vault, GrantedAccess Access, AzureKeyId Id)
    {
        public FoundKey? Made { get; init; }

        public RotationPolicy? Rotation { get; init; }

        public bool IsComplete { get; init; }
    }

    /// <summary>The new key of each region, in the order of the regions; the key in force where that is new and only unfinished. Null when it was not allowed.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> ReplaceAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionInfo> regions
    )
    {
        var inForce = regions.Select(r => AzureKeyId.Parse(r.Keys[0].KeyUri, clients.Cloud)).ToList();
        var old = await Task.WhenAll(
            inForce
                .Select(id => id.WithoutVersion)
                .Distinct()
                .Select(async id => await _reader.FindAsync(id) ?? throw AzureErrors.KeyNotFound(id))
        );
        if (old.Any(k => k.BelongsTo(cluster) && k.Tag(AzureNames.ReplacesTag) is not null))
        {
            // A run before this one got the cluster to the new keys and no further. Whatever it left is finished first; nothing new begins.
            calls.Context.Log.Warning(
                $"{cluster.Name}: new keys of an earlier run are in force, and their names are still to be settled. That is done now, and nothing else; run the command again for another rotation."
            );
            return [.. regions.Select(r => AzureKeyRotation.Spec(r, r.Keys[0].KeyUri))];
        }

        var tenant = regions[0].Keys[0].AuthPrincipal;
        var principal = await new AzureRoles(clients, calls).RequireAsync(cluster, tenant);
        var vaults = new AzureVaults(clients, calls);
        await vaults.FindAsync([.. old.Select(k => k.Id.VaultName)], null, tenant);
        var changes = await Task.WhenAll(
            old.Select(async k =>
                await LookAsync(cluster, k, (await vaults.FindAsync(k.Id, null, tenant))!, principal.Id)
            )
        );
        ThrowIfUnfit(cluster, changes);

        var refused = false;
        foreach (var change in changes.Where(c => !c.IsComplete))
            refused |= !await calls.AskAsync(
                change.Old.Id.WithoutVersion.ToString(),
                $"Create a new key {change.Id.Name} of the same shape, which takes its place once it is in force"
            );
        if (refused)
            return null;
        var made = (
            await Task.WhenAll(
                changes.Select(async c =>
                    (
                        c.Old.Id.Name,
                        c.Vault.Name,
                        New: c.IsComplete ? c.Made!.Id : await MakeAsync(cluster, c, principal.Id)
                    )
                )
            )
        ).ToList();
        return
        [
            .. regions.Zip(inForce, (r, id) =>
                AzureKeyRotation.Spec(
                    r,
                    made.First(m =>
                            m.Item1 == id.Name
                            && string.Equals(m.Item2, id.VaultName, StringComparison.OrdinalIgnoreCase)
                        )
                        .New.ToString()
                )
            ),
        ];
    }

    /// <summary>The names that lead to a cluster's key lead to those in force, and the mark that these are unfinished goes.</summary>
    public async Task SettleAsync(CrdbCluster cluster, IReadOnlyList<CmekRegionSpec> inForce)
    {
        foreach (var id in inForce.Select(s => AzureKeyId.Parse(s.KeyUri, clients.Cloud).WithoutVersion).Distinct())
        {
            if (
                await _reader.FindAsync(id) is not { } key
                || !key.BelongsTo(cluster)
                || key.Tag(AzureNames.ReplacesTag) is not { } oldName
            )
                continue;
            // The old key under whatever name it had, and the one that the cluster's own name leads to.
            FoundKey?[] leading =
            [
                await _reader.FindAsync(id with { Name = oldName }),
                await _reader.FollowAsync(id with { Name = AzureNames.Default(cluster) }, cluster),
            ];
            foreach (
                var old in leading
                    .OfType<FoundKey>()
                    .Where(k => k.Id.Name != id.Name && k.BelongsTo(cluster))
                    .GroupBy(k => k.Id.Name)
                    .Select(g => g.First())
            )
            {
                if (old.Tag(AzureNames.ReplacedByTag) == id.Name)
                    continue;
                if (!await calls.AskAsync(old.Id.WithoutVersion.ToString(), $"Let its name lead to {id.Name}"))
                    return;
                await Writer.TagAsync(old.Id, With(old.Tags, AzureNames.ReplacedByTag, id.Name));
            }

            await Writer.TagAsync(key.Id, With(key.Tags, AzureNames.ReplacesTag, null));
        }
    }

    private async Task<Change> LookAsync(CrdbCluster cluster, FoundKey old, AzureVault vault, string principalId)
    {
        var (id, made) = await FindReplacementAsync(cluster, old.Id);
        var rotation = await _reader.FindRotationPolicyAsync(old.Id.WithoutVersion);
        var change = new Change(old, vault, await _grants.ReadAsync(vault, old.Id.Name, principalId), id)
        {
            Made = made,
            Rotation = rotation?.Rotation is null ? null : rotation,
        };
        if (made is null)
            return change;
        var granted = (await _grants.ReadAsync(vault, id.Name, principalId)).Missing.Count == 0;
        return change with
        {
            IsComplete =
                granted
                && (
                    change.Rotation is null
                    || (await _reader.FindRotationPolicyAsync(id))?.Rotation == change.Rotation.Rotation
                ),
        };
    }

    /// <summary>The key that a run before this one made for it, or the first free name.</summary>
    private async Task<(AzureKeyId Id, FoundKey? Made)> FindReplacementAsync(CrdbCluster cluster, AzureKeyId old)
    {
        foreach (var name in AzureNames.Series(cluster))
        {
            var id = new AzureKeyId(old.Vault, name, null);
            if (await _reader.FindAsync(id) is { } found)
            {
                if (found.BelongsTo(cluster) && found.Tag(AzureNames.ReplacesTag) == old.Name)
                    return (id, found);
            }
            else if (await _reader.FindDeletedAsync(id) is null)
            {
                return (id, null);
            }
        }

        throw AzureErrors.KeyNameTaken(new AzureKeyId(old.Vault, AzureNames.Default(cluster), null), null);
    }

    private void ThrowIfUnfit(CrdbCluster cluster, IEnumerable<Change> changes) =>
        Errors.ThrowCombined(
            cluster.Name,
            [
                .. changes.SelectMany(c =>
                {
                    var faults = AzureKeyFaults.OfKey(c.Old, calls.Context.Time.GetUtcNow());
                    return c.Access.Missing.Count == 0
                        ? faults
                        : faults.Append(
                            AzureErrors.KeyNotGranted(c.Old.Id, AzureNames.Application(cluster), c.Access.Missing)
                        );
                }),
            ]
        );

    private async Task<AzureKeyId> MakeAsync(CrdbCluster cluster, Change change, string principalId)
    {
        var key = change.Made ?? await Writer.CreateAsync(change.Id, Shape(cluster, change.Old));
        // What is granted on the vault holds for every key in it; what is granted on the old key alone is granted on the new one too.
        if ((await _grants.ReadAsync(change.Vault, change.Id.Name, principalId)).Missing.Count > 0)
        {
            foreach (
                var role in change.Access.Roles.Where(r =>
                    AzureGrants.IsWithin(r.Scope, change.Vault.KeyScope(change.Old.Id.Name))
                )
            )
            {
                var scope = change.Vault.KeyScope(change.Id.Name);
                await _grants.AssignAsync(
                    AzureNames.AssignmentId(scope, role.Definition.Name, principalId),
                    role.Assignment.Properties with
                    {
                        Scope = null,
                        PrincipalType = "ServicePrincipal",
                    }
                );
            }
        }

        if (
            change.Rotation is { } rotation
            && (await _reader.FindRotationPolicyAsync(change.Id))?.Rotation != rotation.Rotation
        )
            await Writer.SetRotationAsync(change.Id, rotation, rotation);
        return key.Id;
    }

    private KeyShape Shape(CrdbCluster cluster, FoundKey old)
    {
        var material = old.Bundle.Key;
        // A key that lived for a year is replaced by one that lives for a year.
        var lifetime = old.Bundle.Attributes.ExpiresOn - old.Bundle.Attributes.CreatedOn;
        return new KeyShape(
            material.Kty,
            material.Size ?? 3072,
            With(
                AzureNames.Tags(cluster, With(old.Tags, AzureNames.ReplacedByTag, null)),
                AzureNames.ReplacesTag,
                old.Id.Name
            )
        )
        {
            Operations = material.Operations ?? ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
            ExpiresOn = calls.Context.Time.GetUtcNow() + lifetime,
        };
    }

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> tags, string name, string? value)
    {
        var changed = tags.ToDictionary(t => t.Key, t => t.Value);
        changed.Remove(name);
        if (value is not null)
            changed[name] = value;
        return changed;
    }
}
