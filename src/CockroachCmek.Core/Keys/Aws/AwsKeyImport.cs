using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Uses keys that exist already: checks all of them first, and adds a missing grant only on request.</summary>
internal sealed class AwsKeyImport(AwsRun run, KeyRequest request, RoleArn role)
{
    private readonly Dictionary<AwsKeyArn, KeyAccessReading> _readings = [];

    private readonly AwsKeyOptions _options = AwsKeyOptions.From(request.Options);

    /// <summary>The keys, one for each region.</summary>
    public async Task<IReadOnlyList<CmekKey>> ImportAsync()
    {
        var keys = await FindAllAsync();
        await new AwsRoleGrant(run, request.Cluster, role).PrepareAsync(
            keys.Select(k => k.Key.Arn.AccountId),
            request.IsRolePlanned
        );
        foreach (var key in keys.Where(k => k.Key.Region != k.Region))
            run.Warn(
                $"The key for {key.Region} is in {key.Key.Region}. It works, but the nodes in {key.Region} "
                    + "depend on both regions."
            );

        // Several regions may share a key: it is granted once.
        var distinct = keys.Select(k => k.Key).GroupBy(k => k.Arn).Select(g => g.First()).ToList();
        await ThrowIfLockedOutAsync(distinct);
        var outcomes = new Dictionary<AwsKeyArn, CmekOutcome>();
        foreach (var key in distinct)
            outcomes[key.Arn] = await GrantAsync(key);
        if (request.Grant)
            await new AwsRoleGrant(run, request.Cluster, role).EnsureAsync(
                distinct.Select(k => k.Arn).Where(k => _readings[k].Verdict != CmekAccessVerdict.Granted)
            );
        var origins = new Dictionary<AwsKeyArn, KeyOrigin>();
        foreach (var key in distinct)
            origins[key.Arn] = await new AwsKeyOrigins(run).ReadAsync(key.Metadata);
        return
        [
            .. keys.Select(k =>
                AwsCmekKey.Of(request, k.Region, k.Uri, k.Key.Metadata, outcomes[k.Key.Arn]) with
                {
                    Origin = origins[k.Key.Arn].Kind,
                    ExpiresAt = origins[k.Key.Arn].ExpiresAt,
                }
            ),
        ];
    }

    /// <summary>The key of each region; throws for all problems at once.</summary>
    private async Task<IReadOnlyList<ImportedKey>> FindAllAsync()
    {
        var found = await Task.WhenAll(
            request.Regions.Select(async region =>
            {
                var uri = UriFor(region);
                return (Region: region, Uri: uri, Key: await FindAsync(region, uri));
            })
        );
        var problems = new List<CmekException>();
        foreach (var (region, uri, key) in found)
            if (key is null)
                problems.Add(AwsErrors.KeyNotFound(uri, region));
            else
                problems.AddRange((await GrantProblemsAsync(key)).Concat(StaleProblems(key)));
        Errors.ThrowCombined(request.Cluster.Name, problems);
        return [.. found.Select(f => new ImportedKey(f.Region, f.Uri, f.Key!))];
    }

    /// <summary>What keeps the role from the key; what is not known for sure is a warning.</summary>
    private async Task<IEnumerable<CmekException>> GrantProblemsAsync(FoundKey key)
    {
        var reading = await new AwsKeyAccessReader(run).ReadAsync(key, role.Text);
        _readings[key.Arn] = reading;
        return AwsKeyProblems
            .KeyProblems(key.Metadata)
            .Concat(AwsKeyProblems.GrantProblems(reading, request.Grant ? MissingGrant.Add : MissingGrant.Refuse));
    }

    /// <summary>One warning for a key whose grant could not be judged.</summary>
    private void WarnIfUncertain(FoundKey key)
    {
        var access = _readings[key.Arn].ToAccess();
        if (access.Uncertainty() is { } doubt)
            run.Warn(
                access.Unread.Count > 0
                    ? $"{doubt} Check: {access.Unread[0].Command}"
                    : $"{doubt} Check: {AwsCommands.GetKeyPolicy(access.Key, key.Region)}   (shows the conditions)"
            );
    }

    /// <summary>The given key for a region: the ARN of that region, or else the only key.</summary>
    private string UriFor(string region) =>
        request.KeyUris.FirstOrDefault(uri => AwsKeyArn.TryParse(uri)?.Region == region)
        ?? (request.KeyUris.Count == 1 ? request.KeyUris[0] : throw Errors.KeyUriMissing(request.Cluster.Name, region));

    /// <summary>
    /// Looks in the region itself first: an alias or an id means the key there, and a multi-region key may have a
    /// replica there. Only an ARN leads to another region.
    /// </summary>
    private async Task<FoundKey?> FindAsync(string region, string uri)
    {
        if (AwsKeyArn.TryParse(uri) is not { } arn || arn.Region == region)
            return await run.Keys.FindAsync(region, uri);
        if (arn.IsMultiRegion && await run.Keys.FindAsync(region, arn.KeyId) is { } replica)
            return replica;
        return await run.Keys.FindAsync(arn);
    }

    /// <summary>
    /// KMS refuses a policy that the caller could not change again. Its message says less than ours, and would come
    /// after the first key was changed.
    /// </summary>
    private async Task ThrowIfLockedOutAsync(IEnumerable<FoundKey> keys)
    {
        var changed = keys.Where(IsToChange).ToList();
        if (changed.Count == 0)
            return;
        var caller = await run.GetKeyCallerAsync(request.Regions[0]);
        Errors.ThrowCombined(
            request.Cluster.Name,
            [
                .. changed
                    .Where(k => !k.Policy.LetsChange(caller.Account, caller.Arn))
                    .Select(k => AwsErrors.PolicyWouldLockOut(k.Metadata.Arn, caller.Arn)),
            ]
        );
    }

    /// <summary>A policy without what is to be removed from it.</summary>
    private KeyPolicyDocument Change(KeyPolicyDocument policy)
    {
        if (_options.RemoveStalePrincipal)
            policy = policy.WithoutStalePrincipals();
        return policy;
    }

    /// <summary>The policy of a key as it is to be.</summary>
    private KeyPolicyDocument Change(FoundKey key, KeyPolicyDocument policy) =>
        IsToGrant(key) ? Change(policy).EnsureGrant(role.Text, key.Metadata.Arn) : Change(policy);

    private bool IsToGrant(FoundKey key) => request.Grant && !_readings[key.Arn].IsSettled;

    private bool IsToChange(FoundKey key) => !Change(key, key.Policy).IsEquivalentTo(key.Policy);

    /// <summary>AWS refuses to write a policy that names deleted principals, whatever is changed about it.</summary>
    private IEnumerable<CmekException> StaleProblems(FoundKey key)
    {
        if (IsToChange(key) && Change(key, key.Policy).StalePrincipals is { Count: > 0 } stale)
            yield return AwsErrors.KeyPolicyStale(key.Metadata.Arn, stale, role.Text, request.Cluster.Name);
    }

    private async Task<CmekOutcome> GrantAsync(FoundKey key)
    {
        if (!IsToGrant(key))
            WarnIfUncertain(key);
        if (!IsToChange(key))
            return CmekOutcome.Existing;
        if (!await run.ConfirmAsync(key.Metadata.Arn, ActionFor(key)))
            return CmekOutcome.Planned;
        await run.Writer.ChangePolicyAsync(key.Region, key.KeyId, policy => Change(key, policy), planned: key.Policy);
        return CmekOutcome.Updated;
    }

    private string ActionFor(FoundKey key)
    {
        var parts = new List<string>();
        if (IsToGrant(key))
            parts.Add(
                $"Add a statement to the key policy that grants {string.Join(", ", KeyPolicyDocument.UseActions)} "
                    + $"to {role}"
            );
        var removed = key.Policy.StalePrincipals.Where(p => p.IsRemovable).ToList();
        if (_options.RemoveStalePrincipal && removed.Count > 0)
            parts.Add($"Remove deleted principals from the key policy: {string.Join(", ", removed)}");
        return string.Join("; ", parts);
    }

    /// <param name="Region">The region that uses the key.</param>
    /// <param name="Uri">How the key was given.</param>
    /// <param name="Key">The key, which may be in another region.</param>
    private sealed record ImportedKey(string Region, string Uri, FoundKey Key);
}
