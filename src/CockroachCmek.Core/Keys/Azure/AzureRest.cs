using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Core;
using Azure.Core.Pipeline;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// JSON over Azure.Core's pipeline, which fetches and renews the tokens. Azure.Security.KeyVault.Keys cannot be
/// restored from the registry that CI reaches.
/// </summary>
internal sealed class AzureRest(AzureService service, HttpPipeline pipeline)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public Task<T> GetAsync<T>(Uri uri, CancellationToken cancellationToken) =>
        SendAsync<T>(RequestMethod.Get, uri, null, cancellationToken);

    /// <exception cref="AzureException">An error response.</exception>
    public async Task<T> SendAsync<T>(RequestMethod method, Uri uri, object? body, CancellationToken cancellationToken)
    {
        using var message = pipeline.CreateMessage();
        message.Request.Method = method;
        message.Request.Uri.Reset(uri);
        message.Request.Headers.Add("Accept", "application/json");
        if (body is not null)
        {
            message.Request.Headers.Add("Content-Type", "application/json");
            message.Request.Content = RequestContent.Create(JsonSerializer.SerializeToUtf8Bytes(body, Json));
        }
        else if (method == RequestMethod.Post)
        {
            // .NET repeats a request without content when a pooled connection closes before the response arrives. A key
            // would be rotated twice.
            message.Request.Content = RequestContent.Create(ReadOnlyMemory<byte>.Empty);
        }

        await pipeline.SendAsync(message, cancellationToken);
        // Microsoft Graph has a header of its own.
        ResponseId.Set(
            message.Response.Headers.TryGetValue("x-ms-request-id", out var id)
            || message.Response.Headers.TryGetValue("request-id", out id)
                ? id
                : null
        );
        if (message.Response.IsError)
            throw AzureException.From(service, message.Response);
        var content = message.Response.Content.ToMemory();
        if (content.Length == 0)
            return default!; // 204, and 200 of a DELETE
        return JsonSerializer.Deserialize<T>(content.Span, Json)!;
    }

    /// <summary>Every page of a list.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(Uri uri, CancellationToken cancellationToken)
    {
        var all = new List<T>();
        for (Uri? next = uri; next is not null; )
        {
            var page = await GetAsync<Page<T>>(next, cancellationToken)
                ?? throw new JsonException("the response is empty, not a list");
            all.AddRange(page.Value ?? []);
            // Key Vault ends a list with null or "". The next page must be on the same host, because the token is for
            // that host only.
            var link = string.IsNullOrEmpty(page.NextLink) ? page.ODataNextLink : page.NextLink;
            next = string.IsNullOrEmpty(link) ? null : new Uri(link!);
            if (next is not null && (next.Scheme != uri.Scheme || next.Authority != uri.Authority))
                throw new JsonException($"the next page is on another host, {next.Authority}");
        }

        return all;
    }

    private sealed record Page<T>(
        IReadOnlyList<T>? Value,
        string? NextLink,
        [property: JsonPropertyName("@odata.nextLink")] string? ODataNextLink
    );
}
