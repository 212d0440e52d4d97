using System.Net;
using System.Net.Http;

namespace CockroachCmek.Core.Http;

/// <summary>
/// The machine's proxy, for https to other machines only. A proxy reads what is sent in clear. Plain http goes to this
/// machine and to metadata services, which no proxy can reach.
/// </summary>
internal sealed class EncryptedOnlyProxy : IWebProxy
{
    public ICredentials? Credentials
    {
        get => Machine?.Credentials;
        set { }
    }

    private static IWebProxy? Machine =>
#if NET
        HttpClient.DefaultProxy;
#else
        WebRequest.DefaultWebProxy;
#endif

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : Machine!.GetProxy(destination);

    public bool IsBypassed(Uri host) =>
        host.Scheme != Uri.UriSchemeHttps || host.IsLoopback || Machine is not { } machine || machine.IsBypassed(host);
}
