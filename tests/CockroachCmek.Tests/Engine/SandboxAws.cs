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

/// <summary>A user of the sandbox's AWS who is allowed only some actions, and the session $weak with that user's credentials.</summary>
internal static class AwsUser
{
    public static void With(ModuleSession session, params string[] actions) => With(session, "Field", actions);

    /// <summary>The same with a secret access key that AWS does not know.</summary>
    public static void WithWrongSecret(ModuleSession session, params string[] actions) =>
        With(session, "wrong", actions);

    private static void With(ModuleSession session, string secret, string[] actions)
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
        var password = secret == "wrong" ? "another" : Field("SecretAccessKey");
        session
            .Run(
                $"$user = [pscredential]::new('{Field("AccessKeyId")}', "
                    + $"[System.Net.NetworkCredential]::new('', '{password}').SecurePassword); "
                    + $"$weak = {ModuleSession.Connect} -AwsCredential $user"
            )
            .Succeeds();
    }
}
