using System.Collections.Concurrent;
using System.Net;
using System.Text;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>
/// An AWS that responds as a test says, for what no sandbox does: another clock, a region that is off.
/// </summary>
internal sealed class StubAws : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<StubCall, StubResponse> _respond;
    private readonly AwsKeyProvider _provider;

    public StubAws(Func<StubCall, StubResponse> respond)
    {
        _respond = respond;
        var port = Random.Shared.Next(20_000, 60_000);
        Endpoint = new Uri($"http://127.0.0.1:{port}/");
        _listener.Prefixes.Add(Endpoint.ToString());
        _listener.Start();
        _ = ServeAsync();
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

    public Uri Endpoint { get; }

    public AwsKeyProvider Provider => _provider;

    public RecordingLog Log { get; } = new();

    public OperationContext Context => new(Log, new ScaledTimeProvider(TimeProvider.System, 20_000), default);

    public ConcurrentQueue<StubCall> Calls { get; } = new();

    public void Dispose()
    {
        _provider.Dispose();
        _listener.Close();
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream);
            var call = new StubCall(context.Request, await reader.ReadToEndAsync());
            Calls.Enqueue(call);
            var response = _respond(call);
            context.Response.StatusCode = response.Status;
            context.Response.ContentType = call.IsJson ? "application/x-amz-json-1.1" : "text/xml";
            if (response.Date is { } date)
                context.Response.Headers["Date"] = date.ToString("R");
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(response.Body));
            context.Response.Close();
        }
    }
}

/// <summary>A call that the stub received.</summary>
internal sealed record StubCall(string Operation, string Region, DateTimeOffset SignedAt, bool IsJson, string Body)
{
    public StubCall(HttpListenerRequest request, string body)
        : this(
            request.Headers["X-Amz-Target"]?.Split('.')[^1]
                ?? body.Split('&').First(f => f.StartsWith("Action=", StringComparison.Ordinal))[7..],
            request.Headers["Authorization"]!.Split('/')[2],
            DateTimeOffset.ParseExact(request.Headers["X-Amz-Date"]!, "yyyyMMdd'T'HHmmss'Z'", null),
            request.Headers["X-Amz-Target"] is not null,
            body
        ) { }
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
