using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>A role of the customer's account.</summary>
internal sealed class IamRole(string name, string path, string arn, string uniqueId, DateTimeOffset created)
{
    public string Name { get; } = name;
    public string Path { get; } = path;
    public string Arn { get; } = arn;
    public string UniqueId { get; } = uniqueId;
    public DateTimeOffset Created { get; } = created;
    public string Description { get; set; } = "";
    public int MaxSessionDuration { get; set; } = 3600;
    public required PolicyDocument Trust { get; set; }
    public SortedDictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);
    public SortedDictionary<string, PolicyDocument> Inline { get; } = new(StringComparer.Ordinal);
    public SortedSet<string> Attached { get; } = new(StringComparer.Ordinal);
}

/// <summary>IAM of the customer's account, as far as CMEK touches it: roles, their trust, tags and policies; users with access keys for trying permissions out.</summary>
internal sealed class IamService(SandboxClock clock, string accountId, AwsData data)
{
    /// <summary>A new principal is unknown to other services for about ten seconds (boto3 issue 3206).</summary>
    private static readonly TimeSpan Propagation = TimeSpan.FromSeconds(10);

    private static readonly PolicyDocument Everything = Identity(
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"""
    );

    /// <summary>Adds a user that may do everything.</summary>
    public void AddAdministrator(string name)
    {
        var user = new IamUser(NewId("AIDA"));
        user.Policies["all"] = Everything;
        data.Users[name] = user;
    }

    /// <summary>Creates an access key of a user.</summary>
    public AwsCredential NewAccessKey(string userName) => Add(null, userName, null);

    /// <summary>Creates temporary credentials of a role session.</summary>
    public AwsCredential NewSession(Caller session) => Add("sandbox-session-" + Random(20), null, session);

    /// <summary>The principal behind a credential, with its current policies.</summary>
    public Caller CallerOf(AwsCredential credential) => credential.Session ?? User(credential.UserName!);

    /// <summary>Random, and unlike any real credential, so that no scanner is alarmed.</summary>
    private AwsCredential Add(string? sessionToken, string? userName, Caller? session)
    {
        var credential = new AwsCredential(
            "SANDBOX" + Random(10),
            "sandbox-" + Random(20),
            sessionToken,
            userName,
            session
        );
        data.Credentials[credential.AccessKeyId] = credential;
        return credential;
    }

    private static string Random(int bytes) =>
        string.Concat(KmsMaterial.RandomBytes(bytes).Select(b => b.ToString("X2", CultureInfo.InvariantCulture)));

    public string SeedRole(string name, string trustedAccount, string externalId)
    {
        var role = new IamRole(
            name,
            "/",
            $"arn:aws:iam::{accountId}:role/{name}",
            NewId("AROA"),
            clock.UtcNow.AddDays(-400)
        )
        {
            Trust = PolicyDocument.Parse(
                $$$$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{{{trustedAccount}}}}:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"{{{{externalId}}}}"}}}]}""",
                true,
                "MalformedPolicyDocument"
            ),
        };
        data.Roles[name] = role;
        return role.Arn;
    }

    /// <summary>The unique id that an ARN stands for, once other services know it; null while or when they do not.</summary>
    public string? KnownElsewhere(string principal)
    {
        if (data.Roles.Values.FirstOrDefault(r => r.Arn == principal || r.UniqueId == principal) is { } role)
            return clock.UtcNow - role.Created >= Propagation ? role.UniqueId : null;
        var user = data.Users.FirstOrDefault(u => UserArn(u.Key) == principal || u.Value.UniqueId == principal);
        return user.Key is null ? null : user.Value.UniqueId;
    }

    /// <summary>The unique id that an ARN stands for now; null when nobody has it.</summary>
    public string? Current(string arn) =>
        data.Roles.Values.FirstOrDefault(r => r.Arn == arn)?.UniqueId
        ?? data.Users.Where(u => UserArn(u.Key) == arn).Select(u => u.Value.UniqueId).FirstOrDefault();

    /// <summary>Takes a role on.</summary>
    /// <exception cref="AwsFault">AccessDenied.</exception>
    public Caller Assume(Caller caller, string roleArn, string session, string? externalId)
    {
        var role = data.Roles.Values.FirstOrDefault(r => r.Arn == roleArn);
        var context = new Dictionary<string, string>();
        if (externalId is not null)
            context["sts:ExternalId"] = externalId;
        var trust = role?.Trust.Evaluate(caller, "sts:AssumeRole", roleArn, context, _ => null) ?? Verdict.None;
        var own = caller
            .IdentityPolicies.Select(p => p.Evaluate(caller, "sts:AssumeRole", roleArn, context, _ => null))
            .ToList();
        if (
            own.Contains(Verdict.Deny)
            || !(trust == Verdict.Allow || trust == Verdict.Delegate)
            || !own.Contains(Verdict.Allow)
        )
            throw new AwsFault(
                "AccessDenied",
                $"User: {caller.Arn} is not authorized to perform: sts:AssumeRole on resource: {roleArn}",
                403
            );
        return new Caller(accountId, $"arn:aws:sts::{accountId}:assumed-role/{role!.Name}/{session}", role.UniqueId)
        {
            PrincipalArn = role.Arn,
            IdentityPolicies = [.. role.Inline.Values],
        };
    }

    public XElement? Answer(Caller caller, string action, IReadOnlyDictionary<string, string> form)
    {
        var name =
            form.TryGetValue("RoleName", out var given) ? given
            : form.TryGetValue("UserName", out given) ? given
            : "";
        Authorize(
            caller,
            "iam:" + action,
            $"arn:aws:iam::{accountId}:{(form.ContainsKey("UserName") ? "user" : "role")}/{name}"
        );
        switch (action)
        {
            case "CreateRole":
                return new XElement("CreateRoleResult", Xml(Create(form), withTags: true));
            case "GetRole":
                return new XElement("GetRoleResult", Xml(Role(form), withTags: true));
            case "ListRoles":
                return Page(
                    "ListRolesResult",
                    "Roles",
                    form,
                    data.Roles.Values.OrderBy(r => r.Name, StringComparer.Ordinal)
                        .Select(r => Xml(r, withTags: false, "member"))
                );
            case "DeleteRole":
                return Delete(form);
            case "UpdateRole":
                return UpdateRole(form);
            case "UpdateAssumeRolePolicy":
                Role(form).Trust = Trust(form, "PolicyDocument");
                return null;
            case "TagRole":
                AddTags(Role(form), form);
                return null;
            case "UntagRole":
                foreach (var key in Members(form, "TagKeys"))
                    Role(form).Tags.Remove(key);
                return null;
            case "ListRoleTags":
                return Page("ListRoleTagsResult", "Tags", form, Role(form).Tags.Select(TagXml));
            case "PutRolePolicy":
                Role(form).Inline[AwsSandbox.Needed(form, "PolicyName")] = Identity(
                    AwsSandbox.Needed(form, "PolicyDocument")
                );
                return null;
            case "GetRolePolicy":
                return GetRolePolicy(form);
            case "DeleteRolePolicy":
                return Role(form).Inline.Remove(AwsSandbox.Needed(form, "PolicyName"))
                    ? null
                    : throw Missing("The role policy", form["PolicyName"]);
            case "ListRolePolicies":
                return Page(
                    "ListRolePoliciesResult",
                    "PolicyNames",
                    form,
                    Role(form).Inline.Keys.Select(k => new XElement("member", k))
                );
            case "AttachRolePolicy":
                Role(form).Attached.Add(AwsSandbox.Needed(form, "PolicyArn"));
                return null;
            case "DetachRolePolicy":
                return Role(form).Attached.Remove(AwsSandbox.Needed(form, "PolicyArn"))
                    ? null
                    : throw Missing("Policy", form["PolicyArn"]);
            case "ListAttachedRolePolicies":
                return Page(
                    "ListAttachedRolePoliciesResult",
                    "AttachedPolicies",
                    form,
                    Role(form)
                        .Attached.Select(p => new XElement(
                            "member",
                            new XElement("PolicyName", p.Split('/').Last()),
                            new XElement("PolicyArn", p)
                        ))
                );
            case "CreateUser":
                return CreateUser(form);
            case "PutUserPolicy":
                UserEntry(form).Policies[AwsSandbox.Needed(form, "PolicyName")] = Identity(
                    AwsSandbox.Needed(form, "PolicyDocument")
                );
                return null;
            case "CreateAccessKey":
                return CreateAccessKey(form);
            default:
                throw new AwsFault("InvalidAction", $"Could not find operation {action} for version 2010-05-08");
        }
    }

    private static void Authorize(Caller caller, string action, string resource)
    {
        var verdicts = caller
            .IdentityPolicies.Select(p =>
                p.Evaluate(caller, action, resource, new Dictionary<string, string>(), _ => null)
            )
            .ToList();
        if (verdicts.Contains(Verdict.Deny) || !verdicts.Contains(Verdict.Allow))
            throw new AwsFault(
                "AccessDenied",
                $"User: {caller.Arn} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action",
                403
            );
    }

    private IamRole Create(IReadOnlyDictionary<string, string> form)
    {
        var name = AwsSandbox.Needed(form, "RoleName");
        if (!Regex.IsMatch(name, @"^[\w+=,.@-]{1,64}$"))
            throw new AwsFault(
                "ValidationError",
                $"1 validation error detected: Value '{name}' at 'roleName' failed to satisfy constraint"
            );
        if (data.Roles.ContainsKey(name))
            throw new AwsFault("EntityAlreadyExists", $"Role with name {name} already exists.", 409);
        var path = form.TryGetValue("Path", out var given) ? given : "/";
        var role = new IamRole(name, path, $"arn:aws:iam::{accountId}:role{path}{name}", NewId("AROA"), clock.UtcNow)
        {
            Trust = Trust(form, "AssumeRolePolicyDocument"),
            Description = form.TryGetValue("Description", out var text) ? text : "",
        };
        AddTags(role, form);
        data.Roles[name] = role;
        return role;
    }

    private XElement? Delete(IReadOnlyDictionary<string, string> form)
    {
        var role = Role(form);
        if (role.Inline.Count + role.Attached.Count > 0)
            throw new AwsFault("DeleteConflict", "Cannot delete entity, must delete policies first.", 409);
        data.Roles.Remove(role.Name);
        return null;
    }

    private XElement UpdateRole(IReadOnlyDictionary<string, string> form)
    {
        var role = Role(form);
        if (form.TryGetValue("Description", out var text))
            role.Description = text;
        if (form.TryGetValue("MaxSessionDuration", out var seconds))
            role.MaxSessionDuration = int.Parse(seconds, CultureInfo.InvariantCulture);
        return new XElement("UpdateRoleResult");
    }

    private XElement GetRolePolicy(IReadOnlyDictionary<string, string> form)
    {
        var role = Role(form);
        return role.Inline.TryGetValue(AwsSandbox.Needed(form, "PolicyName"), out var policy)
            ? new XElement(
                "GetRolePolicyResult",
                new XElement("RoleName", role.Name),
                new XElement("PolicyName", form["PolicyName"]),
                new XElement("PolicyDocument", Uri.EscapeDataString(policy.Text))
            )
            : throw Missing("The role policy", form["PolicyName"]);
    }

    private XElement CreateUser(IReadOnlyDictionary<string, string> form)
    {
        var name = AwsSandbox.Needed(form, "UserName");
        if (data.Users.ContainsKey(name))
            throw new AwsFault("EntityAlreadyExists", $"User with name {name} already exists.", 409);
        data.Users[name] = new IamUser(NewId("AIDA"));
        return new XElement(
            "CreateUserResult",
            new XElement(
                "User",
                new XElement("Path", "/"),
                new XElement("UserName", name),
                new XElement("UserId", data.Users[name].UniqueId),
                new XElement("Arn", UserArn(name)),
                new XElement("CreateDate", Time(clock.UtcNow))
            )
        );
    }

    private XElement CreateAccessKey(IReadOnlyDictionary<string, string> form)
    {
        UserEntry(form);
        var name = form["UserName"];
        var credential = NewAccessKey(name);
        return new XElement(
            "CreateAccessKeyResult",
            new XElement(
                "AccessKey",
                new XElement("UserName", name),
                new XElement("AccessKeyId", credential.AccessKeyId),
                new XElement("Status", "Active"),
                new XElement("SecretAccessKey", credential.Secret),
                new XElement("CreateDate", Time(clock.UtcNow))
            )
        );
    }

    private IamUser UserEntry(IReadOnlyDictionary<string, string> form) =>
        data.Users.TryGetValue(AwsSandbox.Needed(form, "UserName"), out var user)
            ? user
            : throw Missing("The user with name", form["UserName"]);

    private Caller User(string name) =>
        new(accountId, UserArn(name), data.Users[name].UniqueId)
        {
            IdentityPolicies = [.. data.Users[name].Policies.Values],
        };

    private string UserArn(string name) => $"arn:aws:iam::{accountId}:user/{name}";

    private IamRole Role(IReadOnlyDictionary<string, string> form) =>
        data.Roles.TryGetValue(AwsSandbox.Needed(form, "RoleName"), out var role)
            ? role
            : throw Missing("The role with name", form["RoleName"]);

    private static AwsFault Missing(string what, string name) =>
        new("NoSuchEntity", $"{what} {name} cannot be found.", 404);

    private static PolicyDocument Trust(IReadOnlyDictionary<string, string> form, string parameter) =>
        PolicyDocument.Parse(AwsSandbox.Needed(form, parameter), needsPrincipal: true, "MalformedPolicyDocument");

    private static PolicyDocument Identity(string text) =>
        PolicyDocument.Parse(text, needsPrincipal: false, "MalformedPolicyDocument");

    private static void AddTags(IamRole role, IReadOnlyDictionary<string, string> form)
    {
        for (var i = 1; form.TryGetValue($"Tags.member.{i}.Key", out var key); i++)
        {
            var value = form.TryGetValue($"Tags.member.{i}.Value", out var given) ? given : "";
            if (
                !Regex.IsMatch(key, @"^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$")
                || !Regex.IsMatch(value, @"^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$")
            )
                throw new AwsFault(
                    "ValidationError",
                    "1 validation error detected: Value at 'tags' failed to satisfy constraint"
                );
            role.Tags[key] = value;
        }

        if (role.Tags.Count > 50)
            throw new AwsFault("LimitExceeded", "Cannot exceed quota for TagsPerRole: 50", 409);
    }

    private static IEnumerable<string> Members(IReadOnlyDictionary<string, string> form, string name)
    {
        for (var i = 1; form.TryGetValue($"{name}.member.{i}", out var value); i++)
            yield return value;
    }

    private static XElement Page(
        string result,
        string list,
        IReadOnlyDictionary<string, string> form,
        IEnumerable<XElement> items
    )
    {
        var start =
            form.TryGetValue("Marker", out var marker)
            && int.TryParse(marker, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
                ? at
                : 0;
        var size =
            form.TryGetValue("MaxItems", out var max)
            && int.TryParse(max, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted)
                ? wanted
                : 100;
        var all = items.ToList();
        var more = start + size < all.Count;
        return new XElement(
            result,
            new XElement("IsTruncated", more ? "true" : "false"),
            more ? new XElement("Marker", start + size) : null,
            new XElement(list, all.Skip(start).Take(size))
        );
    }

    private static XElement Xml(IamRole role, bool withTags, string element = "Role") =>
        new(
            element,
            new XElement("Path", role.Path),
            new XElement("RoleName", role.Name),
            new XElement("RoleId", role.UniqueId),
            new XElement("Arn", role.Arn),
            new XElement("CreateDate", Time(role.Created)),
            new XElement("AssumeRolePolicyDocument", Uri.EscapeDataString(role.Trust.Text)),
            role.Description.Length > 0 ? new XElement("Description", role.Description) : null,
            new XElement("MaxSessionDuration", role.MaxSessionDuration),
            withTags && role.Tags.Count > 0 ? new XElement("Tags", role.Tags.Select(TagXml)) : null
        );

    private static XElement TagXml(KeyValuePair<string, string> tag) =>
        new("member", new XElement("Key", tag.Key), new XElement("Value", tag.Value));

    private string NewId(string prefix) =>
        prefix + (++data.LastPrincipalNumber).ToString("X16", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
