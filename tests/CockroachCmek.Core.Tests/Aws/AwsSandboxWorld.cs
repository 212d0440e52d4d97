using System.Net;
using System.Text;
using System.Xml.Linq;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Tests.Sandbox;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>The sandbox's AWS.</summary>
internal sealed class AwsSandboxWorld : AwsWorld
{
    private const double TimeScale = 20_000;

    /// <summary>A second in a few milliseconds: for waits of seconds that must not be over at once.</summary>
    public const double SlowScale = 200;

    private AwsSandboxWorld(SandboxServer server, RecordingLog log)
        : base(server.AwsEndpoint, server.Aws.AccessKeyId, server.Aws.SecretAccessKey, server.Time())
    {
        Server = server;
        Log = log;
    }

    public SandboxServer Server { get; }

    /// <param name="answer">The answer to every confirmation.</param>
    /// <param name="scale">How fast the sandbox's time passes.</param>
    public static AwsSandboxWorld Start(bool answer = true, double scale = TimeScale) =>
        new(
            SandboxServer.Start(new SandboxOptions { TimeScale = scale, Record = true }),
            new RecordingLog { Answer = answer }
        );

    /// <summary>Index of the newest request.</summary>
    public int Now => Server.Exchanges.Select(e => e.Request.Index).DefaultIfEmpty(0).Max();

    /// <summary>The operations that AWS received after an index, for example DescribeKey.</summary>
    public IReadOnlyList<string> OperationsSince(int index) =>
        [.. Server.Exchanges.Where(e => e.Request.Index > index).Select(e => OperationOf(e.Request))];

    /// <summary>A provider with the credentials of a new user who is allowed some actions only.</summary>
    public async Task<AwsKeyProvider> AsUserAsync(params string[] actions)
    {
        var policy = $$"""
            {"Version":"2012-10-17",
             "Statement":[{"Effect":"Allow","Action":["{{string.Join("\",\"", actions)}}"],"Resource":"*"}]}
            """;
        await IamAsync("CreateUser", ("UserName", "weak"));
        await IamAsync("PutUserPolicy", ("UserName", "weak"), ("PolicyName", "some"), ("PolicyDocument", policy));
        var key = await IamAsync("CreateAccessKey", ("UserName", "weak"));
        string Value(string name) => key.Descendants().Single(e => e.Name.LocalName == name).Value;
        return As(Value("AccessKeyId"), Value("SecretAccessKey"));
    }

    /// <summary>Calls IAM as somebody else would.</summary>
    public async Task<XElement> IamAsync(string action, params (string Name, string Value)[] parameters)
    {
        using var http = new HttpClient();
        using var request = TestSigner.Sign(
            Server.AwsEndpoint,
            Server.Aws.AccessKeyId,
            Server.Aws.SecretAccessKey,
            "iam",
            "us-east-1",
            string.Join(
                "&",
                parameters
                    .Prepend((Name: "Action", Value: action))
                    .Append((Name: "Version", Value: "2010-05-08"))
                    .Select(p => $"{Uri.EscapeDataString(p.Name)}={Uri.EscapeDataString(p.Value)}")
            )
        );
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return XElement.Parse(text);
    }

    /// <summary>The operation of a request to AWS; empty for any other service.</summary>
    public static string OperationOf(CockroachCmek.Sandbox.Http.SandboxRequest request)
    {
        if (request.Header("X-Amz-Target") is { } target)
            return target.Split('.')[^1];
        var form = Encoding.UTF8.GetString(request.Body).Split('&');
        return form.FirstOrDefault(f => f.StartsWith("Action=", StringComparison.Ordinal))?[7..] ?? "";
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Server.Dispose();
    }
}
