namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Key policies for an administrator, without writing: of a new key, or merged into that of an existing key. For a team
/// that creates roles, also the role: its trust policy, and its own policy when the key is in another account.
/// </summary>
internal sealed class AwsKeyPolicies(AwsRun run)
{
    private const string FallbackRegion = "us-east-1";

    /// <summary>
    /// Builds the policies locally; calls AWS only to read an existing key, or to find the account of -KeyProfile.
    /// </summary>
    public async Task<CmekKeyPolicy> DescribeAsync(KeyPolicyRequest request)
    {
        var role = RoleArn.Parse(request.AuthPrincipal);
        if (AwsPartition.Difference(request.Cluster, role, AwsKeyArn.TryParse(request.KeyUri)) is { } difference)
            throw Errors.KeyPartitionDiffers(request.Cluster.Name, difference);
        var region = request.Cluster.Regions.Count > 0 ? request.Cluster.Regions[0].Name : FallbackRegion;
        if (request.KeyUri is not { } uri)
            return await OfNewKeyAsync(request, role, region);

        var home = AwsKeyArn.TryParse(uri)?.Region ?? region;
        var key = await run.Keys.FindAsync(home, uri) ?? throw AwsErrors.KeyNotFound(uri, home);
        var policy = key.Policy.EnsureGrant(role.Text);
        var handOver = RoleHandOver(request, role, [key.Metadata.Arn], key.Arn.AccountId);
        return Result(request, policy, handOver) with
        {
            KeyUri = key.Metadata.Arn,
            Commands =
            [
                $"aws kms put-key-policy --region {home} --key-id {key.KeyId} --policy-name default "
                    + $"--policy {AwsRoleHandOver.Quoted(policy.ToCompactString())}",
            ],
            Terraform = handOver.Terraform + "\n" + AwsTerraform.KeyPolicy(key.Metadata.Arn, home, policy),
        };
    }

    /// <summary>
    /// A key belongs to the account that creates it: that of -KeyProfile, or else, as is assumed, the role's.
    /// </summary>
    private async Task<CmekKeyPolicy> OfNewKeyAsync(KeyPolicyRequest request, RoleArn role, string region)
    {
        var account = run.Clients.HasKeyProfile ? (await run.GetKeyCallerAsync(region)).Account : role.AccountId;
        var partition = AwsPartition.OfRegion(region);
        var policy = KeyPolicyDocument.Create(
            partition,
            account,
            role.Text,
            AwsKeyOptions.From(request.Options).Administrators
        );
        var alias = AwsNames.Alias(request.Cluster, null);
        var regions = request.Cluster.Regions.Select(r => r.Name).ToList();
        var keys = regions.Select(r => $"arn:{partition.Name}:kms:{r}:{account}:key/*").ToList();
        var handOver = RoleHandOver(request, role, keys, account);
        return Result(request, policy, handOver) with
        {
            Commands =
            [
                .. regions.Select(r =>
                    $"aws kms create-alias --region {r} --alias-name {alias} --target-key-id "
                    + $"\"$(aws kms create-key --region {r} "
                    + $"--policy {AwsRoleHandOver.Quoted(policy.ToCompactString())} "
                    + "--query KeyMetadata.KeyId --output text)\""
                ),
            ],
            Terraform = string.Join(
                "\n",
                regions.Select(r => AwsTerraform.Key(r, alias, policy)).Prepend(handOver.Terraform)
            ),
        };
    }

    private static AwsRoleHandOver RoleHandOver(
        KeyPolicyRequest request,
        RoleArn role,
        IReadOnlyList<string> keys,
        string keyAccount
    ) => new(request, role, keyAccount == role.AccountId ? null : RolePolicyDocument.Empty.With(keys));

    private static CmekKeyPolicy Result(KeyPolicyRequest request, KeyPolicyDocument policy, AwsRoleHandOver role) =>
        new()
        {
            ClusterId = request.Cluster.Id,
            ClusterName = request.Cluster.Name,
            CloudProvider = AwsNames.Provider,
            AuthPrincipal = request.AuthPrincipal,
            Policy = policy.ToString(),
            Statement = KeyPolicyDocument.ToText(KeyPolicyDocument.UseStatement(request.AuthPrincipal)),
            TrustPolicy = role.TrustPolicy,
            RolePolicy = role.RolePolicy,
            RoleCommands = role.Commands,
        };
}
