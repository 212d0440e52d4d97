using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The checks of a region's key and role that read AWS.</summary>
internal sealed class AwsKeyChecks(AwsRun run, ICustomerCloud cloud, KeyCheckRequest request)
{
    private readonly CmekRegionSpec _spec = request.Spec;

    private readonly KeyChecks _results = new(request.Cluster, request.Spec.Region, error =>
        run.Calls.Translate(error, request.Spec.KeyUri)
    );

    /// <summary>Every check of the key in force and its role; of a past key only that it can still be used.</summary>
    public async Task<IReadOnlyList<CmekCheck>> CheckAsync()
    {
        if (AwsKeyArn.TryParse(_spec.KeyUri) is { } arn)
            await KeyAsync(arn);
        else
            _results.Fail(UsableCheck, AwsErrors.KeyUriMalformed(_spec.KeyUri));
        if (!request.IsPast)
            await _results.RunAsync(CmekCheckName.RoleTrust, RoleAsync);
        return _results.All;
    }

    private string UsableCheck => request.IsPast ? CmekCheckName.PastKeyUsable : CmekCheckName.KeyUsable;

    private async Task KeyAsync(AwsKeyArn arn)
    {
        var reading = run.Keys.DescribeAsync(arn); // read once, awaited by each part that needs it
        await _results.RunAsync(UsableCheck, async () => Usable(await reading));
        var isGone = reading.Status == TaskStatus.RanToCompletion && await reading is null;
        if (isGone || request.IsPast)
            return;
        await _results.RunAsync(CmekCheckName.KeyGranted, () => PolicyAsync(arn));
        Location(arn);
        if (request.TakenUpAt is { } wrappedAt)
            await _results.RunAsync(CmekCheckName.VersionInUse, async () =>
                await VersionAsync((await reading)!, wrappedAt)
            );
    }

    private void Usable(KeyMetadata? key)
    {
        if (key is null)
            throw AwsErrors.KeyNotFound(_spec.KeyUri, AwsKeyArn.Parse(_spec.KeyUri).Region);
        if (_results.FailAll(UsableCheck, [.. AwsKeyProblems.KeyProblems(key)]))
            _results.Pass(
                UsableCheck,
                request.IsPast
                    ? $"{key.Arn}, which older data and backups still need, is enabled."
                    : $"{key.Arn} is symmetric and enabled."
            );
    }

    private async Task PolicyAsync(AwsKeyArn arn)
    {
        var policy = await run.Keys.GetPolicyAsync(arn.Region, arn.ToString());
        var problems = AwsKeyProblems.GrantProblems(_spec.KeyUri, policy, _spec.AuthPrincipal, mayGrant: false);
        if (_results.FailAll(CmekCheckName.KeyGranted, [.. problems]))
            _results.Pass(CmekCheckName.KeyGranted, $"The policy of {arn} grants the role what CMEK needs.");
        if (policy.WiderThanNeeded(_spec.AuthPrincipal) is { Count: > 0 } wider)
            _results.Warn(
                CmekCheckName.KeyPolicyNarrow,
                "KeyPolicyWide",
                $"The policy of {arn} allows the role more than CMEK needs: {string.Join(", ", wider)}.",
                "Remove these actions from the key policy"
            );
        if (policy.StaleIds is { Count: > 0 } stale)
            _results.Warn(
                CmekCheckName.KeyPolicyCurrent,
                "KeyPolicyStale",
                $"The policy of {arn} names deleted principals: {string.Join(", ", stale)}.",
                "New-CrdbCmekKey -KeyUri <key> -Grant"
            );
    }

    /// <summary>The ARN tells where the key is.</summary>
    private void Location(AwsKeyArn arn)
    {
        var isNear = cloud.Serves(arn.Region, _spec.Region);
        if (isNear)
            _results.Pass(CmekCheckName.KeyLocation, $"The key is in {arn.Region}.");
        else
            _results.Warn(
                CmekCheckName.KeyLocation,
                "KeyElsewhere",
                $"The key is in '{arn.Region}', the nodes are in '{_spec.Region}'. "
                    + "It works, but depends on two regions.",
                cloud.KeyLocationRemedy
            );
        if (!arn.IsMultiRegion)
            return;
        if (isNear)
            _results.Pass(CmekCheckName.KeyReplica, $"The multi-region key has a replica in {arn.Region}.");
        else
            _results.Warn(
                CmekCheckName.KeyReplica,
                "ReplicaMissing",
                $"{arn} is a multi-region key without a replica in {_spec.Region}.",
                $"aws kms replicate-key --region {arn.Region} --key-id {arn.KeyId} --replica-region {_spec.Region}"
            );
    }

    /// <summary>CockroachDB does not follow a rotation by itself.</summary>
    private async Task VersionAsync(KeyMetadata key, DateTimeOffset wrappedAt)
    {
        var newest = await run.Keys.GetNewestVersionAsync(FoundKey.PrimaryOf(key) ?? AwsKeyArn.Parse(key.Arn));
        if (newest > wrappedAt)
            _results.Warn(
                CmekCheckName.VersionInUse,
                "VersionNotTakenUp",
                $"{key.Arn} was rotated on {newest:u}. The cluster still uses an older version: "
                    + $"it last wrapped with the key on {wrappedAt:u}.",
                $"Get-CrdbCluster {request.Cluster.Name} | Invoke-CrdbCmekRotation -Wait"
            );
        else
            _results.Pass(CmekCheckName.VersionInUse, $"The cluster uses the newest version of {key.Arn}.");
    }

    private async Task RoleAsync()
    {
        var role = RoleArn.Parse(_spec.AuthPrincipal);
        if (request.OrganizationId is not { } organizationId)
        {
            _results.Unknown(
                CmekCheckName.RoleTrust,
                $"The external id of {role} cannot be checked: this API key is not allowed to read the organization.",
                "Connect-CrdbCloud -OrganizationId <id from https://cockroachlabs.cloud/settings>"
            );
            return;
        }

        var partition = AwsPartition.Of(request.Cluster);
        IReadOnlyList<string> problems = await run.FindRoleOnceAsync(partition, role.Name) switch
        {
            null => ["it does not exist"],
            { } found when found.Arn != role.Text => [$"its ARN is {found.Arn}"],
            { } found => TrustPolicy.Differences(
                found.TrustPolicy,
                partition,
                request.Cluster.AccountId,
                organizationId
            ),
        };
        if (problems.Count == 0)
            _results.Pass(
                CmekCheckName.RoleTrust,
                $"{role} trusts account {request.Cluster.AccountId} with the organization's external id, "
                    + "and nobody else."
            );
        else
            _results.Fail(CmekCheckName.RoleTrust, AwsErrors.RoleDiffers(role.Text, request.Cluster.Name, problems));
    }
}
