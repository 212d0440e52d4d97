namespace CockroachCmek.Tests.Engine;

/// <summary>Another client of the sandbox's AWS: signs by itself and shares no code with the module.</summary>
internal static class SandboxAws
{
    private static readonly HttpClient Http = new();

    public static string Kms(ModuleSession session, string region, string operation, string body) =>
        Send(session, "kms", region, body, "application/x-amz-json-1.1", "TrentService." + operation);

    public static string Iam(ModuleSession session, string action, params (string Name, string Value)[] parameters) =>
        Send(
            session,
            "iam",
            "us-east-1",
            string.Join(
                "&",
                parameters
                    .Prepend(("Action", action))
                    .Append(("Version", "2010-05-08"))
                    .Select(p => $"{Uri.EscapeDataString(p.Item1)}={Uri.EscapeDataString(p.Item2)}")
            ),
            "application/x-www-form-urlencoded; charset=utf-8",
            null
        );

    public static string Sts(ModuleSession session) =>
        Send(
            session,
            "sts",
            "us-east-1",
            "Action=GetCallerIdentity&Version=2011-06-15",
            "application/x-www-form-urlencoded; charset=utf-8",
            null
        );

    private static string Send(
        ModuleSession session,
        string service,
        string region,
        string body,
        string contentType,
        string? target
    )
    {
        string Value(string property) => session.Run("$sandbox." + property).Single().ToString()!;
        using var request = TestSigner.Sign(
            new Uri(Value("AwsEndpoint")),
            Value("AwsAccessKeyId"),
            Value("AwsSecretAccessKey"),
            service,
            region,
            body,
            contentType,
            target
        );
        using var answer = Http.Send(request);
        using var reader = new StreamReader(answer.Content.ReadAsStream());
        var text = reader.ReadToEnd();
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }
}

/// <summary>
/// A user of the sandbox's AWS with a few permissions, found through the SDK's own chain (environment variables); $weak is a session that has no credentials of its own.
/// </summary>
internal sealed class AwsUser : IDisposable
{
    private readonly EnvironmentVariable[] _variables;

    private AwsUser(params EnvironmentVariable[] variables) => _variables = variables;

    public static AwsUser With(ModuleSession session, params string[] actions)
    {
        const string Name = "weak";
        SandboxAws.Iam(session, "CreateUser", ("UserName", Name));
        SandboxAws.Iam(
            session,
            "PutUserPolicy",
            ("UserName", Name),
            ("PolicyName", "p"),
            (
                "PolicyDocument",
                $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[{{string.Join(",", actions.Select(a => $"\"{a}\""))}}],"Resource":"*"}]}"""
            )
        );
        var key = System.Xml.Linq.XDocument.Parse(SandboxAws.Iam(session, "CreateAccessKey", ("UserName", Name)));
        string Field(string field) => key.Descendants().Single(e => e.Name.LocalName == field).Value;
        session
            .Run(
                "$weak = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey ([System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword)"
            )
            .Succeeds();
        return new AwsUser(
            new EnvironmentVariable("AWS_ACCESS_KEY_ID", Field("AccessKeyId")),
            new EnvironmentVariable("AWS_SECRET_ACCESS_KEY", Field("SecretAccessKey")),
            new EnvironmentVariable("AWS_ENDPOINT_URL", session.Run("$sandbox.AwsEndpoint").Single().ToString()),
            new EnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true")
        );
    }

    public void Dispose()
    {
        foreach (var variable in _variables)
            variable.Dispose();
    }
}
