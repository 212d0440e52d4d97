using Amazon.Runtime;
using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Live checks of a region's key and role. Reads only; what may not be read is Unknown.</summary>
internal sealed class AwsKeyChecks(AwsClients clients, AwsCalls calls)
{
    private const string KeyPermissions =
        "Run it with credentials that may kms:DescribeKey, kms:GetKeyPolicy and kms:ListResourceTags";

    public async Task<IReadOnlyList<CmekCheck>> CheckAsync(KeyCheckRequest request)
    {
        var results = new CheckList(request.Cluster);
        var region = request.Spec.Region;
        if (request.IsPast)
        {
            await UnlessDeniedAsync(
                "PastKeyReadable",
                region,
                results,
                () => PastKeyAsync(request.Spec, results),
                KeyPermissions
            );
            return results.All;
        }

        await UnlessDeniedAsync("KeyReadable", region, results, () => KeyAsync(request.Spec, results), KeyPermissions);
        await UnlessDeniedAsync(
            "RoleReadable",
            region,
            results,
            () => RoleAsync(request, results),
            "Run it with credentials that may iam:GetRole"
        );
        if (request.TakenUpAt is { } takenUp)
            await UnlessDeniedAsync(
                "RotationsReadable",
                region,
                results,
                () => VersionAsync(request, takenUp, results),
                "Run it with credentials that may kms:ListKeyRotations"
            );
        return results.All;
    }

    /// <summary>A key of before must still be there for what was written with it.</summary>
    private async Task PastKeyAsync(CmekRegionSpec spec, CheckList results)
    {
        var home = HomeOf(spec);
        if (await new AwsKeyReader(clients, calls).FindAsync(home, spec.KeyUri) is not { } key)
            Report(results, spec.Region, Errors.KeyNotFound(spec.KeyUri, home));
        else if (AwsKeyFaults.OfKey(key).ToList() is { Count: > 0 } faults)
            foreach (var fault in faults)
                Report(results, spec.Region, fault);
        else
            results.Pass(
                "PastKeyUsable",
                spec.Region,
                $"{key.Arn}, which data and backups of its time still need, is enabled."
            );
    }

    private async Task VersionAsync(KeyCheckRequest request, DateTimeOffset takenUp, CheckList results)
    {
        DateTimeOffset newest;
        try
        {
            newest = await new AwsKeyRotation(clients, calls).NewestAsync(request.Spec.KeyUri);
        }
        catch (CmekException)
        {
            return; // that the key is not there has been said
        }

        if (newest > takenUp)
            results.Warn(
                "VersionNotTakenUp",
                request.Spec.Region,
                $"{request.Spec.KeyUri} was rotated on {newest:u}, and the cluster uses the version before: CockroachDB does not follow by itself.",
                $"Get-CrdbCluster {request.Cluster.Name} | Invoke-CrdbCmekRotation -Wait"
            );
        else
            results.Pass(
                "VersionTakenUp",
                request.Spec.Region,
                $"The cluster uses the newest version of {request.Spec.KeyUri}."
            );
    }

    private async Task KeyAsync(CmekRegionSpec spec, CheckList results)
    {
        var home = HomeOf(spec);
        if (await new AwsKeyReader(clients, calls).FindAsync(home, spec.KeyUri) is not { } key)
        {
            Report(results, spec.Region, Errors.KeyNotFound(spec.KeyUri, home));
            return;
        }

        CmekException[] faults =
        [
            .. AwsKeyFaults.OfKey(key),
            .. AwsKeyFaults.OfGrant(key, spec.AuthPrincipal, mayGrant: false),
        ];
        foreach (var fault in faults)
            Report(results, spec.Region, fault);
        if (faults.Length == 0)
            results.Pass(
                "KeyUsable",
                spec.Region,
                $"{key.Arn} is symmetric and enabled, and its policy grants the role what CMEK needs."
            );
        if (key.IsMultiRegion && key.Region != spec.Region)
            results.Warn(
                "ReplicaMissing",
                spec.Region,
                $"{key.Arn} is a multi-region key of {key.Region}; the nodes in {spec.Region} depend on two regions.",
                $"aws kms replicate-key --region {key.Region} --key-id {key.Metadata.KeyId} --replica-region {spec.Region}"
            );
        if (key.Policy.WiderThanNeeded(spec.AuthPrincipal) is { Count: > 0 } wider)
            results.Warn(
                "KeyPolicyWide",
                spec.Region,
                $"The policy of {key.Arn} allows the role more than CMEK needs: {string.Join(", ", wider)}.",
                "Take these actions out of the key policy"
            );
        if (key.Policy.StaleIds is { Count: > 0 } stale)
            results.Warn(
                "KeyPolicyStale",
                spec.Region,
                $"The policy of {key.Arn} names principals that were deleted: {string.Join(", ", stale)}.",
                "New-CrdbCmekKey -KeyUri <key> -Grant"
            );
    }

    private async Task RoleAsync(KeyCheckRequest request, CheckList results)
    {
        var (cluster, spec) = (request.Cluster, request.Spec);
        if (request.OrganizationId is not { } organizationId)
        {
            results.Unknown(
                "RoleTrust",
                spec.Region,
                $"Whether {spec.AuthPrincipal} asks for the right external id is not known: the API key may not read the organization.",
                "Connect-CrdbCloud -OrganizationId <id from https://cockroachlabs.cloud/settings>"
            );
            return;
        }

        var problems = await new AwsRoles(clients, calls).TrustProblemsAsync(
            cluster,
            RoleArn.Parse(spec.AuthPrincipal),
            organizationId
        );
        if (problems.Count == 0)
            results.Pass(
                "RoleTrust",
                spec.Region,
                $"{spec.AuthPrincipal} trusts account {cluster.AccountId} with the organization's external id, and nobody else."
            );
        else
            Report(results, spec.Region, Errors.RoleDiffers(spec.AuthPrincipal, cluster.Name, problems));
    }

    private static string HomeOf(CmekRegionSpec spec) =>
        spec.KeyUri.Split(':') is { Length: >= 6 } parts ? parts[3] : spec.Region;

    private static async Task UnlessDeniedAsync(
        string check,
        string region,
        CheckList results,
        Func<Task> read,
        string remedy
    )
    {
        try
        {
            await read();
        }
        catch (AmazonServiceException fault) when (fault.ErrorCode is "AccessDenied" or "AccessDeniedException")
        {
            results.Unknown(check, region, fault.Message, remedy);
        }
    }

    private static void Report(CheckList results, string region, CmekException fault) =>
        results.Fail(fault.ErrorId, region, fault.Message, fault.RecommendedAction);
}
