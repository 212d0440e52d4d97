using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>A role for a team that creates roles: as documents, as commands and as Terraform.</summary>
/// <param name="request">What was asked for.</param>
/// <param name="role">The role.</param>
/// <param name="policy">The role's own policy, for keys of another account; null where it needs none.</param>
internal sealed class AwsRoleHandOver(KeyPolicyRequest request, RoleArn role, RolePolicyDocument? policy)
{
    private readonly string? _boundary = AwsRoleOptions.From(request.Options).PermissionsBoundary;
    private readonly string _policyName = AwsNames.RolePolicy(request.Cluster);

    /// <summary>The trust policy, indented; empty when the external id is not known.</summary>
    public string TrustPolicy => Trust is { } trust ? KeyPolicyDocument.ToText((JsonObject)JsonNode.Parse(trust)!) : "";

    /// <summary>The role's own policy, indented; empty where it needs none.</summary>
    public string RolePolicy => policy?.ToString() ?? "";

    /// <summary>Commands for a POSIX shell, which AWS documents its commands for.</summary>
    public IReadOnlyList<string> Commands
    {
        get
        {
            var commands = new List<string>();
            if (Trust is { } trust)
                commands.Add(
                    $"aws iam create-role --role-name {role.Name} --path {role.Path} "
                        + $"--assume-role-policy-document {Quoted(trust)}"
                        + (_boundary is null ? "" : $" --permissions-boundary {Quoted(_boundary)}")
                        + $" --tags {string.Join(" ", Tags.Select(t => Quoted($"Key={t.Key},Value={t.Value}")))}"
                );
            if (policy is not null)
                commands.Add(
                    $"aws iam put-role-policy --role-name {role.Name} --policy-name {_policyName} "
                        + $"--policy-document {Quoted(policy.ToCompactString())}"
                );
            return commands;
        }
    }

    /// <summary>The same as Terraform resources; empty when the external id is not known.</summary>
    public string Terraform =>
        Trust is null
            ? ""
            : AwsTerraform.Role(role, TrustPolicy, _boundary, Tags)
                + (policy is null ? "" : "\n" + RolePolicyTerraform());

    private string? Trust =>
        request.OrganizationId is { } organization && request.Cluster.AccountId.Length > 0
            ? Aws.TrustPolicy.Create(AwsPartition.Named(role.Partition), request.Cluster.AccountId, organization)
            : null;

    private IReadOnlyDictionary<string, string> Tags =>
        AwsNames.Tags(request.Cluster, new Dictionary<string, string>());

    /// <summary>Quoted for a POSIX shell.</summary>
    public static string Quoted(string text) => ShellQuote.Bash(text);

    private string RolePolicyTerraform() => AwsTerraform.RolePolicy(_policyName, RolePolicy);
}
