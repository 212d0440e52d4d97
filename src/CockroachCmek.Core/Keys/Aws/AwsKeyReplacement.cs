using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// New keys in the place of old ones, of the same shape: kind, policy, tags, description, automatic rotation. Until it has the old key's aliases, the new
/// key carries the old one's id as a tag: by that a second run finds it, and knows that the first is not finished.
/// </summary>
internal sealed class AwsKeyReplacement(AwsClients clients, AwsCalls calls)
{
    private readonly AwsKeyReader _reader = new(clients, calls);

    private AwsKeyWriter Writer => new(clients, calls, _reader);

    /// <summary>The new key of each region, in the order of the regions; the key in force where that is new and only unfinished. Null when it was not allowed.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> ReplaceAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionInfo> regions
    )
    {
        var old = await Task.WhenAll(regions.Select(async r => (Info: r, Key: await ReadAsync(r.Keys[0].KeyUri))));
        if (old.Any(o => IsUnfinished(o.Key)))
        {
            // A run before this one got the cluster to the new keys and no further. Whatever it left is finished first; nothing new begins.
            calls.Context.Log.Warning(
                $"{cluster.Name}: new keys of an earlier run are in force, and their names are still to be moved. That is done now, and nothing else; run the command again for another rotation."
            );
            return [.. regions.Select(r => Spec(r, r.Keys[0].KeyUri))];
        }

        Errors.ThrowCombined(cluster.Name, [.. old.SelectMany(o => Faults(o.Key, o.Info.Keys[0].AuthPrincipal))]);

        // The regions of a multi-region key get one new key with replicas; of any other, regions that share it share the new one too.
        var groups = old.GroupBy(o => o.Key.IsMultiRegion ? o.Key.Metadata.KeyId : o.Key.Arn).ToList();
        var plans = new List<(List<(CmekRegionInfo Info, FoundKey Key)> Members, FoundKey? Made, bool IsAllowed)>();
        foreach (var group in groups)
        {
            var members = group.ToList();
            var made = await _reader.FindReplacementAsync(HomeOf(members[0].Key), cluster, members[0].Key.Metadata);
            var isAllowed =
                (made is not null && await HasReplicasAsync(members, made))
                || await calls.Context.Log.ShouldProcessAsync(
                    members[0].Key.Arn,
                    $"Create a new {(members[0].Key.IsMultiRegion ? "multi-region " : "")}KMS key of the same shape for {string.Join(", ", members.Select(m => m.Info.Region))}, and move the aliases to it once it is in force",
                    calls.Context.CancellationToken
                );
            plans.Add((members, made, isAllowed));
        }

        if (plans.Any(p => !p.IsAllowed))
            return null;
        var specs = await Task.WhenAll(plans.Select(p => MakeAsync(cluster, p.Members, p.Made)));
        var uris = specs.SelectMany(s => s).ToDictionary(s => s.Key, s => s.Value);
        return [.. regions.Select(r => Spec(r, uris[r.Region]))];
    }

    /// <summary>The aliases of the replaced keys move to those in force, and the mark that these are unfinished goes.</summary>
    public async Task SettleAsync(CrdbCluster cluster, IReadOnlyList<CmekRegionSpec> inForce) =>
        await Task.WhenAll(inForce.Select(s => s.KeyUri).Distinct().Select(uri => SettleAsync(cluster, uri)));

    private async Task SettleAsync(CrdbCluster cluster, string uri)
    {
        var key = await ReadAsync(uri);
        if (key.Tags is null || !key.Tags.TryGetValue(AwsNames.ReplacesTag, out var oldId))
            return;
        var old = await _reader.FindAsync(key.Region, oldId);
        foreach (var alias in old is null ? [] : await _reader.AliasesAsync(key.Region, oldId))
        {
            // Of a key that this module did not make, only the module's own name moves: others may use the rest.
            if (!old!.BelongsTo(cluster) && alias != AwsNames.Alias(cluster, null))
                continue;
            if (
                await calls.Context.Log.ShouldProcessAsync(
                    key.Arn,
                    $"Move {alias} to the new key",
                    calls.Context.CancellationToken
                )
            )
                await Writer.MoveAliasAsync(key.Region, alias, key.Metadata.KeyId);
            else
                return;
        }

        await Writer.UntagAsync(key.Region, key.Metadata.KeyId, AwsNames.ReplacesTag);
    }

    private async Task<Dictionary<string, string>> MakeAsync(
        CrdbCluster cluster,
        List<(CmekRegionInfo Info, FoundKey Key)> members,
        FoundKey? made
    )
    {
        var first = members[0];
        var home = HomeOf(first.Key);
        var description = string.IsNullOrEmpty(first.Key.Metadata.Description)
            ? $"CMEK of CockroachDB Cloud cluster {cluster.Name} ({cluster.Id})"
            : first.Key.Metadata.Description;
        var shape = new KeyShape(first.Key.IsMultiRegion, description, TagsOf(cluster, first.Key));
        var metadata = made?.Metadata ?? await CreateAsync(cluster, home, PolicyOf(first), shape, first.Key.Metadata);
        await Writer.ConfirmPolicyAsync(home, metadata.KeyId, PolicyOf(first));
        await CopyRotationAsync(first.Key, home, metadata);
        if (!first.Key.IsMultiRegion)
            return members.ToDictionary(m => m.Info.Region, _ => metadata.Arn);

        var arns = await Task.WhenAll(
            members.Select(async m =>
            {
                if (m.Key.Region == home)
                    return (m.Info.Region, metadata.Arn);
                var replica = await _reader.DescribeAsync(m.Key.Region, metadata.KeyId)
                    ?? await Writer.ReplicateAsync(
                        home,
                        metadata.KeyId,
                        m.Key.Region,
                        PolicyOf(m),
                        new KeyShape(true, shape.Description, TagsOf(cluster, m.Key))
                    );
                await Writer.ConfirmPolicyAsync(m.Key.Region, replica.KeyId, PolicyOf(m));
                return (m.Info.Region, replica.Arn);
            })
        );
        return arns.ToDictionary(a => a.Region, a => a.Arn);
    }

    /// <summary>CreateKey has no token against doubling: after a lost answer the key is looked for by its tags before another is made.</summary>
    private async Task<KeyMetadata> CreateAsync(
        CrdbCluster cluster,
        string region,
        KeyPolicyDocument policy,
        KeyShape shape,
        KeyMetadata old
    )
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return await Writer.CreateAsync(region, policy, shape);
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                if (await _reader.FindReplacementAsync(region, cluster, old) is { } made)
                    return made.Metadata;
                if (round == 3)
                    throw;
            }
        }
    }

    private async Task CopyRotationAsync(FoundKey old, string region, KeyMetadata made)
    {
        var before = await StatusAsync(region, old.Metadata.KeyId);
        if (before.KeyRotationEnabled != true)
            return;
        var now = await StatusAsync(region, made.KeyId);
        if (now.KeyRotationEnabled != true || now.RotationPeriodInDays != before.RotationPeriodInDays)
            await Writer.EnableRotationAsync(region, made.KeyId, before.RotationPeriodInDays ?? 365);
    }

    private Task<GetKeyRotationStatusResponse> StatusAsync(string region, string keyId) =>
        calls.ReadAsync("KMS", "GetKeyRotationStatus", $"{region} {keyId}", c =>
            clients.Kms(region).GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = keyId }, c)
        );

    private async Task<bool> HasReplicasAsync(List<(CmekRegionInfo Info, FoundKey Key)> members, FoundKey made) =>
        !made.IsMultiRegion
        || (await Task.WhenAll(members.Select(m => _reader.DescribeAsync(m.Key.Region, made.Metadata.KeyId)))).All(r =>
            r is not null
        );

    private async Task<FoundKey> ReadAsync(string arn)
    {
        var region = arn.Split(':')[3];
        return await _reader.FindAsync(region, arn) ?? throw AwsErrors.KeyNotFound(arn, region);
    }

    private static IEnumerable<CmekException> Faults(FoundKey key, string role)
    {
        foreach (var fault in AwsKeyFaults.OfKey(key))
            yield return fault;
        foreach (var fault in AwsKeyFaults.OfGrant(key, role, mayGrant: true))
            yield return fault;
        if (key.Policy.StaleIds.Count > 0)
            yield return AwsErrors.PolicyNotCopyable(key.Arn, key.Policy.StaleIds);
    }

    private static CmekRegionSpec Spec(CmekRegionInfo region, string uri) =>
        new()
        {
            Region = region.Region,
            KeySpec = new CmekKeySpec
            {
                Type = region.Keys[0].KeyType,
                Uri = uri,
                AuthPrincipal = region.Keys[0].AuthPrincipal,
            },
        };

    private static bool IsUnfinished(FoundKey key) => key.Tags?.ContainsKey(AwsNames.ReplacesTag) ?? false;

    /// <summary>The region where the key is made: of a multi-region key that of its primary.</summary>
    private static string HomeOf(FoundKey key) =>
        key.Metadata.MultiRegionConfiguration?.PrimaryKey?.Region ?? key.Region;

    private static KeyPolicyDocument PolicyOf((CmekRegionInfo Info, FoundKey Key) member) =>
        member.Key.Policy.MissingFor(member.Info.Keys[0].AuthPrincipal).Count == 0
            ? member.Key.Policy
            : member.Key.Policy.WithGrant(member.Info.Keys[0].AuthPrincipal);

    private static IReadOnlyDictionary<string, string> TagsOf(CrdbCluster cluster, FoundKey old)
    {
        var tags = new Dictionary<string, string>();
        foreach (var tag in old.Tags ?? new Dictionary<string, string>())
            if (!tag.Key.StartsWith("aws:", StringComparison.Ordinal))
                tags[tag.Key] = tag.Value;
        tags[AwsNames.ReplacesTag] = old.Metadata.KeyId;
        return AwsNames.Tags(cluster, tags);
    }
}
