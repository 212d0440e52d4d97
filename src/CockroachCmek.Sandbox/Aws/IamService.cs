using System.Xml.Linq;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// IAM of the customer's account, as far as CMEK needs it: roles with their trust, tags and policies; users with access
/// keys, to try permissions out.
/// </summary>
internal sealed class IamService(SandboxClock clock, string accountId, AwsData data, IamPrincipals principals)
{
    private readonly IamRoles _roles = new(clock, accountId, data, principals);
    private readonly IamUsers _users = new(clock, data, principals);

    /// <summary>Adds a role that a cluster has used for a year; returns its ARN.</summary>
    public string SeedRole(string name, string trustedAccount, string externalId) =>
        _roles.Seed(name, trustedAccount, externalId);

    /// <exception cref="AwsException">The caller is not allowed to do it, or the request is wrong.</exception>
    public XElement? Handle(Caller caller, string action, IReadOnlyDictionary<string, string> form)
    {
        Authorize(caller, action, form);
        return action switch
        {
            "CreateRole" => new XElement("CreateRoleResult", IamXml.Role(_roles.Create(form), withTags: true)),
            "GetRole" => new XElement("GetRoleResult", IamXml.Role(_roles.Get(form), withTags: true)),
            "ListRoles" => _roles.List(form),
            "DeleteRole" => _roles.Delete(form),
            "UpdateRole" => _roles.Update(form),
            "UpdateAssumeRolePolicy" => _roles.UpdateTrust(form),
            "TagRole" => _roles.Tag(form),
            "UntagRole" => _roles.Untag(form),
            "ListRoleTags" => IamXml.Page("ListRoleTagsResult", "Tags", form, _roles.Get(form).Tags.Select(IamXml.Tag)),
            "PutRolePolicy" => _roles.PutPolicy(form),
            "GetRolePolicy" => _roles.GetPolicy(form),
            "DeleteRolePolicy" => _roles.DeletePolicy(form),
            "ListRolePolicies" => _roles.ListPolicies(form),
            "AttachRolePolicy" => _roles.Attach(form),
            "DetachRolePolicy" => _roles.Detach(form),
            "ListAttachedRolePolicies" => _roles.ListAttached(form),
            "CreateUser" => _users.Create(form),
            "PutUserPolicy" => _users.PutPolicy(form),
            "CreateAccessKey" => _users.CreateAccessKey(form),
            _ => throw new AwsException("InvalidAction", $"Could not find operation {action} for version 2010-05-08"),
        };
    }

    private void Authorize(Caller caller, string action, IReadOnlyDictionary<string, string> form)
    {
        var name =
            form.TryGetValue("RoleName", out var given) ? given
            : form.TryGetValue("UserName", out given) ? given
            : "";
        var resource = $"arn:aws:iam::{accountId}:{(form.ContainsKey("UserName") ? "user" : "role")}/{name}";
        if (caller.EvaluateIdentity("iam:" + action, resource) != Verdict.Allow)
            throw new AwsException(
                "AccessDenied",
                $"User: {caller.Arn} is not authorized to perform: iam:{action} on resource: {resource} "
                    + $"because no identity-based policy allows the iam:{action} action",
                403
            );
    }
}
