using System.Net.Http;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Apis.Http;
using Google.Apis.Services;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// JSON over one of Google's REST services: credentials, their renewal, the quota project and the universe are Google.Apis' own. The packages of Cloud KMS
/// and IAM cannot be restored from the registry that CI reaches, and the former brings gRPC, which Windows PowerShell runs badly.
/// </summary>
internal sealed class GcpRest : BaseClientService
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly string _defaultUri;

    public GcpRest(
        string name,
        string defaultUri,
        GcpConnection connection,
        IConfigurableHttpClientInitializer credential
    )
        : base(Configured(connection, credential))
    {
        Name = name;
        _defaultUri = defaultUri;
    }

    public override string Name { get; }

    public override string BaseUri => BaseUriOverride ?? GetEffectiveUri(null, _defaultUri);

    public override string BasePath => "";

    public override IList<string> Features { get; } = [];

    /// <exception cref="GcpFault">Anything but success.</exception>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(new Uri(BaseUri), path));
        if (body is not null)
            request.Content = new StringContent(
                JsonSerializer.Serialize(body, Json),
                Encoding.UTF8,
                "application/json"
            );
        using var response = await HttpClient.SendAsync(request, cancellationToken);
        var text = response.Content is null ? "" : await Read(response.Content, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw GcpFault.From(response, text);
        return JsonSerializer.Deserialize<T>(text, Json) ?? throw new JsonException("null is no resource");
    }

    /// <summary>A query's value.</summary>
    public static string Escape(string value) => Uri.EscapeDataString(value);

    private static Task<string> Read(HttpContent content, CancellationToken cancellationToken) =>
#if NET
        content.ReadAsStringAsync(cancellationToken);
#else
        content.ReadAsStringAsync();
#endif

    private static Initializer Configured(GcpConnection connection, IConfigurableHttpClientInitializer credential)
    {
        if (connection.Endpoint is { } endpoint && endpoint.Scheme != Uri.UriSchemeHttps && !endpoint.IsLoopback)
            throw Errors.InsecureEndpoint(endpoint);
        return new Initializer
        {
            ApplicationName = "CockroachCmek",
            BaseUri = connection.Endpoint?.ToString(),
            HttpClientInitializer = credential,
            HttpClientFactory = connection.Handler is { } handler ? new Carried(handler) : null,
            // Google.Apis would repeat on its own clock, writes too; and it gzips request bodies when it may.
            DefaultExponentialBackOffPolicy = ExponentialBackOffPolicy.None,
            GZipEnabled = false,
            HttpClientTimeout = TimeSpan.FromSeconds(60),
        };
    }

    private sealed class Carried(HttpMessageHandler handler) : HttpClientFactory
    {
        protected override HttpMessageHandler CreateHandler(CreateHttpClientArgs args) => handler;
    }
}
