using System.Collections.Concurrent;
using System.Text;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Sandbox.Http;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>
/// An AWS that responds as a test says, for what no sandbox does: another clock, a region that is off.
/// </summary>
internal sealed class StubAws : IDisposable
{
    private readonly LoopbackListener _listener;
    private readonly Func<StubCall, StubResponse> _respond;
    private readonly AwsKeyProvider _provider;

    public StubAws(Func<StubCall, StubResponse> respond)
    {
        _respond = respond;
        _listener = new LoopbackListener(port: 0, certificate: null, (request, _) => Task.FromResult(Respond(request)));
        _provider = new AwsKeyProvider(
            new AwsCustomerCloud(),
            new AwsConnection
            {
                Endpoint = Endpoint,
                AccessKeyId = "AKIASTUB",
                SecretAccessKey = new Secret("planted"),
            }
        );
    }

    public Uri Endpoint => _listener.Endpoint;

    public AwsKeyProvider Provider => _provider;

    public RecordingLog Log { get; } = new();

    public OperationContext Context => new(Log, new ScaledTimeProvider(TimeProvider.System, 20_000), default);

    public ConcurrentQueue<StubCall> Calls { get; } = new();

    public void Dispose()
    {
        _provider.Dispose();
        _listener.StopAsync().GetAwaiter().GetResult();
        _listener.Dispose();
    }

    private Reply Respond(ParsedRequest request)
    {
        var call = new StubCall(request);
        Calls.Enqueue(call);
        var response = _respond(call);
        return new Reply(
            new SandboxResponse(
                response.Status,
                Encoding.UTF8.GetBytes(response.Body),
                call.IsJson ? "application/x-amz-json-1.1" : "text/xml"
            )
            {
                Headers = response.Date is { } date ? [new("Date", date.ToString("R"))] : [],
            }
        );
    }
}

/// <summary>A call that the stub received.</summary>
internal sealed record StubCall(string Operation, string Region, DateTimeOffset SignedAt, bool IsJson, string Body)
{
    public StubCall(ParsedRequest request)
        : this(
            Header(request, "X-Amz-Target")?.Split('.')[^1]
                ?? Encoding
                    .UTF8.GetString(request.Body)
                    .Split('&')
                    .First(f => f.StartsWith("Action=", StringComparison.Ordinal))[7..],
            Header(request, "Authorization")!.Split('/')[2],
            DateTimeOffset.ParseExact(Header(request, "X-Amz-Date")!, "yyyyMMdd'T'HHmmss'Z'", null),
            Header(request, "X-Amz-Target") is not null,
            Encoding.UTF8.GetString(request.Body)
        ) { }

    private static string? Header(ParsedRequest request, string name) =>
        request.Headers.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}

/// <summary>What the stub responds.</summary>
internal sealed record StubResponse(int Status, string Body)
{
    public DateTimeOffset? Date { get; init; }

    /// <summary>The caller of GetCallerIdentity.</summary>
    public static StubResponse Caller { get; } =
        new(
            200,
            "<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><GetCallerIdentityResult>"
                + "<Arn>arn:aws:iam::200000000001:user/u</Arn><UserId>AIDAU</UserId><Account>200000000001</Account>"
                + "</GetCallerIdentityResult></GetCallerIdentityResponse>"
        );

    /// <summary>An error in the protocol of the call.</summary>
    public static StubResponse Error(StubCall call, string code, string message, int status = 403) =>
        new(
            status,
            call.IsJson
                ? $$"""{"__type":"{{code}}","message":"{{message}}"}"""
                : $"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
                    + "<RequestId>r</RequestId></ErrorResponse>"
        );
}
