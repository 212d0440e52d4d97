using System.Net.Http;
using System.Text;
using System.Text.Json;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Vault's HTTP API. It follows no redirect: the token goes to the address that was given, and nowhere else.</summary>
internal sealed class VaultClient : IVaultKeyManagement
{
    private const int LongestAnswer = 8 * 1024 * 1024;
    private const int LongestSentence = 500;

    private readonly VaultConnection _connection;
    private readonly HttpClient _http;

    public VaultClient(VaultConnection connection)
    {
        if (
            connection.Address.Scheme != Uri.UriSchemeHttps
            && !(connection.Address.Scheme == Uri.UriSchemeHttp && connection.Address.IsLoopback)
        )
            throw VaultErrors.VaultAddressInsecure(connection.Address);
        _connection = connection;
        _http = new HttpClient(
            connection.Handler ?? VaultTrust.Handler(connection.CaCertificatePath),
            disposeHandler: connection.Handler is null
        )
        {
            BaseAddress = new Uri(connection.Address, "/v1/"),
            Timeout = connection.RequestTimeout,
            MaxResponseContentBufferSize = LongestAnswer,
        };
    }

    public VaultConnection Connection => _connection;

    public Uri Address => _connection.Address;

    public string? Namespace => _connection.Namespace;

    public string Mount => _connection.Mount;

    /// <summary>The one path that every namespace shares, and that needs no token.</summary>
    public async Task<VaultAnswer<VaultHealth>> ReadHealthAsync(CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "sys/health");
        using var response = await _http.SendAsync(request, cancellation);
        using var document = Parse(await TextAsync(response));
        return new(
            new VaultHealth(
                (int)response.StatusCode,
                document is null ? null : VaultJson.Text(document.RootElement, "version")
            ),
            [],
            null
        );
    }

    public Task<VaultAnswer<IReadOnlyDictionary<string, string>>> ReadMountsAsync(CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, "sys/mounts", null, VaultJson.Mounts, cancellation);

    public Task<VaultAnswer<bool>> EnableMountAsync(CancellationToken cancellation) =>
        WriteAsync($"sys/mounts/{Mount}", new { type = "keymgmt" }, cancellation);

    public Task<VaultAnswer<IReadOnlyDictionary<string, IReadOnlyList<string>>>> ReadCapabilitiesAsync(
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

    public Task<VaultAnswer<IReadOnlyList<string>>> ListKeysAsync(CancellationToken cancellation) =>
        ListAsync("key", cancellation);

    public Task<VaultAnswer<VaultKey>> ReadKeyAsync(string key, CancellationToken cancellation) =>
        ReadAsync($"key/{Escape(key)}", VaultJson.Key, cancellation);

    public Task<VaultAnswer<bool>> CreateKeyAsync(string key, string type, CancellationToken cancellation) =>
        WriteAsync($"{Mount}/key/{Escape(key)}", new { type }, cancellation);

    public Task<VaultAnswer<bool>> UpdateKeyAsync(string key, bool deletionAllowed, CancellationToken cancellation) =>
        WriteAsync($"{Mount}/key/{Escape(key)}", new { deletion_allowed = deletionAllowed }, cancellation);

    /// <summary>With a body, be it empty: a POST without one .NET repeats by itself when a pooled connection ends, and the key would be rotated twice.</summary>
    public Task<VaultAnswer<bool>> RotateKeyAsync(string key, CancellationToken cancellation) =>
        WriteAsync($"{Mount}/key/{Escape(key)}/rotate", new { }, cancellation);

    public Task<VaultAnswer<bool>> DeleteKeyAsync(string key, CancellationToken cancellation) =>
        DeleteAsync($"{Mount}/key/{Escape(key)}", cancellation);

    public Task<VaultAnswer<IReadOnlyList<string>>> ListEntriesOfKeyAsync(string key, CancellationToken cancellation) =>
        ListAsync($"key/{Escape(key)}/kms", cancellation);

    public Task<VaultAnswer<VaultEntry>> ReadEntryAsync(string entry, CancellationToken cancellation) =>
        ReadAsync($"kms/{Escape(entry)}", VaultJson.Entry, cancellation);

    public Task<VaultAnswer<bool>> WriteEntryAsync(
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

    public Task<VaultAnswer<VaultDistribution>> ReadDistributionAsync(
        string entry,
        string key,
        CancellationToken cancellation
    ) => ReadAsync($"kms/{Escape(entry)}/key/{Escape(key)}", VaultJson.Distribution, cancellation);

    public Task<VaultAnswer<bool>> DistributeKeyAsync(
        string entry,
        string key,
        string purpose,
        string protection,
        CancellationToken cancellation
    ) => WriteAsync($"{Mount}/kms/{Escape(entry)}/key/{Escape(key)}", new { purpose, protection }, cancellation);

    public Task<VaultAnswer<bool>> RemoveKeyAsync(string entry, string key, CancellationToken cancellation) =>
        DeleteAsync($"{Mount}/kms/{Escape(entry)}/key/{Escape(key)}", cancellation);

    public void Dispose() => _http.Dispose();

    private Task<VaultAnswer<T>> ReadAsync<T>(string path, Func<JsonElement, T> read, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, $"{Mount}/{path}", null, read, cancellation);

    /// <summary>GET with list=true is the same as Vault's own verb LIST, which proxies do not know.</summary>
    private Task<VaultAnswer<IReadOnlyList<string>>> ListAsync(string path, CancellationToken cancellation) =>
        ReadAsync($"{path}?list=true", VaultJson.Keys, cancellation);

    private Task<VaultAnswer<bool>> WriteAsync(string path, object body, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, body, _ => true, cancellation);

    private Task<VaultAnswer<bool>> DeleteAsync(string path, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Delete, path, null, _ => true, cancellation);

    private async Task<VaultAnswer<T>> SendAsync<T>(
        HttpMethod method,
        string path,
        object? body,
        Func<JsonElement, T> read,
        CancellationToken cancellation
    )
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-Vault-Token", _connection.Token.Reveal());
        request.Headers.Add("X-Vault-Request", "true"); // an agent or proxy in between may insist on it
        if (Namespace is not null)
            request.Headers.Add("X-Vault-Namespace", Namespace);
        if (body is not null)
            request.Content = new StringContent(
                JsonSerializer.Serialize(body, body.GetType()),
                Encoding.UTF8,
                "application/json"
            );
        using var response = await _http.SendAsync(request, cancellation);
        using var document = Parse(await TextAsync(response));
        var answer = document?.RootElement ?? default;
        if (!response.IsSuccessStatusCode)
            throw Fault(response, method, path, answer);
        if (document is null && method == HttpMethod.Get)
            throw VaultErrors.VaultAnswerUnreadable(Address, path, "it is no JSON object");
        try
        {
            return new(
                read(answer),
                [.. VaultJson.Texts(answer, "warnings").Select(Redact)],
                VaultJson.Text(answer, "request_id")
            );
        }
        catch (FormatException fault)
        {
            throw VaultErrors.VaultAnswerUnreadable(Address, path, fault.Message);
        }
    }

    private VaultFault Fault(HttpResponseMessage response, HttpMethod method, string path, JsonElement answer)
    {
        var errors = VaultJson.Texts(answer, "errors").Select(Redact).ToList();
        return new VaultFault((int)response.StatusCode, method.Method, path, errors)
        {
            Location = response.Headers.Location,
            IsThrottled =
                (int)response.StatusCode == 429
                && (
                    response.Headers.RetryAfter is not null
                    || errors.Any(e => e.IndexOf("quota", StringComparison.OrdinalIgnoreCase) >= 0)
                ),
        };
    }

    /// <summary>Vault hands on what the cloud says, which may repeat what was sent: of a wrong AWS signature the whole canonical request.</summary>
    private string Redact(string text)
    {
        foreach (var secret in new[] { _connection.Token, _connection.CloudCredentials?.Password }.OfType<Secret>())
            text = text.Replace(secret.Reveal(), "(secret)");
        var canonical = text.IndexOf("The Canonical String", StringComparison.OrdinalIgnoreCase);
        if (canonical >= 0)
            text = text.Substring(0, canonical);
        text = System.Text.RegularExpressions.Regex.Replace(text, @"\s+", " ").Trim();
        return text.Length <= LongestSentence ? text : text.Substring(0, LongestSentence) + "…";
    }

    /// <summary>The whole answer is there already: SendAsync waits for it.</summary>
    private static Task<string> TextAsync(HttpResponseMessage response) => response.Content.ReadAsStringAsync();

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
            return null; // 204, or a page of whatever stands in between
        }
    }

    private static string Escape(string name) => Uri.EscapeDataString(name);
}
