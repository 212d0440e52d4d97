using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Takes keys that exist: checks all of them first, and adds a missing grant only when told to.</summary>
internal sealed class AwsKeyAdoption(AwsClients clients, AwsCalls calls, AwsKeyReader reader)
{
    private static readonly Regex Arn = new(
        @"^arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]+):\d{12}:(?<rest>(key|alias)/.+)$",
        RegexOptions.CultureInvariant
    );

    public async Task<IReadOnlyList<CmekKey>> AdoptAsync(KeyRequest request, RoleArn role)
    {
        var found = await Task.WhenAll(request.Regions.Select(region => FindAsync(region, Choose(request, region))));
        var faults = new List<CmekException>();
        for (var i = 0; i < found.Length; i++)
        {
            if (found[i] is not { } key)
                faults.Add(AwsErrors.KeyNotFound(Choose(request, request.Regions[i]), request.Regions[i]));
            else
                faults.AddRange([.. AwsKeyFaults.OfKey(key), .. AwsKeyFaults.OfGrant(key, role.Text, request.Grant)]);
        }

        Errors.ThrowCombined(request.Cluster.Name, faults);
        foreach (var account in found.Select(k => k!.Arn.Split(':')[4]).Distinct().Where(a => a != role.AccountId))
            calls.Context.Log.Warning(
                $"A key is in account {account}, the role in {role.AccountId}: the role needs a policy of its own too, that lets it use the key."
            );
        foreach (var (key, region) in found.Select((k, i) => (k!, request.Regions[i])))
            if (key.Region != region)
                calls.Context.Log.Warning(
                    $"The key for {region} lives in {key.Region}: it works, but the region's nodes depend on both."
                );

        // One key may serve several regions: it is granted once.
        await ThrowIfLockedOutAsync(request, role, [.. found.Select(k => k!)]);
        var granted = new Dictionary<string, CmekOutcome>();
        foreach (var key in found.Select(k => k!).GroupBy(k => k.Arn).Select(g => g.First()))
            granted[key.Arn] = await GrantAsync(key, role);
        return
        [
            .. found.Select(
                (k, i) =>
                    AwsKeys.Key(
                        request,
                        request.Regions[i],
                        Choose(request, request.Regions[i]),
                        k!.Metadata,
                        granted[k.Arn]
                    )
            ),
        ];
    }

    /// <summary>KMS refuses a policy after which the caller could not change it again; its sentence says less than ours, and comes after the first key was changed.</summary>
    private async Task ThrowIfLockedOutAsync(KeyRequest request, RoleArn role, IReadOnlyList<FoundKey> keys)
    {
        var changed = keys.Where(k => k.Policy.MissingFor(role.Text).Count > 0)
            .GroupBy(k => k.Arn)
            .Select(g => g.First())
            .ToList();
        if (changed.Count == 0)
            return;
        var caller = await calls.ReadAsync("STS", "GetCallerIdentity", "", c =>
            clients
                .Sts(request.Regions[0])
                .GetCallerIdentityAsync(new Amazon.SecurityToken.Model.GetCallerIdentityRequest(), c)
        );
        Errors.ThrowCombined(
            request.Cluster.Name,
            [
                .. changed
                    .Where(k => !k.Policy.LetsChange(caller.Account, caller.Arn))
                    .Select(k => AwsErrors.PolicyWouldLockOut(k.Arn, caller.Arn)),
            ]
        );
    }

    private async Task<CmekOutcome> GrantAsync(FoundKey key, RoleArn role)
    {
        var missing = key.Policy.MissingFor(role.Text);
        if (missing.Count == 0)
            return CmekOutcome.Existing;
        if (
            !await calls.Context.Log.ShouldProcessAsync(
                key.Arn,
                $"Add a statement to the key policy that grants {string.Join(", ", missing)} to {role.Text}",
                calls.Context.CancellationToken
            )
        )
            return CmekOutcome.Planned;
        await new AwsKeyWriter(clients, calls, reader).PutPolicyAsync(
            key.Region,
            key.Metadata.KeyId,
            key.Policy.WithGrant(role.Text)
        );
        return CmekOutcome.Updated;
    }

    /// <summary>The key for a region: the one ARN of that region, or the only one there is.</summary>
    private static string Choose(KeyRequest request, string region) =>
        request.KeyUris.FirstOrDefault(uri =>
            Arn.Match(uri) is { Success: true } match && match.Groups["region"].Value == region
        )
        ?? (request.KeyUris.Count == 1 ? request.KeyUris[0] : throw Errors.KeyUriMissing(request.Cluster.Name, region));

    /// <summary>In the region itself where it can be: a multi-region key's replica, an alias. An ARN of another region, where there is no replica, is taken there.</summary>
    private async Task<FoundKey?> FindAsync(string region, string uri)
    {
        if (Arn.Match(uri) is not { Success: true } match)
            return await reader.FindAsync(region, uri);
        var home = match.Groups["region"].Value;
        if (home == region)
            return await reader.FindAsync(region, uri);
        var id = match.Groups["rest"].Value;
        if (
            id.StartsWith("key/mrk-", StringComparison.Ordinal)
            && await reader.FindAsync(region, id.Substring(4)) is { } replica
        )
            return replica;
        return await reader.FindAsync(home, uri);
    }
}
