using System.Globalization;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// Users, roles and role sessions of the customer's account, as other services see them, and their credentials.
/// </summary>
internal sealed class IamPrincipals(SandboxClock clock, string accountId, AwsData data)
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
    public Caller CallerOf(AwsCredential credential) => credential.Session ?? User(credential.UserName!);

    /// <summary>
    /// The unique id of an ARN or unique id, once other services know it; null before, or if there is none.
    /// </summary>
    public string? PropagatedId(string principal)
    {
        if (data.Roles.Values.FirstOrDefault(r => r.Arn == principal || r.UniqueId == principal) is { } role)
            return clock.UtcNow - role.Created >= Propagation ? role.UniqueId : null;
        var user = data.Users.FirstOrDefault(u => UserArn(u.Key) == principal || u.Value.UniqueId == principal);
        return user.Key is null ? null : user.Value.UniqueId;
    }

    /// <summary>The unique id of an ARN now; null if nobody has that ARN.</summary>
    public string? CurrentId(string arn) =>
        data.Roles.Values.FirstOrDefault(r => r.Arn == arn)?.UniqueId
        ?? data.Users.Where(u => UserArn(u.Key) == arn).Select(u => u.Value.UniqueId).FirstOrDefault();

    /// <summary>Assumes a role.</summary>
    /// <exception cref="AwsException">AccessDenied.</exception>
    public Caller Assume(Caller caller, string roleArn, string session, string? externalId)
    {
        var role = data.Roles.Values.FirstOrDefault(r => r.Arn == roleArn);
        var context = new Dictionary<string, string>();
        if (externalId is not null)
            context["sts:ExternalId"] = externalId;
        var trust = role?.Trust.Evaluate(caller, "sts:AssumeRole", roleArn, context, _ => null) ?? Verdict.None;
        if (
            trust is not (Verdict.Allow or Verdict.Delegate)
            || caller.EvaluateIdentity("sts:AssumeRole", roleArn, context) != Verdict.Allow
        )
            throw new AwsException(
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

    private Caller User(string name) =>
        new(accountId, UserArn(name), data.Users[name].UniqueId)
        {
            IdentityPolicies = [.. data.Users[name].Policies.Values],
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
