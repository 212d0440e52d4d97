using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// IAM's operations on the policies of a role: inline and attached ones, and the permissions boundary. Operations
/// without a result return null.
/// </summary>
internal sealed class IamRolePolicies(AwsData data, IamRoles roles)
{
    /// <summary>Inline policies together; white space does not count.</summary>
    private const int InlineSize = 10_240;
    private const int AttachedCount = 10;

    public XElement? Put(IReadOnlyDictionary<string, string> form)
    {
        var role = roles.Get(form);
        var document = PolicyDocument.ParseIdentity(AwsForm.Required(form, "PolicyDocument"));
        var name = AwsForm.Required(form, "PolicyName");
        var others = role.Inline.Where(p => p.Key != name).Select(p => p.Value);
        if (others.Append(document).Sum(p => p.Text.Count(c => !char.IsWhiteSpace(c))) > InlineSize)
            throw new AwsException(
                "LimitExceeded",
                $"Maximum policy size of {InlineSize} bytes exceeded for role {role.Name}",
                409
            );
        role.Inline[name] = document;
        return null;
    }

    public XElement Get(IReadOnlyDictionary<string, string> form)
    {
        var role = roles.Get(form);
        return role.Inline.TryGetValue(AwsForm.Required(form, "PolicyName"), out var policy)
            ? new XElement(
                "GetRolePolicyResult",
                new XElement("RoleName", role.Name),
                new XElement("PolicyName", form["PolicyName"]),
                new XElement("PolicyDocument", Uri.EscapeDataString(policy.Text))
            )
            : throw IamXml.NotFound("The role policy with name", form["PolicyName"]);
    }

    public XElement? Delete(IReadOnlyDictionary<string, string> form) =>
        roles.Get(form).Inline.Remove(AwsForm.Required(form, "PolicyName"))
            ? null
            : throw IamXml.NotFound("The role policy with name", form["PolicyName"]);

    public XElement List(IReadOnlyDictionary<string, string> form) =>
        IamXml.Page(
            "ListRolePoliciesResult",
            "PolicyNames",
            form,
            roles.Get(form).Inline.Keys.Select(name => new XElement("member", name))
        );

    public XElement? Attach(IReadOnlyDictionary<string, string> form)
    {
        var role = roles.Get(form);
        var arn = AwsForm.Required(form, "PolicyArn");
        RequireArn(arn);
        if (!data.Policies.ContainsKey(arn))
            throw new AwsException("NoSuchEntity", $"Policy {arn} does not exist or is not attachable.", 404);
        if (role.Attached.Count >= AttachedCount && !role.Attached.Contains(arn))
            throw new AwsException("LimitExceeded", $"Cannot exceed quota for PoliciesPerRole: {AttachedCount}", 409);
        role.Attached.Add(arn);
        return null;
    }

    public XElement? Detach(IReadOnlyDictionary<string, string> form) =>
        roles.Get(form).Attached.Remove(AwsForm.Required(form, "PolicyArn"))
            ? null
            : throw new AwsException("NoSuchEntity", $"Policy {form["PolicyArn"]} was not found.", 404);

    public XElement ListAttached(IReadOnlyDictionary<string, string> form) =>
        IamXml.Page(
            "ListAttachedRolePoliciesResult",
            "AttachedPolicies",
            form,
            roles
                .Get(form)
                .Attached.Select(arn => new XElement(
                    "member",
                    new XElement("PolicyName", arn.Split('/').Last()),
                    new XElement("PolicyArn", arn)
                ))
        );

    public XElement? PutBoundary(IReadOnlyDictionary<string, string> form)
    {
        var role = roles.Get(form);
        role.Boundary = CheckBoundary(data, AwsForm.Required(form, "PermissionsBoundary"));
        return null;
    }

    public XElement? DeleteBoundary(IReadOnlyDictionary<string, string> form)
    {
        var role = roles.Get(form);
        if (role.Boundary is null)
            throw new AwsException("NoSuchEntity", $"Role {role.Name} does not have a permissions boundary.", 404);
        role.Boundary = null;
        return null;
    }

    /// <summary>The ARN of a policy that can be a boundary.</summary>
    /// <exception cref="AwsException">InvalidInput or NoSuchEntity.</exception>
    public static string CheckBoundary(AwsData data, string arn)
    {
        RequireArn(arn);
        return data.Policies.ContainsKey(arn)
            ? arn
            : throw new AwsException("NoSuchEntity", $"Scope ARN: {arn} does not exist or is not attachable.", 404);
    }

    private static void RequireArn(string arn)
    {
        if (!Regex.IsMatch(arn, @"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/.+$"))
            throw new AwsException("InvalidInput", $"ARN {arn} is not valid.");
    }
}
