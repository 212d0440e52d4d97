using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>IAM's operations on managed policies. They have one version each.</summary>
internal sealed class IamManagedPolicies(SandboxClock clock, string accountId, AwsData data, IamPrincipals principals)
{
    private const string FirstVersion = "v1";

    /// <summary>
    /// Policies of AWS that people attach to the role of a key, shortened to what concerns the sandbox.
    /// </summary>
    private static readonly Dictionary<string, string> OfAws = new()
    {
        ["AdministratorAccess"] = Allow("*"),
        ["PowerUserAccess"] = Allow("kms:*"),
        ["ReadOnlyAccess"] = Allow("kms:Describe*", "kms:Get*", "kms:List*", "iam:Get*", "iam:List*"),
        ["AWSKeyManagementServicePowerUser"] = Allow(
            "kms:CreateAlias",
            "kms:CreateKey",
            "kms:DeleteAlias",
            "kms:Describe*",
            "kms:GenerateRandom",
            "kms:Get*",
            "kms:List*",
            "kms:TagResource",
            "kms:UntagResource",
            "iam:ListGroups",
            "iam:ListRoles",
            "iam:ListUsers"
        ),
    };

    /// <summary>The policies of AWS, which every account has.</summary>
    public static IEnumerable<IamPolicy> AwsManaged(DateTimeOffset created) =>
        OfAws.Select(p => new IamPolicy(
            $"arn:aws:iam::aws:policy/{p.Key}",
            "ANPA" + p.Key.ToUpperInvariant(),
            PolicyDocument.ParseIdentity(p.Value),
            created
        ));

    public XElement Create(IReadOnlyDictionary<string, string> form)
    {
        var name = AwsForm.Required(form, "PolicyName");
        if (!Regex.IsMatch(name, @"^[\w+=,.@-]{1,128}$"))
            throw new AwsException(
                "ValidationError",
                $"1 validation error detected: Value '{name}' at 'policyName' failed to satisfy constraint"
            );
        var path = form.TryGetValue("Path", out var given) ? given : "/";
        var arn = $"arn:aws:iam::{accountId}:policy{path}{name}";
        if (data.Policies.Values.Any(p => p.Name == name && p.Arn.Contains($"::{accountId}:")))
            throw new AwsException(
                "EntityAlreadyExists",
                $"A policy called {name} already exists. Duplicate names are not allowed.",
                409
            );
        var document = PolicyDocument.ParseIdentity(AwsForm.Required(form, "PolicyDocument"));
        var policy = data.Policies[arn] = new IamPolicy(arn, principals.NewUniqueId("ANPA"), document, clock.UtcNow)
        {
            Description = form.TryGetValue("Description", out var text) ? text : "",
        };
        return new XElement("CreatePolicyResult", Xml(policy));
    }

    public XElement Get(IReadOnlyDictionary<string, string> form) => new("GetPolicyResult", Xml(Find(form)));

    public XElement GetVersion(IReadOnlyDictionary<string, string> form)
    {
        var policy = Find(form);
        if (AwsForm.Required(form, "VersionId") != FirstVersion)
            throw new AwsException(
                "NoSuchEntity",
                $"Policy {policy.Arn} version {form["VersionId"]} does not exist or is not attachable.",
                404
            );
        return new XElement(
            "GetPolicyVersionResult",
            Version(policy, new XElement("Document", Uri.EscapeDataString(policy.Document.Text)))
        );
    }

    public XElement ListVersions(IReadOnlyDictionary<string, string> form)
    {
        var version = Version(Find(form), null);
        version.Name = "member";
        return IamXml.Page("ListPolicyVersionsResult", "Versions", form, [version]);
    }

    public XElement? Delete(IReadOnlyDictionary<string, string> form)
    {
        var policy = Find(form);
        if (Uses(policy) + BoundaryUses(policy) > 0)
            throw new AwsException("DeleteConflict", "Cannot delete a policy attached to entities.", 409);
        data.Policies.Remove(policy.Arn);
        return null;
    }

    private IamPolicy Find(IReadOnlyDictionary<string, string> form) =>
        data.Policies.TryGetValue(AwsForm.Required(form, "PolicyArn"), out var policy)
            ? policy
            : throw new AwsException("NoSuchEntity", $"Policy {form["PolicyArn"]} was not found.", 404);

    private int Uses(IamPolicy policy) => data.Roles.Values.Count(r => r.Attached.Contains(policy.Arn));

    private int BoundaryUses(IamPolicy policy) => data.Roles.Values.Count(r => r.Boundary == policy.Arn);

    private XElement Xml(IamPolicy policy) =>
        new(
            "Policy",
            new XElement("PolicyName", policy.Name),
            new XElement("PolicyId", policy.UniqueId),
            new XElement("Arn", policy.Arn),
            new XElement("Path", policy.Path),
            new XElement("DefaultVersionId", FirstVersion),
            new XElement("AttachmentCount", Uses(policy)),
            new XElement("PermissionsBoundaryUsageCount", BoundaryUses(policy)),
            new XElement("IsAttachable", "true"),
            policy.Description.Length > 0 ? new XElement("Description", policy.Description) : null,
            new XElement("CreateDate", IamXml.Time(policy.Created)),
            new XElement("UpdateDate", IamXml.Time(policy.Created))
        );

    private static XElement Version(IamPolicy policy, XElement? document) =>
        new(
            "PolicyVersion",
            document,
            new XElement("VersionId", FirstVersion),
            new XElement("IsDefaultVersion", "true"),
            new XElement("CreateDate", IamXml.Time(policy.Created))
        );

    private static string Allow(params string[] actions) =>
        $$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["{{string.Join(
                "\",\"",
                actions
            )}}"],"Resource":"*"}]}
            """;
}
