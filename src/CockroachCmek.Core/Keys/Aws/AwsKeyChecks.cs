using Amazon.Runtime;
using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Live checks of a region's key and role. Reads only; what may not be read is Unknown.</summary>
internal sealed class AwsKeyChecks(AwsClients clients, AwsCalls calls)
{
    public async Task<IReadOnlyList<CmekCheck>> CheckAsync(CrdbCluster cluster, string organizationId, CmekRegionSpec spec)
    {
        var results = new CheckList(cluster);
        await UnlessDeniedAsync("KeyReadable", spec.Region, results, () => KeyAsync(spec, results));
        await UnlessDeniedAsync("RoleReadable", spec.Region, results, () => RoleAsync(cluster, organizationId, spec, results));
        return results.All;
    }

    private async Task KeyAsync(CmekRegionSpec spec, CheckList results)
    {
        var home = spec.KeyUri.Split(':') is { Length: >= 6 } parts ? parts[3] : spec.Region;
        if (await new AwsKeyReader(clients, calls).FindAsync(home, spec.KeyUri) is not { } key)
        {
            Report(results, spec.Region, Errors.KeyNotFound(spec.KeyUri, home));
            return;
        }

        CmekException[] faults = [.. AwsKeyFaults.OfKey(key), .. AwsKeyFaults.OfGrant(key, spec.AuthPrincipal, mayGrant: false)];
        foreach (var fault in faults) Report(results, spec.Region, fault);
        if (faults.Length == 0) results.Pass("KeyUsable", spec.Region, $"{key.Arn} is symmetric and enabled, and its policy grants the role what CMEK needs.");
        if (key.Policy.WiderThanNeeded(spec.AuthPrincipal) is { Count: > 0 } wider)
            results.Warn("KeyPolicyWide", spec.Region, $"The policy of {key.Arn} allows the role more than CMEK needs: {string.Join(", ", wider)}.", "Take these actions out of the key policy");
        if (key.Policy.StaleIds is { Count: > 0 } stale)
            results.Warn("KeyPolicyStale", spec.Region, $"The policy of {key.Arn} names principals that were deleted: {string.Join(", ", stale)}.", "New-CrdbCmekKey -KeyUri <key> -Grant");
    }

    private async Task RoleAsync(CrdbCluster cluster, string organizationId, CmekRegionSpec spec, CheckList results)
    {
        var problems = await new AwsRoles(clients, calls).TrustProblemsAsync(cluster, RoleArn.Parse(spec.AuthPrincipal), organizationId);
        if (problems.Count == 0) results.Pass("RoleTrust", spec.Region, $"{spec.AuthPrincipal} trusts account {cluster.AccountId} with the organization's external id, and nobody else.");
        else Report(results, spec.Region, Errors.RoleDiffers(spec.AuthPrincipal, cluster.Name, problems));
    }

    private static async Task UnlessDeniedAsync(string check, string region, CheckList results, Func<Task> read)
    {
        try
        {
            await read();
        }
        catch (AmazonServiceException fault) when (fault.ErrorCode is "AccessDenied" or "AccessDeniedException")
        {
            results.Unknown(check, region, fault.Message, "Run it with credentials that may kms:DescribeKey, kms:GetKeyPolicy, kms:ListResourceTags and iam:GetRole");
        }
    }

    private static void Report(CheckList results, string region, CmekException fault) => results.Fail(fault.ErrorId, region, fault.Message, fault.RecommendedAction);
}
