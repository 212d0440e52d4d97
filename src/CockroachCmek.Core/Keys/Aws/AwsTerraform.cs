namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Role and key as resources of Terraform's AWS provider 6, whose resources take a region.</summary>
internal static class AwsTerraform
{
    private const string RoleName = "aws_iam_role.crdb_cmek";

    /// <summary>The cross-account role.</summary>
    public static string Role(
        RoleArn role,
        string trustPolicy,
        string? boundary,
        IReadOnlyDictionary<string, string> tags
    )
    {
        string[] lines =
        [
            "resource \"aws_iam_role\" \"crdb_cmek\" {",
            $"  name = {Quoted(role.Name)}",
            $"  path = {Quoted(role.Path)}",
            .. boundary is null ? Array.Empty<string>() : [$"  permissions_boundary = {Quoted(boundary)}"],
            $"  assume_role_policy = {Document(trustPolicy)}  tags = {{",
            .. tags.Select(t => $"    {Quoted(t.Key)} = {Quoted(t.Value)}"),
            "  }",
            "}",
            "",
        ];
        return string.Join("\n", lines);
    }

    /// <summary>The role's own policy.</summary>
    public static string RolePolicy(string name, string policy) =>
        $"resource \"aws_iam_role_policy\" \"crdb_cmek\" {{\n  name = {Quoted(name)}\n  role = {RoleName}.name\n"
        + $"  policy = {Document(policy)}}}\n";

    /// <summary>A new key with its alias.</summary>
    public static string Key(string region, string alias, KeyPolicyDocument policy)
    {
        var name = $"crdb_cmek_{region.Replace('-', '_')}";
        return $"resource \"aws_kms_key\" \"{name}\" {{\n  region = {Quoted(region)}\n"
            + $"  policy = {Document(policy.ToString())}}}\n\n"
            + $"resource \"aws_kms_alias\" \"{name}\" {{\n  region = {Quoted(region)}\n  name = {Quoted(alias)}\n"
            + $"  target_key_id = aws_kms_key.{name}.key_id\n}}\n";
    }

    /// <summary>The policy of a key that exists.</summary>
    public static string KeyPolicy(string keyArn, string region, KeyPolicyDocument policy) =>
        $"resource \"aws_kms_key_policy\" \"crdb_cmek\" {{\n  region = {Quoted(region)}\n  key_id = {Quoted(keyArn)}\n"
        + $"  policy = {Document(policy.ToString())}}}\n";

    private static string Document(string json) =>
        $"<<-JSON\n    {Escaped(json).Replace("\r", "").Replace("\n", "\n    ")}\n  JSON\n";

    private static string Quoted(string text) => ShellQuote.Hcl(text);

    /// <summary>A policy variable, ${aws:username}, is not Terraform's.</summary>
    private static string Escaped(string text) => text.Replace("${", "$${").Replace("%{", "%%{");
}
