using System.Net;
using System.Net.Http;
#if NET
using System.Globalization;
using System.Text.RegularExpressions;
#endif

namespace CockroachCmek.Core.Http;

/// <summary>A proxy that refuses to connect to a host (CONNECT). Asking again does not change its rules.</summary>
internal static class ProxyRefusal
{
    /// <summary>The status by which the proxy refused; null for any other failure, and for one that may pass.</summary>
    public static int? StatusOf(Exception error)
    {
        var status = Read(error);
        return status is >= 400 and < 500 ? status : null;
    }

#if NET
    /// <summary>.NET has the status in the text only: "... failed with status code '403'".</summary>
    private static int? Read(Exception error) =>
        error is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError }
        && Regex.Match(error.Message, "'([1-5][0-9]{2})'") is { Success: true } status
            ? int.Parse(status.Groups[1].Value, CultureInfo.InvariantCulture)
            : null;
#else
    /// <summary>An error response of the server itself is not an exception on this platform.</summary>
    private static int? Read(Exception error)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
            if (inner is WebException { Response: HttpWebResponse response })
                return (int)response.StatusCode;
        return null;
    }
#endif
}
