namespace CockroachCmek.Core.Http;

/// <summary>The base address of an API, as a person gave it.</summary>
internal static class BaseAddress
{
    /// <summary>The address to send requests below: a path is kept, because a gateway may need it.</summary>
    /// <param name="given">What was given.</param>
    /// <param name="api">The API's own path, for example "api/v1/".</param>
    /// <param name="parameter">The parameter of Connect-CrdbCloud, for the error.</param>
    /// <param name="insecure">The error for an address without encryption.</param>
    /// <exception cref="CmekException">EndpointInvalid, InsecureEndpoint.</exception>
    public static Uri Of(Uri given, string api, string parameter, Func<Uri, CmekException> insecure)
    {
        if (!given.IsAbsoluteUri)
            throw Errors.EndpointInvalid(parameter, "has no scheme, such as https");
        if (given.UserInfo.Length > 0)
            throw Errors.EndpointInvalid(parameter, "holds a user name or password, which do not belong there");
        if (given.Host.Length == 0)
            throw Errors.EndpointInvalid(parameter, "names no host");
        if (given.Query.Length > 0 || given.Fragment.Length > 0)
            throw Errors.EndpointInvalid(parameter, "has a query or a fragment, and is not a base address");
        if (given.Scheme != Uri.UriSchemeHttps && !(given.Scheme == Uri.UriSchemeHttp && given.IsLoopback))
            throw insecure(given);
        return new Uri(new Uri(given.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"), api);
    }
}
