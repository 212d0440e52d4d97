using System.Diagnostics;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.RateLimiting;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Cloud;

/// <summary>Sends a request: headers, resilience, the verbose line, and errors in the module's own terms.</summary>
internal sealed class CloudTransport : IDisposable
{
    private const string Service = "CockroachDB Cloud";

    private static readonly Peer Peer = new(Service, "Connect-CrdbCloud -Endpoint https://<host>");

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowReadingFromString, // grpc-gateway writes int64 as strings
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new VisibleTextConverter() },
    };

    private readonly CloudConnection _connection;
    private readonly Secret _apiKey;
    private readonly HttpClient _http;
    private readonly RateLimiter _limiter;

    public CloudTransport(CloudConnection connection)
    {
        _connection = connection;
        _apiKey = connection.ApiKey.ForHeader("ApiKey");
        _http = new HttpClient(Handlers.Create(Peer, connection.Handler), disposeHandler: connection.Handler is null)
        {
            BaseAddress = BaseAddress.Of(connection.Endpoint, "api/v1/", "Endpoint", Errors.InsecureEndpoint),
            Timeout = Timeout.InfiniteTimeSpan, // each attempt is bounded on the injected clock
            MaxResponseContentBufferSize = Peer.LargestResponse,
        };
        _limiter = RequestPipeline.CreateLimiter(connection.TimeScale);
    }

    /// <summary>Reads.</summary>
    public Task<T> GetAsync<T>(string path, RequestTarget target, OperationContext context) =>
        SendAsync<T>(HttpMethod.Get, path, null, target, context);

    /// <summary>Reads or writes.</summary>
    /// <param name="path">Below /api/v1/.</param>
    /// <param name="target">What an error is about.</param>
    public async Task<T> SendAsync<T>(
        HttpMethod method,
        string path,
        object? body,
        RequestTarget target,
        OperationContext context
    )
    {
        var content = body is null ? null : Serialize(body);
        HttpResponseMessage response;
        string text;
        try
        {
            (response, text) = await ExchangeAsync(method, path, content, context);
        }
        catch (Exception fault) when (fault is HttpRequestException or NoResponseException or System.IO.IOException)
        {
            if (method != HttpMethod.Get)
                context.Host.Written($"CockroachDB Cloud {method} /api/v1/{path}", isCertain: false, requestId: null);
            throw fault is NoResponseException silent
                ? Errors.NoResponse(silent, target.Name)
                : Errors.CloudUnreachable(_connection.Endpoint, target, fault);
        }

        using (response)
        {
            if (!response.IsSuccessStatusCode)
                throw Errors.FromResponse(
                    (int)response.StatusCode,
                    ErrorBody.Parse(text),
                    target,
                    RequestId(response),
                    isWrite: method != HttpMethod.Get
                );
            if (method != HttpMethod.Get)
                context.Host.Written(
                    $"CockroachDB Cloud {method} /api/v1/{path}",
                    isCertain: true,
                    RequestId(response)
                );
            try
            {
                return JsonSerializer.Deserialize<T>(text, Json) ?? throw new JsonException("it is null");
            }
            catch (JsonException fault)
            {
                throw Errors.BadAnswer(target, fault.Message, fault);
            }
        }
    }

    /// <summary>Path and body of a request, as they are sent.</summary>
    public static string Describe(string path, object body) => $"/api/v1/{path} {Serialize(body)}";

    public void Dispose()
    {
        _http.Dispose();
        _limiter.Dispose();
    }

    private static string Serialize(object body) => JsonSerializer.Serialize(body, body.GetType(), Json);

    /// <summary>Sends a request until its response is not one that may pass.</summary>
    private async Task<(HttpResponseMessage Response, string Text)> ExchangeAsync(
        HttpMethod method,
        string path,
        string? content,
        OperationContext context
    )
    {
        var isRead = method == HttpMethod.Get;
        try
        {
            return await Attempts.RepeatAsync(
                Service,
                async cancellation =>
                {
                    // The queue of this session is no part of the service's time.
                    using var permit = await _limiter.AcquireAsync(1, cancellation);
                    var answer = await SendOnceAsync(method, path, content, context);
                    if (RequestPipeline.MayRepeat(answer.Response, answer.Text, isRead))
                        throw new PassingRefusal(answer);
                    return answer;
                },
                error => error is PassingRefusal || (isRead && error is HttpRequestException or NoResponseException),
                context
            );
        }
        catch (PassingRefusal refusal)
        {
            return refusal.Answer;
        }
    }

    private async Task<(HttpResponseMessage Response, string Text)> SendOnceAsync(
        HttpMethod method,
        string path,
        string? content,
        OperationContext context
    )
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _apiKey.Reveal());
        request.Headers.Add("Cc-Version", _connection.ApiVersion);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.UserAgent.Add(
            new ProductInfoHeaderValue("CockroachCmek", typeof(CloudTransport).Assembly.GetName().Version?.ToString(3))
        );
        if (content is not null)
            request.Content = new StringContent(content, Encoding.UTF8, "application/json");
        var watch = Stopwatch.StartNew();
        try
        {
            var answer = await Attempts.BoundAsync(Service, stop => _http.SendAsync(request, stop), context);
            context.Host.Verbose(
                $"CockroachDB Cloud {method} /api/v1/{path}: {(int)answer.StatusCode}, {watch.ElapsedMilliseconds} ms{(RequestId(answer) is { } id ? $", request {id}" : "")}"
            );
            return (answer, await answer.Content.ReadAsStringAsync()); // SendAsync has buffered it
        }
        catch (Exception fault) when (fault is HttpRequestException or NoResponseException or CmekException)
        {
            context.Host.Verbose(
                $"CockroachDB Cloud {method} /api/v1/{path}: no response, {watch.ElapsedMilliseconds} ms "
                    + $"({fault.GetBaseException().Message})"
            );
            throw;
        }
    }

    private static string? RequestId(HttpResponseMessage response) =>
        response.Headers.TryGetValues("X-Request-Id", out var values)
        || response.Headers.TryGetValues("X-Trace-Id", out values)
            ? values.FirstOrDefault()
            : null;

    /// <summary>A response after which the same request may be sent again.</summary>
    private sealed class PassingRefusal((HttpResponseMessage Response, string Text) answer) : Exception
    {
        public (HttpResponseMessage Response, string Text) Answer => answer;
    }
}
