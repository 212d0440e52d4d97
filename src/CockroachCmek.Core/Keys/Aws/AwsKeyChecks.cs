using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Live checks of a region's key and role. Reads only; what may not be read is Unknown.</summary>
internal sealed class AwsKeyChecks(AwsClients clients, AwsCalls calls)
{
    public async Task<IReadOnlyList<CmekCheck>> CheckAsync(KeyCheckRequest request)
    {
        var results = new KeyChecks(request.Cluster, request.Spec.Region, e =>
            AwsCalls.Translate(e, request.Spec.KeyUri)
        );
        if (request.IsPast)
        {
            await results.RunAsync(CmekCheckName.PastKeyUsable, () => PastKeyAsync(request.Spec, results));
            return results.All;
        }

        await results.RunAsync(CmekCheckName.KeyUsable, () => KeyAsync(request.Spec, results));
        await results.RunAsync(CmekCheckName.RoleTrust, () => RoleAsync(request, results));
        if (request.TakenUpAt is { } takenUp)
            await results.RunAsync(CmekCheckName.VersionInUse, () => VersionAsync(request, takenUp, results));
        return results.All;
    }

    /// <summary>A key of before must still be there for what was written with it.</summary>
    private async Task PastKeyAsync(CmekRegionSpec spec, KeyChecks results)
    {
        var home = HomeOf(spec);
        var key = await new AwsKeyReader(clients, calls).FindAsync(home, spec.KeyUri)
            ?? throw AwsErrors.KeyNotFound(spec.KeyUri, home);
        if (results.FailAll(CmekCheckName.PastKeyUsable, [.. AwsKeyFaults.OfKey(key)]))
            results.Pass(
                CmekCheckName.PastKeyUsable,
                $"{key.Arn}, which data and backups of its time still need, is enabled."
            );
    }

    private async Task VersionAsync(KeyCheckRequest request, DateTimeOffset takenUp, KeyChecks results)
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
                CmekCheckName.VersionInUse,
                "VersionNotTakenUp",
                $"{request.Spec.KeyUri} was rotated on {newest:u}, and the cluster uses the version before: CockroachDB does not follow by itself.",
                $"Get-CrdbCluster {request.Cluster.Name} | Invoke-CrdbCmekRotation -Wait"
            );
        else
            results.Pass(CmekCheckName.VersionInUse, $"The cluster uses the newest version of {request.Spec.KeyUri}.");
    }

    private async Task KeyAsync(CmekRegionSpec spec, KeyChecks results)
    {
        var home = HomeOf(spec);
        var key = await new AwsKeyReader(clients, calls).FindAsync(home, spec.KeyUri)
            ?? throw AwsErrors.KeyNotFound(spec.KeyUri, home);

        if (results.FailAll(CmekCheckName.KeyUsable, [.. AwsKeyFaults.OfKey(key)]))
            results.Pass(CmekCheckName.KeyUsable, $"{key.Arn} is symmetric and enabled.");
        if (
            results.FailAll(
                CmekCheckName.KeyGranted,
                [.. AwsKeyFaults.OfGrant(key, spec.AuthPrincipal, mayGrant: false)]
            )
        )
            results.Pass(CmekCheckName.KeyGranted, $"The policy of {key.Arn} grants the role what CMEK needs.");
        if (key.IsMultiRegion && key.Region != spec.Region)
            results.Warn(
                CmekCheckName.KeyReplica,
                "ReplicaMissing",
                $"{key.Arn} is a multi-region key of {key.Region}; the nodes in {spec.Region} depend on two regions.",
                $"aws kms replicate-key --region {key.Region} --key-id {key.Metadata.KeyId} --replica-region {spec.Region}"
            );
        if (key.Policy.WiderThanNeeded(spec.AuthPrincipal) is { Count: > 0 } wider)
            results.Warn(
                CmekCheckName.KeyPolicyNarrow,
                "KeyPolicyWide",
                $"The policy of {key.Arn} allows the role more than CMEK needs: {string.Join(", ", wider)}.",
                "Take these actions out of the key policy"
            );
        if (key.Policy.StaleIds is { Count: > 0 } stale)
            results.Warn(
                CmekCheckName.KeyPolicyCurrent,
                "KeyPolicyStale",
                $"The policy of {key.Arn} names principals that were deleted: {string.Join(", ", stale)}.",
                "New-CrdbCmekKey -KeyUri <key> -Grant"
            );
    }

    private async Task RoleAsync(KeyCheckRequest request, KeyChecks results)
    {
        var (cluster, spec) = (request.Cluster, request.Spec);
        if (request.OrganizationId is not { } organizationId)
        {
            results.Unknown(
                CmekCheckName.RoleTrust,
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
                CmekCheckName.RoleTrust,
                $"{spec.AuthPrincipal} trusts account {cluster.AccountId} with the organization's external id, and nobody else."
            );
        else
            results.Fail(CmekCheckName.RoleTrust, AwsErrors.RoleDiffers(spec.AuthPrincipal, cluster.Name, problems));
    }

    private static string HomeOf(CmekRegionSpec spec) =>
        spec.KeyUri.Split(':') is { Length: >= 6 } parts ? parts[3] : spec.Region;
}
