using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Keys for the regions of a cluster: look at all regions, find all that is wrong, ask, and only then write, side by side. What is there is
/// found by alias, or by tag where a run ended before the alias was made.
/// </summary>
internal sealed class AwsKeys(AwsClients clients, AwsCalls calls)
{
    private readonly AwsKeyReader _reader = new(clients, calls);

    public async Task<IReadOnlyList<CmekKey>> EnsureAsync(KeyRequest request)
    {
        var role = RoleArn.Parse(request.AuthPrincipal);
        foreach (var region in request.Regions)
            if (!request.Cluster.Regions.Any(r => r.Name == region))
                throw Errors.RegionUnknown(request.Cluster.Name, region, request.Cluster.Regions.Select(r => r.Name));
        if (request.KeyUris.Count > 0)
            return await new AwsKeyAdoption(clients, calls, _reader).AdoptAsync(request, role);
        return request.Like is { } like
            ? await ExtendAsync(request, role, like)
            : await MakeAsync(request, role, policy: null);
    }

    /// <summary>Regions that join: a multi-region key gets a replica in each; any other is made anew there, under the same alias and with the same policy.</summary>
    private async Task<IReadOnlyList<CmekKey>> ExtendAsync(KeyRequest request, RoleArn role, CmekRegionSpec like)
    {
        var home = like.KeyUri.Split(':')[3];
        var key = await _reader.FindAsync(home, like.KeyUri) ?? throw AwsErrors.KeyNotFound(like.KeyUri, home);
        Errors.ThrowCombined(
            request.Cluster.Name,
            [.. AwsKeyFaults.OfKey(key), .. AwsKeyFaults.OfGrant(key, role.Text, mayGrant: true)]
        );
        var aliases = await _reader.AliasesAsync(home, key.Metadata.KeyId);
        var shaped = request with
        {
            Name = aliases.Count > 0 ? aliases[0].Substring("alias/".Length) : request.Name,
            Options = request.Options.With("MultiRegion", key.IsMultiRegion),
            Tags = OwnTags(request, key),
        };
        var policy = key.Policy.MissingFor(role.Text).Count == 0 ? key.Policy : key.Policy.WithGrant(role.Text);
        return await MakeAsync(shaped, role, policy, key);
    }

    private static IReadOnlyDictionary<string, string> OwnTags(KeyRequest request, FoundKey key)
    {
        var tags = (key.Tags ?? new Dictionary<string, string>())
            .Where(t => !t.Key.StartsWith("aws:", StringComparison.Ordinal) && t.Key != AwsNames.ReplacesTag)
            .ToDictionary(t => t.Key, t => t.Value);
        foreach (var tag in request.Tags)
            tags[tag.Key] = tag.Value;
        return tags;
    }

    /// <param name="policy">The policy of new keys; null for the module's own.</param>
    /// <param name="like">A key that is in force elsewhere: of a multi-region key, the one to replicate.</param>
    private async Task<IReadOnlyList<CmekKey>> MakeAsync(
        KeyRequest request,
        RoleArn role,
        KeyPolicyDocument? policy,
        FoundKey? like = null
    )
    {
        var alias = AwsNames.Alias(request.Cluster, request.Name);
        var found = await Task.WhenAll(request.Regions.Select(region => LookAsync(request, region, alias, like)));
        var caller = await calls.ReadAsync("STS", "GetCallerIdentity", "", c =>
            clients
                .Sts(request.Regions[0])
                .GetCallerIdentityAsync(new Amazon.SecurityToken.Model.GetCallerIdentityRequest(), c)
        );
        ThrowIfUnfit(request, role, alias, found);
        if (caller.Account != role.AccountId)
            calls.Context.Log.Warning(
                $"The credentials are of account {caller.Account}, the role is in {role.AccountId}: the role will need a policy of its own to use keys of another account."
            );

        var partition = AwsPartition.OfRegion(request.Regions[0]);
        policy ??= KeyPolicyDocument.Create(
            partition,
            caller.Account,
            role.Text,
            AwsKeyOptions.From(request.Options).Administrators
        );
        var plan = new List<(string Region, FoundKey? Found, bool Write)>();
        for (var i = 0; i < found.Length; i++)
            plan.Add(
                (
                    request.Regions[i],
                    found[i],
                    await AskAsync(
                        request,
                        role,
                        alias,
                        request.Regions[i],
                        found[i],
                        isReplica: like is not null || i > 0
                    )
                )
            );

        var writer = new AwsKeyWriter(clients, calls, _reader);
        if (!AwsKeyOptions.From(request.Options).MultiRegion)
            return await Task.WhenAll(
                plan.Select(p =>
                    p.Write
                        ? WriteAsync(writer, request, role, alias, policy, p.Region, p.Found, primary: null)
                        : Task.FromResult(Settled(request, alias, caller.Account, p.Region, p.Found))
                )
            );

        // The replicas need the primary; after it, they go side by side.
        var primaryAt = plan.FindIndex(p => p.Found is { IsPrimary: true });
        var primaryElsewhere = plan.Select(p => p.Found)
            .Append(like)
            .FirstOrDefault(k => k?.Metadata.MultiRegionConfiguration?.PrimaryKey is not null);
        var results = new CmekKey[plan.Count];
        (string Region, string KeyId)? primary = null;
        if (primaryAt < 0 && primaryElsewhere is not null)
            primary = (
                primaryElsewhere.Metadata.MultiRegionConfiguration.PrimaryKey.Region,
                primaryElsewhere.Metadata.KeyId
            );
        else
        {
            primaryAt = Math.Max(primaryAt, 0);
            var first = plan[primaryAt];
            results[primaryAt] = first.Write
                ? await WriteAsync(writer, request, role, alias, policy, first.Region, first.Found, primary: null)
                : Settled(request, alias, caller.Account, first.Region, first.Found);
            if (!results[primaryAt].IsPlanned)
                primary = (first.Region, results[primaryAt].KeyUri.Split('/').Last());
        }

        await Task.WhenAll(
            plan.Select(
                async (p, i) =>
                {
                    if (i == primaryAt)
                        return;
                    results[i] =
                        p.Write && (primary is not null || p.Found is not null)
                            ? await WriteAsync(writer, request, role, alias, policy, p.Region, p.Found, primary)
                            : Settled(request, alias, caller.Account, p.Region, p.Found);
                }
            )
        );
        return results;
    }

    private async Task<FoundKey?> LookAsync(KeyRequest request, string region, string alias, FoundKey? like)
    {
        var named = await _reader.FindAsync(region, alias);
        if (like is not { IsMultiRegion: true })
            return named
                ?? await _reader.FindOrphanAsync(
                    region,
                    request.Cluster,
                    AwsKeyOptions.From(request.Options).MultiRegion
                );
        if (named is not null && named.Metadata.KeyId != like.Metadata.KeyId)
            throw AwsErrors.AliasTaken(alias, region, named.Arn);
        return named
            ?? (
                await _reader.FindAsync(region, like.Metadata.KeyId) is { } replica
                    ? replica with
                    {
                        HasAlias = false,
                    }
                    : null
            );
    }

    private static void ThrowIfUnfit(KeyRequest request, RoleArn role, string alias, IEnumerable<FoundKey?> found)
    {
        var faults = new List<CmekException>();
        foreach (var key in found)
        {
            if (key is null)
                continue;
            var ours = key.BelongsTo(request.Cluster);
            // A key that is not ours under our alias may still be right: somebody made it by the page, and granted the role.
            if (!ours && key.Policy.MissingFor(role.Text).Count > 0)
            {
                faults.Add(AwsErrors.AliasTaken(alias, key.Region, key.Arn));
                continue;
            }

            if (key.IsMultiRegion != AwsKeyOptions.From(request.Options).MultiRegion)
                faults.Add(AwsErrors.KeyDiffers(key.Arn, AwsKeyOptions.From(request.Options).MultiRegion));
            faults.AddRange(AwsKeyFaults.OfKey(key));
            faults.AddRange(AwsKeyFaults.OfGrant(key, role.Text, mayGrant: ours));
        }

        Errors.ThrowCombined(request.Cluster.Name, faults);
    }

    /// <summary>True when something is to be written for a region, and may be.</summary>
    private async Task<bool> AskAsync(
        KeyRequest request,
        RoleArn role,
        string alias,
        string region,
        FoundKey? found,
        bool isReplica
    )
    {
        var action = found switch
        {
            null when AwsKeyOptions.From(request.Options).MultiRegion && isReplica =>
                $"Create replica of the multi-region key, {alias}, granted to {role.Text}",
            null when AwsKeyOptions.From(request.Options).MultiRegion =>
                $"Create multi-region KMS key {alias}, granted to {role.Text}",
            null => $"Create KMS key {alias}, granted to {role.Text}",
            _ when found.Policy.MissingFor(role.Text).Count > 0 => $"Grant {found.Arn} to {role.Text}",
            _ when await NeedsRotationAsync(request, found) =>
                $"Let AWS rotate {found.Arn} every {request.RotationPeriodInDays} days",
            _ when !found.HasAlias => $"Create {alias} for {found.Arn}",
            _ => null,
        };
        return action is not null
            && await calls.Context.Log.ShouldProcessAsync($"KMS in {region}", action, calls.Context.CancellationToken);
    }

    private async Task<bool> NeedsRotationAsync(KeyRequest request, FoundKey found) =>
        request.RotationPeriodInDays is { } days
        && (!found.IsMultiRegion || found.IsPrimary)
        && await RotationAsync(found) != days;

    private async Task<int?> RotationAsync(FoundKey found)
    {
        var status = await calls.ReadAsync("KMS", "GetKeyRotationStatus", found.Arn, c =>
            clients
                .Kms(found.Region)
                .GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = found.Metadata.KeyId }, c)
        );
        return status.KeyRotationEnabled == true ? status.RotationPeriodInDays ?? 365 : null;
    }

    private async Task<CmekKey> WriteAsync(
        AwsKeyWriter writer,
        KeyRequest request,
        RoleArn role,
        string alias,
        KeyPolicyDocument policy,
        string region,
        FoundKey? found,
        (string Region, string KeyId)? primary
    )
    {
        var metadata = found?.Metadata;
        var outcome = found is null ? CmekOutcome.Created : CmekOutcome.Updated;
        if (metadata is null)
        {
            metadata = primary is { } from
                ? await writer.ReplicateAsync(from.Region, from.KeyId, region, policy, KeyShape.Of(request))
                : await CreateAsync(writer, request, region, alias, policy);
            await Task.WhenAll(
                writer.ConfirmPolicyAsync(region, metadata.KeyId, policy),
                writer.AliasAsync(region, alias, metadata.KeyId)
            );
        }
        else
        {
            if (found!.Policy.MissingFor(role.Text).Count > 0)
                await writer.PutPolicyAsync(region, metadata.KeyId, found.Policy.WithGrant(role.Text));
            if (!found.HasAlias)
                await writer.AliasAsync(region, alias, metadata.KeyId);
        }

        if (request.RotationPeriodInDays is { } days && primary is null)
            await writer.EnableRotationAsync(region, metadata.KeyId, days);
        return Key(request, region, alias, metadata, outcome);
    }

    /// <summary>CreateKey has no token against doubling: after a lost answer the key is looked for by its tags before another is made.</summary>
    private async Task<KeyMetadata> CreateAsync(
        AwsKeyWriter writer,
        KeyRequest request,
        string region,
        string alias,
        KeyPolicyDocument policy
    )
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return await writer.CreateAsync(region, policy, KeyShape.Of(request));
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                calls.Context.Log.Verbose(
                    $"The answer to CreateKey in {region} was lost; looking whether it happened."
                );
                if (await LookAsync(request, region, alias, like: null) is { } made)
                    return made.Metadata;
                if (round == 3)
                    throw;
            }
        }
    }

    /// <summary>A region for which nothing was written: it is as it should be, or it is only planned.</summary>
    private static CmekKey Settled(
        KeyRequest request,
        string alias,
        string accountId,
        string region,
        FoundKey? found
    ) =>
        found is not null
            ? Key(request, region, alias, found.Metadata, CmekOutcome.Existing)
            : Key(
                request,
                region,
                alias,
                new KeyMetadata
                {
                    Arn = $"arn:{AwsPartition.OfRegion(region).Name}:kms:{region}:{accountId}:{alias}",
                    MultiRegion = AwsKeyOptions.From(request.Options).MultiRegion,
                },
                CmekOutcome.Planned
            );

    internal static CmekKey Key(
        KeyRequest request,
        string region,
        string alias,
        KeyMetadata metadata,
        CmekOutcome outcome
    ) =>
        new()
        {
            Cluster = request.Cluster,
            Region = region,
            KeyType = "AWS_KMS",
            KeyUri = metadata.Arn,
            AuthPrincipal = request.AuthPrincipal,
            Name = alias,
            Location = metadata.Arn.Split(':')[3],
            IsMultiRegion = metadata.MultiRegion ?? false,
            IsPrimary = metadata.MultiRegionConfiguration?.MultiRegionKeyType == MultiRegionKeyType.PRIMARY,
            State = metadata.KeyState?.Value ?? "",
            RotationPeriodInDays = request.RotationPeriodInDays,
            Outcome = outcome,
        };
}
