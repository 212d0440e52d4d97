namespace CockroachCmek.Core.Http;

/// <summary>A service that the module sends credentials to, as errors about reaching it name it.</summary>
/// <param name="Name">For people, for example "CockroachDB Cloud".</param>
/// <param name="AddressAdvice">The command that gives another address.</param>
internal sealed record Peer(string Name, string AddressAdvice)
{
    /// <summary>For services whose addresses nobody gives.</summary>
    public const string DnsAdvice =
        "[System.Net.Dns]::GetHostAddresses('<host>')   (is it the service's address? A proxy or a private endpoint "
        + "may "
        + "be in the way)";

    /// <summary>The error about an untrusted certificate. Default: CertificateUntrusted.</summary>
    public Func<Uri, CertificateReport, Exception, CmekException>? Untrusted { get; init; }

    /// <summary>True for a status by which this service itself redirects, and which its client explains.</summary>
    public Func<int, bool> ExplainsRedirect { get; init; } = _ => false;

    /// <summary>True for the text of a refusal because of the time in the credentials. Default: none.</summary>
    public Func<string, bool>? RefusesForTime { get; init; }

    /// <summary>The largest response that is read, in bytes.</summary>
    public int LargestResponse { get; init; } = 32 * 1024 * 1024;
}
