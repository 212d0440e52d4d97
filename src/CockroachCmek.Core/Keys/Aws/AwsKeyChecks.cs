using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The checks of a region's key and role that read AWS.</summary>
internal sealed class AwsKeyChecks(AwsRun run, ICustomerCloud cloud, KeyCheckRequest request)
{
    /// <summary>The checks that read the key policy.</summary>
    private static readonly string[] OfPolicy =
    [
        CmekCheckName.KeyGranted,
        CmekCheckName.KeyPolicyNarrow,
        CmekCheckName.KeyPolicyCurrent,
        CmekCheckName.SeparationOfDuties,
    ];

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
        await _results.RunAsync(CmekCheckName.KeyOrigin, async () =>
            await new AwsOriginChecks(run, _results).CheckAsync((await reading)!)
        );
        var rules = new AwsKeyRules(_results, request.Rules);
        await _results.RunAsync(CmekCheckName.KeyProtectionLevel, async () => rules.Protection((await reading)!));
        await _results.RunAsync(CmekCheckName.KeyDeletionWindow, async () => rules.DeletionWindow((await reading)!));
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
        KeyPolicyDocument policy;
        try
        {
            policy = await run.Keys.GetPolicyAsync(arn.Region, arn.ToString());
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            foreach (var check in OfPolicy)
                _results.Unknown(check, AwsCalls.ToCmekException(error, _spec.KeyUri));
            return;
        }

        var reading = await new AwsKeyAccessReader(run).ReadAsync(arn, policy, RoleArn.Parse(_spec.AuthPrincipal));
        var access = reading.ToAccess();
        _results.Report(
            access,
            new AccessAdvice(
                _ => AwsKeyProblems.GrantProblems(reading, MissingGrant.Refuse).First(),
                $"{AwsCommands.GetKeyPolicy(arn.ToString(), arn.Region)}   (shows the conditions)",
                $"Get-CrdbCmekAccess {request.Cluster.Name}   (shows each, and through what it is allowed)",
                AwsErrors.RemoveStale(arn.ToString(), _spec.AuthPrincipal, request.Cluster.Name)
            )
        );
        _results.Duties(
            reading.Review(),
            access,
            "its policy and its grants; who has rights through IAM policies of the account is not read",
            request.Cluster.Name
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
        if (key.CustomKeyStoreId is not null)
        {
            _results.Pass(CmekCheckName.VersionInUse, $"{key.Arn} is in a key store, where a key has one version.");
            return;
        }

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
        var found = await run.FindRoleOnceAsync(partition, role.Name);
        if (found?.Arn != role.Text)
        {
            var problem = found is null ? "it does not exist" : $"its ARN is {found.Arn}";
            _results.Fail(CmekCheckName.RoleTrust, AwsErrors.RoleDiffers(role.Text, request.Cluster, [problem]));
            return;
        }

        var trust = TrustPolicy.Read(
            found,
            request.Cluster.AccountId,
            organizationId,
            run.Calls.Context.Time.GetUtcNow()
        );
        if (trust.Differences.Count == 0)
            _results.Pass(
                CmekCheckName.RoleTrust,
                $"{role} trusts account {request.Cluster.AccountId} with the organization's external id, "
                    + "and nobody else."
            );
        else if (trust.IsOnlyConditional)
            _results.Unknown(
                CmekCheckName.RoleTrust,
                "RoleTrustConditional",
                $"Whether account {request.Cluster.AccountId} may assume {role} depends on "
                    + $"{string.Join(", ", trust.Conditions)}, which only AWS can see.",
                $"{AwsCommands.GetRole(role.Name)}   (shows the conditions of its trust policy)"
            );
        else
            _results.Fail(
                CmekCheckName.RoleTrust,
                AwsErrors.RoleDiffers(
                    role.Text,
                    request.Cluster,
                    trust.Differences,
                    trust.OthersFor(found, request.Cluster)
                )
            );
    }
}
