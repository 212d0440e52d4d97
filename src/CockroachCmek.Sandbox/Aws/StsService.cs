using System.Globalization;
using System.Xml.Linq;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>STS: who the caller is, and temporary credentials of a role.</summary>
internal sealed class StsService(TimeProvider real, IamPrincipals principals)
{
    /// <exception cref="AwsException">The action is unknown, or the role's trust policy refuses.</exception>
    public XElement Handle(Caller caller, string action, IReadOnlyDictionary<string, string> form) =>
        action switch
        {
            "GetCallerIdentity" => new XElement(
                "GetCallerIdentityResult",
                new XElement("UserId", caller.UniqueId),
                new XElement("Account", caller.AccountId),
                new XElement("Arn", caller.Arn)
            ),
            "AssumeRole" => AssumeRole(caller, form),
            _ => throw new AwsException("InvalidAction", $"Could not find operation {action} for version 2011-06-15"),
        };

    private XElement AssumeRole(Caller caller, IReadOnlyDictionary<string, string> form)
    {
        var (roleArn, sessionName) = (AwsForm.Required(form, "RoleArn"), AwsForm.Required(form, "RoleSessionName"));
        var session = principals.Assume(
            caller,
            roleArn,
            sessionName,
            form.TryGetValue("ExternalId", out var external) ? external : null
        );
        var credential = principals.NewSession(session);
        // Real time, because clients judge it by their own clock.
        var expiration = real.GetUtcNow().AddHours(1);
        return new XElement(
            "AssumeRoleResult",
            new XElement(
                "AssumedRoleUser",
                new XElement("AssumedRoleId", $"{session.UniqueId}:{sessionName}"),
                new XElement("Arn", session.Arn)
            ),
            new XElement(
                "Credentials",
                new XElement("AccessKeyId", credential.AccessKeyId),
                new XElement("SecretAccessKey", credential.Secret),
                new XElement("SessionToken", credential.SessionToken),
                new XElement(
                    "Expiration",
                    expiration.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
                )
            )
        );
    }
}
