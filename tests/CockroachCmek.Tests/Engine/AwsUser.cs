using System.Xml.Linq;

namespace CockroachCmek.Tests.Engine;

/// <summary>
/// A user of the sandbox's AWS with a few permissions; $weak is a session with that user's credentials.
/// </summary>
internal static class AwsUser
{
    private const string Name = "weak";

    public static void With(ModuleSession session, params string[] actions)
    {
        var (id, secret) = Create(session, actions);
        Connect(session, id, secret);
    }

    /// <summary>The same, with a secret access key that AWS does not know.</summary>
    public static void WithWrongSecret(ModuleSession session, params string[] actions) =>
        Connect(session, Create(session, actions).Id, "another");

    /// <summary>Gives the user other permissions.</summary>
    public static void Allow(ModuleSession session, params string[] actions)
    {
        var allowed = string.Join(",", actions.Select(a => $"\"{a}\""));
        var policy =
            $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[{{allowed}}],"Resource":"*"}]}""";
        SandboxAws.Iam(session, "PutUserPolicy", ("UserName", Name), ("PolicyName", "p"), ("PolicyDocument", policy));
    }

    private static (string Id, string Secret) Create(ModuleSession session, string[] actions)
    {
        SandboxAws.Iam(session, "CreateUser", ("UserName", Name));
        Allow(session, actions);
        var key = XDocument.Parse(SandboxAws.Iam(session, "CreateAccessKey", ("UserName", Name)));
        string Field(string field) => key.Descendants().Single(e => e.Name.LocalName == field).Value;
        return (Field("AccessKeyId"), Field("SecretAccessKey"));
    }

    private static void Connect(ModuleSession session, string id, string secret) =>
        session
            .Run(
                $$"""
                $password = [System.Net.NetworkCredential]::new('', '{{secret}}').SecurePassword
                $user = [pscredential]::new('{{id}}', $password)
                $weak = {{ModuleSession.Connect}} -AwsCredential $user
                """
            )
            .Succeeds();
}
