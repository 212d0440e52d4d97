using System.Net.Http;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Apis.Http;
using Google.Apis.Services;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// JSON over one of Google's REST services. Google.Apis supplies credentials, their renewal, the quota project and the
/// universe. The packages of Cloud KMS and IAM cannot be restored from the registry that CI reaches, and that of Cloud
/// KMS brings gRPC, which Windows PowerShell runs badly.
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
        : base(Settings(connection, credential))
    {
        Name = name;
        _defaultUri = defaultUri;
    }

    public override string Name { get; }

    public override string BaseUri => BaseUriOverride ?? GetEffectiveUri(null, _defaultUri);

    public override string BasePath => "";

    public override IList<string> Features { get; } = [];

    /// <exception cref="GcpException">Any status but success.</exception>
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
        // Few of Google Cloud's services return one.
        ResponseId.Set(response.Headers.TryGetValues("x-goog-request-id", out var ids) ? ids.FirstOrDefault() : null);
        var text = response.Content is null ? "" : await ReadTextAsync(response.Content, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw GcpException.From(response, text);
        return JsonSerializer.Deserialize<T>(text, Json)
            ?? throw new JsonException("The response is null, not a resource.");
    }

    /// <summary>Escapes a value of a query.</summary>
    public static string Escape(string value) => Uri.EscapeDataString(value);

    public static Task<string> ReadTextAsync(HttpContent content, CancellationToken cancellationToken) =>
#if NET
        content.ReadAsStringAsync(cancellationToken);
#else
        content.ReadAsStringAsync();
#endif

    private static Initializer Settings(GcpConnection connection, IConfigurableHttpClientInitializer credential) =>
        new()
        {
            ApplicationName = "CockroachCmek",
            BaseUri = connection.Endpoint?.ToString(),
            HttpClientInitializer = credential,
            HttpClientFactory = new GcpHttp(connection.Handler),
            // Google.Apis would retry on its own clock, writes too, and would gzip request bodies.
            DefaultExponentialBackOffPolicy = ExponentialBackOffPolicy.None,
            GZipEnabled = false,
            HttpClientTimeout = TimeSpan.FromSeconds(60),
        };
}
