using System.Net.Http;

namespace CockroachCmek.Core.Cloud;

/// <summary>
/// CockroachDB Cloud for a session that must not call it: every request is refused before it is sent.
/// </summary>
internal sealed class UnreachableCloud : HttpMessageHandler
{
    /// <exception cref="CmekException">SessionKmsOnly, always.</exception>
    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    ) => throw Errors.SessionKmsOnly();
}
