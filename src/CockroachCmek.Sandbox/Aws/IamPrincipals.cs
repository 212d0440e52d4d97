using System.Globalization;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// Users, roles and role sessions of the customer's account, as other services see them, and their credentials.
/// </summary>
internal sealed class IamPrincipals(SandboxClock clock, string accountId, AwsData data, AccessEvaluator access)
{
    /// <summary>A new principal is unknown to other services for about ten seconds (boto3 issue 3206).</summary>
    private static readonly TimeSpan Propagation = TimeSpan.FromSeconds(10);

    private static readonly PolicyDocument Everything = PolicyDocument.ParseIdentity(
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"""
    );

    public string UserArn(string name) => $"arn:aws:iam::{accountId}:user/{name}";

    public string NewUniqueId(string prefix) =>
        prefix + (++data.LastPrincipalNumber).ToString("X16", CultureInfo.InvariantCulture);

    /// <summary>Adds a user that is allowed to do everything.</summary>
    public void AddAdministrator(string name)
    {
        var user = new IamUser(NewUniqueId("AIDA"));
        user.Policies["all"] = Everything;
        data.Users[name] = user;
    }

    /// <summary>Creates an access key of a user.</summary>
    public AwsCredential NewAccessKey(string userName) => NewCredential(null, userName, null);

    /// <summary>Creates temporary credentials of a role session.</summary>
    public AwsCredential NewSession(Caller session) => NewCredential("sandbox-session-" + RandomHex(20), null, session);

    /// <summary>The principal behind a credential, with its current policies.</summary>
    public Caller CallerOf(AwsCredential credential) =>
        credential.Session is { } session ? WithPolicies(session) : User(credential.UserName!);

    /// <summary>
    /// The unique id of an ARN or unique id, once other services know it; null before, or if there is none.
    /// </summary>
    public string? PropagatedId(string principal)
    {
        if (data.Roles.Values.FirstOrDefault(r => Owns(r, principal) || r.UniqueId == principal) is { } role)
            return clock.UtcNow - role.Created >= Propagation ? role.UniqueId : null;
        var user = data.Users.FirstOrDefault(u => UserArn(u.Key) == principal || u.Value.UniqueId == principal);
        return user.Key is null ? null : user.Value.UniqueId;
    }

    /// <summary>The unique id of an ARN now; null if nobody has that ARN.</summary>
    public string? CurrentId(string arn) =>
        data.Roles.Values.FirstOrDefault(r => Owns(r, arn))?.UniqueId
        ?? data.Users.Where(u => UserArn(u.Key) == arn).Select(u => u.Value.UniqueId).FirstOrDefault();

    /// <summary>
    /// The unique ids behind the principals of a policy, as AWS stores them.
    /// </summary>
    /// <param name="policy">The policy.</param>
    /// <param name="unknown">The first principal that does not exist, or is too new; null if all are known.</param>
    public IReadOnlyDictionary<string, string> Identify(PolicyDocument policy, out string? unknown)
    {
        var ids = new Dictionary<string, string>();
        unknown = null;
        foreach (var principal in policy.Principals.Where(IsLookedUp))
        {
            if (PropagatedId(principal) is { } id)
                ids[principal] = id;
            else
                unknown ??= principal;
        }

        return ids;
    }

    /// <summary>
    /// The text of a policy. Where the owner of an ARN is gone or was created again, it shows the unique id that the
    /// policy really holds. Conditions are never changed.
    /// </summary>
    public string Show(PolicyDocument policy, IReadOnlyDictionary<string, string> ids) =>
        PolicyText.WithPrincipals(policy.Text, principal =>
            ids.TryGetValue(principal, out var id) && CurrentId(principal) != id ? id : principal
        );

    /// <summary>The role that a request names; null for none.</summary>
    public string? RoleArnOf(IReadOnlyDictionary<string, string> form) =>
        form.TryGetValue("RoleArn", out var arn) ? arn
        : !form.TryGetValue("RoleName", out var name) ? null
        : data.Roles.TryGetValue(name, out var role) ? role.Arn
        : $"arn:aws:iam::{accountId}:role/{name}";

    /// <summary>Assumes a role.</summary>
    /// <exception cref="AwsException">AccessDenied.</exception>
    public Caller Assume(Caller caller, string roleArn, string session, string? externalId)
    {
        var role = data.Roles.Values.FirstOrDefault(r => r.Arn == roleArn);
        var context = access.Context(caller, "us-east-1");
        if (externalId is not null)
            context = context.With("sts:ExternalId", externalId);
        var decision = role is null
            ? new AccessDecision("", IsDenied: false)
            : access.Decide(
                new AccessRequest(caller, "sts:AssumeRole", roleArn, context.With("sts:RoleSessionName", session))
                {
                    ResourcePolicy = role.Trust,
                    UniqueIds = role.TrustPrincipals,
                    ResourcePolicyType = "role trust policy",
                }
            );
        if (!decision.IsAllowed)
            throw access.Refuse(caller, "sts:AssumeRole", roleArn, decision, accountId);
        return WithPolicies(
            new Caller(accountId, $"arn:aws:sts::{accountId}:assumed-role/{role!.Name}/{session}", role.UniqueId)
            {
                PrincipalArn = role.Arn,
            }
        );
    }

    /// <summary>Assumes a role as CockroachDB's nodes do, with the condition keys that their requests have.</summary>
    /// <exception cref="AwsException">AccessDenied.</exception>
    public Caller AssumeFromNode(Caller caller, string roleArn, string session, string? externalId) =>
        Assume(caller with { Keys = data.NodeRequestKeys }, roleArn, session, externalId) with
        {
            Keys = data.NodeRequestKeys,
        };

    /// <summary>A user or role with its policies, for the simulator; null if nobody has that ARN.</summary>
    public Simulated? FindSimulated(string arn)
    {
        if (data.Roles.Values.FirstOrDefault(r => r.Arn == arn) is { } role)
            return new Simulated(
                new Caller(accountId, arn, role.UniqueId),
                "role",
                [
                    .. role.Inline.Select(p => new SimulatedPolicy(p.Key, "role", p.Value)),
                    .. role.Attached.Select(a => new SimulatedPolicy(
                        a,
                        a.Contains("::aws:") ? "aws-managed" : "user-managed",
                        data.Policies[a].Document
                    )),
                ],
                role.Boundary is { } boundary ? data.Policies[boundary].Document : null
            );
        return data.Users.FirstOrDefault(u => UserArn(u.Key) == arn) is { Key: { } name, Value: var user }
            ? new Simulated(
                new Caller(accountId, arn, user.UniqueId),
                "user",
                [.. user.Policies.Select(p => new SimulatedPolicy(p.Key, "user", p.Value))],
                Boundary: null
            )
            : null;
    }

    /// <summary>A session with the current policies of its role. Without the role it may do nothing.</summary>
    private Caller WithPolicies(Caller session)
    {
        var role = data.Roles.Values.FirstOrDefault(r => r.UniqueId == session.UniqueId);
        return session with
        {
            IdentityPolicies = role is null ? [] : [.. PoliciesOf(role)],
            Boundary = role?.Boundary is { } boundary ? Managed(boundary) : null,
        };
    }

    private IEnumerable<NamedPolicy> PoliciesOf(IamRole role) =>
        role.Inline.Values.Select(p => new NamedPolicy(p, null)).Concat(role.Attached.Select(Managed));

    private NamedPolicy Managed(string arn) => new(data.Policies[arn].Document, arn);

    /// <summary>
    /// False for accounts, services and everybody. A principal of another account cannot be looked up here; AWS accepts
    /// it if it exists there. What can be nobody's ARN, such as a group or a pattern, is looked up and not found.
    /// </summary>
    private bool IsLookedUp(string principal)
    {
        if (
            principal == "*"
            || Regex.IsMatch(principal, @"^\d{12}$")
            || Regex.IsMatch(principal, @"^arn:aws:iam::\d{12}:root$")
            || Regex.IsMatch(principal, "^(Service|Federated):")
        )
            return false;
        var isPrincipal = Regex.IsMatch(
            principal,
            @"^arn:aws:(iam::(\d{12}):(user|role)|sts::(\d{12}):(assumed-role|federated-user))/[^*?]+$"
        );
        return !isPrincipal || principal.Contains($"::{accountId}:");
    }

    /// <summary>True for the ARN of a role, and for that of one of its sessions.</summary>
    private static bool Owns(IamRole role, string arn) =>
        arn == role.Arn || (arn.Contains(":assumed-role/") && arn.Split('/')[1] == role.Name);

    private Caller User(string name) =>
        new(accountId, UserArn(name), data.Users[name].UniqueId)
        {
            IdentityPolicies = [.. data.Users[name].Policies.Values.Select(p => new NamedPolicy(p, null))],
        };

    /// <summary>Random, and unlike any real credential, so that no secret scanner raises an alarm.</summary>
    private AwsCredential NewCredential(string? sessionToken, string? userName, Caller? session)
    {
        var credential = new AwsCredential(
            "SANDBOX" + RandomHex(10),
            "sandbox-" + RandomHex(20),
            sessionToken,
            userName,
            session
        );
        data.Credentials[credential.AccessKeyId] = credential;
        return credential;
    }

    private static string RandomHex(int bytes) =>
        string.Concat(KmsMaterial.RandomBytes(bytes).Select(b => b.ToString("X2", CultureInfo.InvariantCulture)));
}
