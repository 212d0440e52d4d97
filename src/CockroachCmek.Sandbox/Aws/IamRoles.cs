using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>IAM's operations on roles. Operations without a result return null.</summary>
internal sealed class IamRoles(SandboxClock clock, string accountId, AwsData data, IamPrincipals principals)
{
    /// <summary>Characters of a trust policy; white space does not count.</summary>
    private const int TrustSize = 2048;
    private const string TagCharacters = @"[\p{L}\p{Z}\p{N}_.:/=+\-@]";

    /// <summary>Adds a role that a cluster has used for a year; returns its ARN.</summary>
    public string Seed(string name, string trustedAccount, string? externalId)
    {
        var arn = $"arn:aws:iam::{accountId}:role/{name}";
        data.Roles[name] = new IamRole(name, "/", arn, principals.NewUniqueId("AROA"), clock.UtcNow.AddDays(-400))
        {
            Trust = PolicyDocument.ParseTrust(SeedTrust(trustedAccount, externalId).ToJsonString()),
        };
        return arn;
    }

    /// <exception cref="AwsException">NoSuchEntity.</exception>
    public IamRole Get(IReadOnlyDictionary<string, string> form) =>
        data.Roles.TryGetValue(AwsForm.Required(form, "RoleName"), out var role)
            ? role
            : throw IamXml.NotFound("The role with name", form["RoleName"]);

    /// <summary>The ARN of a role, whether it exists or not.</summary>
    public string ArnOf(string name) =>
        data.Roles.TryGetValue(name, out var role) ? role.Arn : $"arn:aws:iam::{accountId}:role/{name}";

    public IamRole Create(IReadOnlyDictionary<string, string> form)
    {
        var name = AwsForm.Required(form, "RoleName");
        if (!Regex.IsMatch(name, @"^[\w+=,.@-]{1,64}$"))
            throw new AwsException(
                "ValidationError",
                $"1 validation error detected: Value '{name}' at 'roleName' failed to satisfy constraint"
            );
        if (data.Roles.ContainsKey(name))
            throw new AwsException("EntityAlreadyExists", $"Role with name {name} already exists.", 409);
        var path = form.TryGetValue("Path", out var given) ? given : "/";
        var arn = $"arn:aws:iam::{accountId}:role{path}{name}";
        var (trust, ids) = CheckTrust(AwsForm.Required(form, "AssumeRolePolicyDocument"));
        var role = new IamRole(name, path, arn, principals.NewUniqueId("AROA"), clock.UtcNow)
        {
            Trust = trust,
            TrustPrincipals = ids,
            Boundary = form.TryGetValue("PermissionsBoundary", out var boundary)
                ? IamRolePolicies.CheckBoundary(data, boundary)
                : null,
            Description = form.TryGetValue("Description", out var text) ? CheckDescription(text) : "",
        };
        AddTags(role, form);
        data.Roles[name] = role;
        return role;
    }

    /// <summary>The trust policy, with the unique id of a principal whose ARN is gone or belongs to another.</summary>
    public string TrustText(IamRole role) => principals.Show(role.Trust, role.TrustPrincipals);

    public XElement List(IReadOnlyDictionary<string, string> form) =>
        IamXml.Page(
            "ListRolesResult",
            "Roles",
            form,
            data.Roles.Values.OrderBy(r => r.Name, StringComparer.Ordinal)
                .Select(r => IamXml.Role(r, TrustText(r), withTags: false, "member"))
        );

    public XElement? Delete(IReadOnlyDictionary<string, string> form)
    {
        var role = Get(form);
        if (role.Attached.Count > 0)
            throw new AwsException("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409);
        if (role.Inline.Count > 0)
            throw new AwsException("DeleteConflict", "Cannot delete entity, must delete policies first.", 409);
        data.Roles.Remove(role.Name);
        return null;
    }

    public XElement Update(IReadOnlyDictionary<string, string> form)
    {
        var role = Get(form);
        if (form.TryGetValue("Description", out var text))
            role.Description = CheckDescription(text);
        if (form.TryGetValue("MaxSessionDuration", out var seconds))
            role.MaxSessionDuration = int.Parse(seconds, CultureInfo.InvariantCulture);
        return new XElement("UpdateRoleResult");
    }

    public XElement? UpdateTrust(IReadOnlyDictionary<string, string> form)
    {
        var role = Get(form);
        (role.Trust, role.TrustPrincipals) = CheckTrust(AwsForm.Required(form, "PolicyDocument"));
        return null;
    }

    public XElement? Tag(IReadOnlyDictionary<string, string> form)
    {
        AddTags(Get(form), form);
        return null;
    }

    public XElement? Untag(IReadOnlyDictionary<string, string> form)
    {
        foreach (var key in AwsForm.List(form, "TagKeys"))
            Get(form).Tags.Remove(key);
        return null;
    }

    private static string CheckDescription(string text) =>
        Regex.IsMatch(text, @"^[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]{0,1000}$")
            ? text
            : throw new AwsException(
                "ValidationError",
                $"1 validation error detected: Value '{text}' at 'description' failed to satisfy constraint: "
                    + @"Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*"
            );

    /// <summary>Checks a trust policy; returns it with the unique ids of its principals.</summary>
    /// <exception cref="AwsException">MalformedPolicyDocument.</exception>
    private (PolicyDocument Policy, IReadOnlyDictionary<string, string> Principals) CheckTrust(string text)
    {
        if (text.Count(c => !char.IsWhiteSpace(c)) > TrustSize)
            throw new AwsException("LimitExceeded", $"Cannot exceed quota for ACLSizePerRole: {TrustSize}", 409);
        var policy = PolicyDocument.ParseTrust(text);
        var ids = principals.Identify(policy, out var unknown);
        return unknown is null
            ? (policy, ids)
            : throw new AwsException("MalformedPolicyDocument", $"Invalid principal in policy: \"AWS\":\"{unknown}\"");
    }

    private static JsonObject SeedTrust(string trustedAccount, string? externalId)
    {
        var statement = new JsonObject
        {
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["AWS"] = $"arn:aws:iam::{trustedAccount}:root" },
            ["Action"] = "sts:AssumeRole",
        };
        if (externalId is not null)
            statement["Condition"] = new JsonObject
            {
                ["StringEquals"] = new JsonObject { ["sts:ExternalId"] = externalId },
            };
        return new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray(statement) };
    }

    private static void AddTags(IamRole role, IReadOnlyDictionary<string, string> form)
    {
        var tags = new List<(string Key, string Value)>();
        for (var i = 1; form.TryGetValue($"Tags.member.{i}.Key", out var key); i++)
            tags.Add((key, form.TryGetValue($"Tags.member.{i}.Value", out var given) ? given : ""));
        if (
            tags.Any(t =>
                !Regex.IsMatch(t.Key, $"^{TagCharacters}{{1,128}}$")
                || !Regex.IsMatch(t.Value, $"^{TagCharacters}{{0,256}}$")
            )
        )
            throw new AwsException(
                "ValidationError",
                "1 validation error detected: Value at 'tags' failed to satisfy constraint"
            );
        AwsTags.CheckIam([.. tags.Select(t => t.Key)], [.. role.Tags.Keys.Union(tags.Select(t => t.Key))]);
        foreach (var (key, value) in tags)
            role.Tags[key] = value;
    }
}
