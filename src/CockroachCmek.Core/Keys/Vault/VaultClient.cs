using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Vault's HTTP API. It follows no redirect, so that the token goes to the given address only.</summary>
internal sealed class VaultClient : IVaultKeyManagement
{
    private const int MaxErrorLength = 500;

    /// <summary>A standby redirects with 307 or 308, which <see cref="VaultDiagnosis"/> explains.</summary>
    private static readonly Peer Peer = new("Vault", "Connect-CrdbCloud -VaultAddress https://<host>:8200")
    {
        ExplainsRedirect = status => status is 307 or 308,
        Untrusted = VaultErrors.VaultCertificateRefused,
        LargestResponse = 8 * 1024 * 1024,
    };

    private readonly VaultConnection _connection;
    private readonly Secret _token;
    private readonly HttpClient _http;

    public VaultClient(VaultConnection connection)
    {
        var address = BaseAddress.Of(
            WithoutUi(connection.Address),
            "v1/",
            "VaultAddress",
            VaultErrors.VaultAddressInsecure
        );
        _connection = connection;
        _token = connection.Token.ForHeader("VaultToken");
        _http = new HttpClient(
            Handlers.Create(Peer, connection.Handler, VaultTls.Read(connection.Tls)),
            disposeHandler: connection.Handler is null
        )
        {
            BaseAddress = address,
            Timeout = VaultConnection.LongestWrite,
            MaxResponseContentBufferSize = Peer.LargestResponse,
        };
        // The name of the certificate, where the address has another. The handler takes it from this header.
        _http.DefaultRequestHeaders.Host = connection.Tls.ServerName;
    }

    public VaultConnection Connection => _connection;

    public Uri Address => _connection.Address;

    public string? Namespace => _connection.Namespace;

    public string Mount => _connection.Mount;

    /// <summary>
    /// Sent without token and namespace: sys/health belongs to the root namespace, and its status is the result.
    /// </summary>
    public async Task<VaultResponse<int>> ReadHealthAsync(CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "sys/health");
        using var response = await _http.SendAsync(request, cancellation);
        return new((int)response.StatusCode, [], null);
    }

    public Task<VaultResponse<IReadOnlyDictionary<string, string>>> ReadMountsAsync(CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, "sys/mounts", null, VaultJson.Mounts, cancellation);

    public Task<VaultResponse<bool>> EnableMountAsync(CancellationToken cancellation) =>
        WriteAsync($"sys/mounts/{Mount}", new { type = "keymgmt" }, cancellation);

    public Task<VaultResponse<IReadOnlyDictionary<string, IReadOnlyList<string>>>> ReadCapabilitiesAsync(
        IReadOnlyList<string> paths,
        CancellationToken cancellation
    ) =>
        SendAsync(
            HttpMethod.Post,
            "sys/capabilities-self",
            new { paths },
            data => VaultJson.Capabilities(data, paths),
            cancellation
        );

    public Task<VaultResponse<IReadOnlyList<string>>> ListKeysAsync(CancellationToken cancellation) =>
        ListAsync("key", cancellation);

    public Task<VaultResponse<VaultKey>> ReadKeyAsync(string key, CancellationToken cancellation) =>
        ReadAsync($"key/{Escape(key)}", VaultJson.Key, cancellation);

    public Task<VaultResponse<bool>> CreateKeyAsync(string key, string type, CancellationToken cancellation) =>
        WriteAsync($"{Mount}/key/{Escape(key)}", new { type }, cancellation);

    public Task<VaultResponse<bool>> UpdateKeyAsync(string key, bool deletionAllowed, CancellationToken cancellation) =>
        WriteAsync($"{Mount}/key/{Escape(key)}", new { deletion_allowed = deletionAllowed }, cancellation);

    /// <summary>
    /// Sends an empty body: .NET repeats a POST without a body by itself when a pooled connection ends, and the key
    /// would be rotated twice.
    /// </summary>
    public Task<VaultResponse<bool>> RotateKeyAsync(string key, CancellationToken cancellation) =>
        WriteAsync($"{Mount}/key/{Escape(key)}/rotate", new { }, cancellation);

    public Task<VaultResponse<bool>> DeleteKeyAsync(string key, CancellationToken cancellation) =>
        DeleteAsync($"{Mount}/key/{Escape(key)}", cancellation);

    public Task<VaultResponse<IReadOnlyList<string>>> ListEntriesOfKeyAsync(
        string key,
        CancellationToken cancellation
    ) => ListAsync($"key/{Escape(key)}/kms", cancellation);

    public Task<VaultResponse<VaultEntry>> ReadEntryAsync(string entry, CancellationToken cancellation) =>
        ReadAsync($"kms/{Escape(entry)}", VaultJson.Entry, cancellation);

    public Task<VaultResponse<bool>> WriteEntryAsync(
        string entry,
        VaultEntry content,
        IReadOnlyDictionary<string, string> credentials,
        CancellationToken cancellation
    ) =>
        WriteAsync(
            $"{Mount}/kms/{Escape(entry)}",
            credentials.Count == 0
                ? new { provider = content.Provider, key_collection = content.KeyCollection }
                : new
                {
                    provider = content.Provider,
                    key_collection = content.KeyCollection,
                    credentials,
                },
            cancellation
        );

    public Task<VaultResponse<VaultDistribution>> ReadDistributionAsync(
        string entry,
        string key,
        CancellationToken cancellation
    ) => ReadAsync($"kms/{Escape(entry)}/key/{Escape(key)}", VaultJson.Distribution, cancellation);

    public Task<VaultResponse<bool>> DistributeKeyAsync(
        string entry,
        string key,
        string purpose,
        string protection,
        CancellationToken cancellation
    ) => WriteAsync($"{Mount}/kms/{Escape(entry)}/key/{Escape(key)}", new { purpose, protection }, cancellation);

    public Task<VaultResponse<bool>> RemoveKeyAsync(string entry, string key, CancellationToken cancellation) =>
        DeleteAsync($"{Mount}/kms/{Escape(entry)}/key/{Escape(key)}", cancellation);

    public void Dispose() => _http.Dispose();

    private Task<VaultResponse<T>> ReadAsync<T>(
        string path,
        Func<JsonElement, T> read,
        CancellationToken cancellation
    ) => SendAsync(HttpMethod.Get, $"{Mount}/{path}", null, read, cancellation);

    /// <summary>GET with list=true means the same as Vault's verb LIST, which proxies may not let through.</summary>
    private Task<VaultResponse<IReadOnlyList<string>>> ListAsync(string path, CancellationToken cancellation) =>
        ReadAsync($"{path}?list=true", VaultJson.Keys, cancellation);

    private Task<VaultResponse<bool>> WriteAsync(string path, object body, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, body, _ => true, cancellation);

    private Task<VaultResponse<bool>> DeleteAsync(string path, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Delete, path, null, _ => true, cancellation);

    private async Task<VaultResponse<T>> SendAsync<T>(
        HttpMethod method,
        string path,
        object? body,
        Func<JsonElement, T> read,
        CancellationToken cancellation
    )
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-Vault-Token", _token.Reveal());
        // Vault Agent and Vault Proxy can be configured to require this header.
        request.Headers.Add("X-Vault-Request", "true");
        if (Namespace is not null)
            request.Headers.Add("X-Vault-Namespace", Namespace);
        if (body is not null)
            request.Content = new StringContent(
                JsonSerializer.Serialize(body, body.GetType()),
                Encoding.UTF8,
                "application/json"
            );
        using var response = await _http.SendAsync(request, cancellation);
        using var document = Parse(await ReadAsync(response));
        var content = document?.RootElement ?? default;
        if (!response.IsSuccessStatusCode)
            throw ToException(response, method, path, content);
        if (document is null && method == HttpMethod.Get)
            throw VaultErrors.VaultAnswerUnreadable(Address, path, "it is not a JSON object");
        try
        {
            return new(
                read(content),
                [.. VaultJson.Texts(content, "warnings").Select(Redact)],
                VaultJson.Text(content, "request_id")
            );
        }
        catch (FormatException error)
        {
            throw VaultErrors.VaultAnswerUnreadable(Address, path, error.Message);
        }
    }

    private VaultException ToException(
        HttpResponseMessage response,
        HttpMethod method,
        string path,
        JsonElement content
    )
    {
        var errors = VaultJson.Texts(content, "errors").Select(Redact).ToList();
        var isQuota =
            response.Headers.RetryAfter is not null
            || errors.Any(e => e.IndexOf("quota", StringComparison.OrdinalIgnoreCase) >= 0);
        return new VaultException((int)response.StatusCode, method.Method, path, errors)
        {
            Location = response.Headers.Location,
            // 429 without either is a standby's status.
            IsThrottled = (int)response.StatusCode == 429 && isQuota,
        };
    }

    /// <summary>
    /// Vault passes on the cloud's error text, which may repeat what was sent: AWS repeats the whole canonical
    /// request when a signature is wrong.
    /// </summary>
    private string Redact(string text)
    {
        foreach (var secret in new[] { _connection.Token, _connection.CloudCredentials?.Password }.OfType<Secret>())
            text = text.Replace(secret.Reveal(), "(secret)");
        var canonical = text.IndexOf("The Canonical String", StringComparison.OrdinalIgnoreCase);
        if (canonical >= 0)
            text = text.Substring(0, canonical);
        text = Regex.Replace(text, @"\s+", " ").Trim();
        return text.Length <= MaxErrorLength ? text : text.Substring(0, MaxErrorLength) + "…";
    }

    /// <summary>SendAsync has buffered the whole response, so there is nothing to cancel.</summary>
    private static Task<string> ReadAsync(HttpResponseMessage response) => response.Content.ReadAsStringAsync();

    /// <summary>Null for anything but a JSON object: an empty response, or the page of a proxy.</summary>
    private static JsonDocument? Parse(string text)
    {
        try
        {
            var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The address as a browser shows it ends in /ui/, where Vault's own pages are.</summary>
    private static Uri WithoutUi(Uri address)
    {
        const string Ui = "/ui";
        if (!address.IsAbsoluteUri)
            return address;
        var text = address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return text.EndsWith(Ui, StringComparison.Ordinal)
            ? new Uri(text.Substring(0, text.Length - Ui.Length) + "/")
            : address;
    }

    private static string Escape(string name) => Uri.EscapeDataString(name);
}
