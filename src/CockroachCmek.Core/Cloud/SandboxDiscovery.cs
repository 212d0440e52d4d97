using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cloud;

/// <summary>
/// Asks an endpoint on this machine whether it is a sandbox, so that every connection to a sandbox uses that sandbox's
/// clouds and never real credentials.
/// </summary>
internal static class SandboxDiscovery
{
    private const string Path = "/.well-known/cockroachcmek-sandbox";

    /// <summary>The header by which a sandbox is one, also to whom it does not know.</summary>
    private const string Mark = "X-CockroachCmek-Sandbox";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>The clouds of the sandbox at an endpoint; null when the endpoint is not a sandbox.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="apiKey">An API key of the sandbox.</param>
    /// <param name="isKeyChecked">True when a call to the endpoint follows, which fails with a wrong key.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    /// <exception cref="CmekException">
    /// SandboxKeyRefused: it is a sandbox that does not know the API key. The credentials of the environment are not for
    /// it.
    /// </exception>
    public static async Task<SandboxClouds?> FindAsync(
        Uri endpoint,
        Secret apiKey,
        bool isKeyChecked,
        CancellationToken cancellationToken
    )
    {
        if (!endpoint.IsLoopback)
            return null;
        using var handler = new HttpClientHandler { AllowAutoRedirect = false, UseProxy = false };
        using var http = new HttpClient(handler) { Timeout = Limit };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(endpoint, Path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey.Reveal());
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            if (!isKeyChecked && response.StatusCode == HttpStatusCode.Unauthorized && response.Headers.Contains(Mark))
                throw Errors.SandboxKeyRefused(endpoint);
            if (response.StatusCode != HttpStatusCode.OK)
                return null;
#if NET
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
#else
            var text = await response.Content.ReadAsStringAsync();
#endif
            return JsonNode.Parse(text) is JsonObject description ? new SandboxClouds(description) : null;
        }
        catch (Exception error)
            when (error is HttpRequestException or JsonException
                || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            // Whatever is wrong with the endpoint, the first real call reports it.
            return null;
        }
    }
}
