using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// A certificate authority and a server certificate for Azure's host names, created at start and never written to a
/// file or a certificate store. Azure's clients require TLS. Clients of the sandbox trust this authority; the machine
/// does not.
/// </summary>
internal sealed class AzureCertificates
{
    private static readonly string[] Names =
    [
        "localhost",
        "*.vault.azure.net",
        "management.azure.com",
        "graph.microsoft.com",
        "login.microsoftonline.com",
        "login.windows.net",
        "api.loganalytics.azure.com",
        "api.loganalytics.io",
        "*.vault.usgovcloudapi.net",
        "management.usgovcloudapi.net",
        "graph.microsoft.us",
        "login.microsoftonline.us",
        "*.vault.azure.cn",
        "management.chinacloudapi.cn",
        "microsoftgraph.chinacloudapi.cn",
        "login.chinacloudapi.cn",
    ];

    public AzureCertificates(DateTimeOffset now)
    {
        var (from, until) = (now.AddDays(-1), now.AddDays(30));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=CockroachCmek sandbox CA", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        authority.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true)
        );
        authority.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(authority.PublicKey, false));
        using var signer = authority.CreateSelfSigned(from, until);
        // The published certificate has no private key, so nobody can sign with it.
        Authority = new X509Certificate2(signer.Export(X509ContentType.Cert));

        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=CockroachCmek sandbox", serverKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in Names)
            names.AddDnsName(name);
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var signed = request.Create(signer, from, until, Guid.NewGuid().ToByteArray());
        using var whole = signed.CopyWithPrivateKey(serverKey);
        // SslStream on Windows needs a key that was imported from a PFX; an ephemeral key does not work.
        Server = new X509Certificate2(whole.Export(X509ContentType.Pfx));
    }

    public X509Certificate2 Authority { get; }

    public X509Certificate2 Server { get; }

    public string Pem =>
        "-----BEGIN CERTIFICATE-----\n"
        + Convert.ToBase64String(Authority.RawData, Base64FormattingOptions.InsertLineBreaks).Replace("\r\n", "\n")
        + "\n-----END CERTIFICATE-----\n";
}
