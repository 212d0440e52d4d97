namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Key policies for people who hand them to somebody else.</summary>
internal sealed class AwsKeyPolicies(AwsClients clients, AwsCalls calls)
{
    public async Task<CmekKeyPolicy> DescribeAsync(KeyPolicyRequest request)
    {
        var role = RoleArn.Parse(request.AuthPrincipal);
        var region = request.Cluster.Regions.Count > 0 ? request.Cluster.Regions[0].Name : "us-east-1";
        var statement = KeyPolicyDocument
            .UseStatement(role.Text)
            .ToJsonString(
                new System.Text.Json.JsonSerializerOptions
                {
                    WriteIndented = true,
                    Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                }
            );
        if (request.KeyUri is not { } uri)
        {
            // A key lives in the account whose administrator makes it; the role's account is the usual one.
            var policy = KeyPolicyDocument.Create(
                AwsPartition.OfRegion(region),
                role.AccountId,
                role.Text,
                AwsKeyOptions.From(request.Options).Administrators
            );
            var alias = AwsNames.Alias(request.Cluster, null);
            return Result(
                request,
                "",
                policy,
                statement,
                [
                    .. request.Cluster.Regions.Select(r =>
                        $"aws kms create-alias --region {r.Name} --alias-name {alias} --target-key-id \"$(aws kms create-key --region {r.Name} --policy {Quoted(policy)} --query KeyMetadata.KeyId --output text)\""
                    ),
                ]
            );
        }

        var home = uri.StartsWith("arn:", StringComparison.Ordinal) ? uri.Split(':')[3] : region;
        var found = await new AwsKeyReader(clients, calls).FindAsync(home, uri)
            ?? throw AwsErrors.KeyNotFound(uri, home);
        var merged = found.Policy.MissingFor(role.Text).Count == 0 ? found.Policy : found.Policy.WithGrant(role.Text);
        return Result(
            request,
            found.Arn,
            merged,
            statement,
            [
                $"aws kms put-key-policy --region {home} --key-id {found.Metadata.KeyId} --policy-name default --policy {Quoted(merged)}",
            ]
        );
    }

    private static CmekKeyPolicy Result(
        KeyPolicyRequest request,
        string uri,
        KeyPolicyDocument policy,
        string statement,
        IReadOnlyList<string> commands
    ) =>
        new()
        {
            ClusterId = request.Cluster.Id,
            ClusterName = request.Cluster.Name,
            CloudProvider = "AWS",
            KeyUri = uri,
            AuthPrincipal = request.AuthPrincipal,
            Policy = policy.ToString(),
            Statement = statement,
            Commands = commands,
        };

    /// <summary>For a POSIX shell, where the aws command is documented.</summary>
    private static string Quoted(KeyPolicyDocument policy) => $"'{policy.ToCompactString().Replace("'", "'\\''")}'";
}
