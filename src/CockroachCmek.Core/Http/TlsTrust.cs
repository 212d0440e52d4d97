using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace CockroachCmek.Core.Http;

/// <summary>Which certificates a client trusts, and the one that it presents.</summary>
internal sealed record TlsTrust
{
    /// <summary>The only authorities to trust; null for those that the machine trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The client's own certificate, with its private key.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>What is wrong with a server's certificate, apart from its authority if that is one of ours.</summary>
    public SslPolicyErrors Remaining(X509Certificate2? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (Authorities is null || certificate is null)
            return errors;
        var others = errors & ~SslPolicyErrors.RemoteCertificateChainErrors;
        return IsSignedByOurs(certificate, sent) ? others : others | SslPolicyErrors.RemoteCertificateChainErrors;
    }

    /// <summary>
    /// .NET Framework cannot build a chain to custom roots only. So any root is accepted first, and the chain must
    /// then contain one of the given authorities.
    /// </summary>
    private bool IsSignedByOurs(X509Certificate2 certificate, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        chain.ChainPolicy.ExtraStore.AddRange(Authorities!);
        foreach (var element in sent?.ChainElements.Cast<X509ChainElement>() ?? [])
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        if (!chain.Build(certificate))
            return false;
        return chain
            .ChainElements.Cast<X509ChainElement>()
            .Any(e => Authorities!.Cast<X509Certificate2>().Any(a => a.RawData.SequenceEqual(e.Certificate.RawData)));
    }
}
