using System.Xml.Linq;

namespace CockroachCmek.Tests.Engine;

/// <summary>
/// A user of the sandbox's AWS with a few permissions. The SDK finds its credentials in environment variables; $weak is a
/// session without credentials of its own.
/// </summary>
internal sealed class AwsUser : IDisposable
{
    private readonly EnvironmentVariable[] _variables;

    private AwsUser(params EnvironmentVariable[] variables) => _variables = variables;

    public static AwsUser With(ModuleSession session, params string[] actions)
    {
        const string Name = "weak";
        var allowed = string.Join(",", actions.Select(a => $"\"{a}\""));
        var policy =
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["""
            + allowed
            + """],"Resource":"*"}]}""";
        SandboxAws.Iam(session, "CreateUser", ("UserName", Name));
        SandboxAws.Iam(session, "PutUserPolicy", ("UserName", Name), ("PolicyName", "p"), ("PolicyDocument", policy));
        var key = XDocument.Parse(SandboxAws.Iam(session, "CreateAccessKey", ("UserName", Name)));
        string Field(string field) => key.Descendants().Single(e => e.Name.LocalName == field).Value;
        session.ConnectWeak();
        return new AwsUser(
            new EnvironmentVariable("AWS_ACCESS_KEY_ID", Field("AccessKeyId")),
            new EnvironmentVariable("AWS_SECRET_ACCESS_KEY", Field("SecretAccessKey")),
            new EnvironmentVariable("AWS_ENDPOINT_URL", session.Sandbox.Text("AwsEndpoint")),
            new EnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true")
        );
    }

    public void Dispose()
    {
        foreach (var variable in _variables)
            variable.Dispose();
    }
}
