using System.Xml.Linq;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// IAM of the customer's account, as far as CMEK needs it: roles with their trust, tags and policies; users with access
/// keys, to try permissions out.
/// </summary>
internal sealed class IamService
{
    private readonly string _accountId;
    private readonly AccessEvaluator _access;
    private readonly IamRoles _roles;
    private readonly IamRolePolicies _rolePolicies;
    private readonly IamManagedPolicies _policies;
    private readonly IamUsers _users;
    private readonly IamSimulator _simulator;

    public IamService(
        SandboxClock clock,
        string accountId,
        AwsData data,
        IamPrincipals principals,
        AccessEvaluator access
    )
    {
        (_accountId, _access) = (accountId, access);
        _roles = new IamRoles(clock, accountId, data, principals);
        _rolePolicies = new IamRolePolicies(data, _roles);
        _policies = new IamManagedPolicies(clock, accountId, data, principals);
        _users = new IamUsers(clock, data, principals);
        _simulator = new IamSimulator(accountId, data, principals);
    }

    /// <summary>Adds a role that a cluster has used for a year; returns its ARN.</summary>
    public string SeedRole(string name, string trustedAccount, string externalId) =>
        _roles.Seed(name, trustedAccount, externalId);

    /// <summary>Adds a role of another team, which an account may assume without an external id.</summary>
    public void SeedForeignRole(string name, string trustedAccount) => _roles.Seed(name, trustedAccount, null);

    /// <exception cref="AwsException">The caller is not allowed to do it, or the request is wrong.</exception>
    public XElement? Handle(Caller caller, string action, IReadOnlyDictionary<string, string> form)
    {
        Authorize(caller, action, form);
        return action switch
        {
            "CreateRole" => new XElement("CreateRoleResult", RoleXml(_roles.Create(form))),
            "GetRole" => new XElement("GetRoleResult", WithLastUse(_roles.Get(form))),
            "ListRoles" => _roles.List(form),
            "DeleteRole" => _roles.Delete(form),
            "UpdateRole" => _roles.Update(form),
            "UpdateAssumeRolePolicy" => _roles.UpdateTrust(form),
            "TagRole" => _roles.Tag(form),
            "UntagRole" => _roles.Untag(form),
            "ListRoleTags" => IamXml.Page("ListRoleTagsResult", "Tags", form, _roles.Get(form).Tags.Select(IamXml.Tag)),
            "PutRolePolicy" => _rolePolicies.Put(form),
            "GetRolePolicy" => _rolePolicies.Get(form),
            "DeleteRolePolicy" => _rolePolicies.Delete(form),
            "ListRolePolicies" => _rolePolicies.List(form),
            "AttachRolePolicy" => _rolePolicies.Attach(form),
            "DetachRolePolicy" => _rolePolicies.Detach(form),
            "ListAttachedRolePolicies" => _rolePolicies.ListAttached(form),
            "PutRolePermissionsBoundary" => _rolePolicies.PutBoundary(form),
            "DeleteRolePermissionsBoundary" => _rolePolicies.DeleteBoundary(form),
            "CreatePolicy" => _policies.Create(form),
            "GetPolicy" => _policies.Get(form),
            "GetPolicyVersion" => _policies.GetVersion(form),
            "ListPolicyVersions" => _policies.ListVersions(form),
            "DeletePolicy" => _policies.Delete(form),
            "SimulatePrincipalPolicy" => _simulator.Simulate(form),
            "CreateUser" => _users.Create(form),
            "PutUserPolicy" => _users.PutPolicy(form),
            "CreateAccessKey" => _users.CreateAccessKey(form),
            _ => throw new AwsException("InvalidAction", $"Could not find operation {action} for version 2010-05-08"),
        };
    }

    /// <summary>Only GetRole tells the last use; the element is empty where there is none.</summary>
    private XElement WithLastUse(IamRole role)
    {
        var xml = RoleXml(role);
        xml.Add(
            new XElement(
                "RoleLastUsed",
                role.LastUsed is { } time ? new XElement("LastUsedDate", IamXml.Time(time)) : null,
                role.LastUsed is null ? null : new XElement("Region", "us-east-1")
            )
        );
        return xml;
    }

    private XElement RoleXml(IamRole role) => IamXml.Role(role, _roles.TrustText(role), withTags: true);

    private void Authorize(Caller caller, string action, IReadOnlyDictionary<string, string> form)
    {
        var resource = Resource(action, form);
        var context = _access.Context(caller, "us-east-1");
        foreach (
            var key in new[] { "PermissionsBoundary", "PolicyARN" }.Where(k =>
                form.Keys.Contains(k, StringComparer.OrdinalIgnoreCase)
            )
        )
            context = context.With(
                "iam:" + key,
                form.First(f => string.Equals(f.Key, key, StringComparison.OrdinalIgnoreCase)).Value
            );
        var decision = _access.Decide(new AccessRequest(caller, "iam:" + action, resource, context));
        if (!decision.IsAllowed)
            throw _access.Refuse(caller, "iam:" + action, resource, decision, _accountId);
    }

    private string Resource(string action, IReadOnlyDictionary<string, string> form)
    {
        string? Given(string name) => form.TryGetValue(name, out var value) ? value : null;
        var ofAccount = $"arn:aws:iam::{_accountId}:";
        if (Given("PolicySourceArn") is { } simulated)
            return simulated;
        if (Given("UserName") is { } user)
            return $"{ofAccount}user/{user}";
        if (Given("RoleName") is { } role)
            return action == "CreateRole" ? $"{ofAccount}role{Given("Path") ?? "/"}{role}" : _roles.ArnOf(role);
        return Given("PolicyArn")
            ?? (
                Given("PolicyName") is { } policy
                    ? $"{ofAccount}policy{Given("Path") ?? "/"}{policy}"
                    : ofAccount + "role/"
            );
    }
}
