using System.Xml.Linq;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>IAM's operations on users.</summary>
internal sealed class IamUsers(SandboxClock clock, AwsData data, IamPrincipals principals)
{
    public XElement Create(IReadOnlyDictionary<string, string> form)
    {
        var name = AwsForm.Required(form, "UserName");
        if (data.Users.ContainsKey(name))
            throw new AwsException("EntityAlreadyExists", $"User with name {name} already exists.", 409);
        var user = data.Users[name] = new IamUser(principals.NewUniqueId("AIDA"));
        return new XElement(
            "CreateUserResult",
            new XElement(
                "User",
                new XElement("Path", "/"),
                new XElement("UserName", name),
                new XElement("UserId", user.UniqueId),
                new XElement("Arn", principals.UserArn(name)),
                new XElement("CreateDate", IamXml.Time(clock.UtcNow))
            )
        );
    }

    public XElement? PutPolicy(IReadOnlyDictionary<string, string> form)
    {
        Get(form).Policies[AwsForm.Required(form, "PolicyName")] = PolicyDocument.ParseIdentity(
            AwsForm.Required(form, "PolicyDocument")
        );
        return null;
    }

    public XElement CreateAccessKey(IReadOnlyDictionary<string, string> form)
    {
        _ = Get(form);
        var credential = principals.NewAccessKey(form["UserName"]);
        return new XElement(
            "CreateAccessKeyResult",
            new XElement(
                "AccessKey",
                new XElement("UserName", credential.UserName),
                new XElement("AccessKeyId", credential.AccessKeyId),
                new XElement("Status", "Active"),
                new XElement("SecretAccessKey", credential.Secret),
                new XElement("CreateDate", IamXml.Time(clock.UtcNow))
            )
        );
    }

    private IamUser Get(IReadOnlyDictionary<string, string> form) =>
        data.Users.TryGetValue(AwsForm.Required(form, "UserName"), out var user)
            ? user
            : throw IamXml.NotFound("The user with name", form["UserName"]);
}
