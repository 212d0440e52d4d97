using System.Diagnostics;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.RateLimiting;
using CockroachCmek.Core.Http;
using Polly;
using Polly.Timeout;

namespace CockroachCmek.Core.Cloud;

/// <summary>Sends a request: headers, resilience, the verbose line, and errors in the module's own terms.</summary>
internal sealed class CloudTransport : IDisposable
{
    private static readonly Peer Peer = new("CockroachDB Cloud", "Connect-CrdbCloud -Endpoint https://<host>");

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
    private readonly ResiliencePipeline<HttpResponseMessage> _reads;
    private readonly ResiliencePipeline<HttpResponseMessage> _writes;

    public CloudTransport(CloudConnection connection)
    {
        _connection = connection;
        _apiKey = connection.ApiKey.ForHeader("ApiKey");
        _http = new HttpClient(Handlers.Create(Peer, connection.Handler), disposeHandler: connection.Handler is null)
        {
            BaseAddress = BaseAddress.Of(connection.Endpoint, "api/v1/", "Endpoint", Errors.InsecureEndpoint),
            Timeout = Timeout.InfiniteTimeSpan, // the pipeline has the timeout, on the injected clock
            MaxResponseContentBufferSize = Peer.LargestResponse,
        };
        _limiter = RequestPipeline.CreateLimiter(connection.TimeScale);
        _reads = RequestPipeline.Create(connection, _limiter, isRead: true);
        _writes = RequestPipeline.Create(connection, _limiter, isRead: false);
    }

    /// <param name="path">Below /api/v1/.</param>
    /// <param name="target">What an error is about, in the user's words.</param>
    public async Task<T> SendAsync<T>(
        HttpMethod method,
        string path,
        object? body,
        string target,
        OperationContext context
    )
    {
        var content = body is null ? null : Serialize(body);
        var pipeline = method == HttpMethod.Get ? _reads : _writes;
        HttpResponseMessage response;
        string text;
        try
        {
            (response, text) = await ExchangeAsync(pipeline, method, path, content, context);
        }
        catch (Exception fault)
            when (fault is HttpRequestException or TimeoutRejectedException or System.IO.IOException)
        {
            if (method != HttpMethod.Get)
                context.Host.Written($"CockroachDB Cloud {method} /api/v1/{path}", isCertain: false, requestId: null);
            throw Errors.CloudUnreachable(_connection.Endpoint, target, fault);
        }

        using (response)
        {
            if (!response.IsSuccessStatusCode)
                throw Errors.FromResponse((int)response.StatusCode, ErrorText(text), target, RequestId(response));
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

    private async Task<(HttpResponseMessage Response, string Text)> ExchangeAsync(
        ResiliencePipeline<HttpResponseMessage> pipeline,
        HttpMethod method,
        string path,
        string? content,
        OperationContext context
    )
    {
        var response = await pipeline.ExecuteAsync(
            async cancellation =>
            {
                using var request = new HttpRequestMessage(method, path);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _apiKey.Reveal());
                request.Headers.Add("Cc-Version", _connection.ApiVersion);
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
                request.Headers.UserAgent.Add(
                    new ProductInfoHeaderValue(
                        "CockroachCmek",
                        typeof(CloudTransport).Assembly.GetName().Version?.ToString(3)
                    )
                );
                if (content is not null)
                    request.Content = new StringContent(content, Encoding.UTF8, "application/json");
                var watch = Stopwatch.StartNew();
                try
                {
                    var answer = await _http.SendAsync(request, cancellation);
                    context.Host.Verbose(
                        $"CockroachDB Cloud {method} /api/v1/{path}: {(int)answer.StatusCode}, {watch.ElapsedMilliseconds} ms{(RequestId(answer) is { } id ? $", request {id}" : "")}"
                    );
                    return answer;
                }
                catch (Exception fault) when (fault is HttpRequestException or CmekException)
                {
                    context.Host.Verbose(
                        $"CockroachDB Cloud {method} /api/v1/{path}: no response, {watch.ElapsedMilliseconds} ms "
                            + $"({fault.GetBaseException().Message})"
                    );
                    throw;
                }
            },
            context.CancellationToken
        );
        return (response, await response.Content.ReadAsStringAsync());
    }

    /// <summary>
    /// The message in an error body: google.rpc.Status, any {message}, or the text itself. The specification only has a
    /// default response.
    /// </summary>
    private static string ErrorText(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("message", out var message)
                && message.ValueKind == JsonValueKind.String
            )
                return message.GetString()!;
        }
        catch (JsonException)
        {
            // A proxy's page, or an empty body.
        }

        return ServerText.OfPage(body);
    }

    private static string? RequestId(HttpResponseMessage response) =>
        response.Headers.TryGetValues("X-Request-Id", out var values)
        || response.Headers.TryGetValues("X-Trace-Id", out values)
            ? values.FirstOrDefault()
            : null;
}
