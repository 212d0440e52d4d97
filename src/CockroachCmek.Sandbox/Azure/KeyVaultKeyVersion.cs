using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>A version of a key, with its key material.</summary>
internal sealed class KeyVaultKeyVersion
{
    private readonly RSAParameters _rsa;
    private readonly ECParameters _curve;

    /// <param name="imported">The key pair to import. Default: a new one is generated.</param>
    public KeyVaultKeyVersion(
        string kty,
        int size,
        string? curve,
        DateTimeOffset created,
        RSAParameters? imported = null
    )
    {
        Kty = kty;
        Size = size;
        Curve = curve;
        Created = created;
        Updated = created;
        if (curve is not null)
            _curve = NewCurve(curve);
        else
            _rsa = imported is { } key ? Checked(key) : NewRsa(size);
    }

    public string Id { get; } = Guid.NewGuid().ToString("N");

    public string Kty { get; }

    public int Size { get; }

    /// <summary>Null for RSA.</summary>
    public string? Curve { get; }

    public DateTimeOffset Created { get; }

    public DateTimeOffset Updated { get; set; }

    public bool Enabled { get; set; } = true;

    public DateTimeOffset? NotBefore { get; set; }

    public DateTimeOffset? Expires { get; set; }

    public IReadOnlyList<string> Operations { get; set; } = [];

    public IReadOnlyDictionary<string, string> Tags { get; set; } = new Dictionary<string, string>();

    /// <summary>True for an RSA key; only these can encrypt.</summary>
    public bool IsRsa => Curve is null;

    /// <summary>The RSA key pair.</summary>
    public RSA OpenRsa() => Open(_rsa);

    /// <summary>The public key as a JSON Web Key without an id.</summary>
    public JsonObject PublicKey() =>
        IsRsa
            ? new JsonObject
            {
                ["kty"] = Kty,
                ["n"] = Base64Url.Encode(_rsa.Modulus!),
                ["e"] = Base64Url.Encode(_rsa.Exponent!),
            }
            : new JsonObject
            {
                ["kty"] = Kty,
                ["crv"] = Curve,
                ["x"] = Base64Url.Encode(_curve.Q.X!),
                ["y"] = Base64Url.Encode(_curve.Q.Y!),
            };

    private static RSAParameters NewRsa(int size)
    {
        using var rsa = Create(size);
        return rsa.ExportParameters(includePrivateParameters: true);
    }

    private static ECParameters NewCurve(string name)
    {
        using var curve = ECDsa.Create(
            name switch
            {
                "P-384" => ECCurve.NamedCurves.nistP384,
                "P-521" => ECCurve.NamedCurves.nistP521,
                _ => ECCurve.NamedCurves.nistP256,
            }
        );
        return curve.ExportParameters(includePrivateParameters: false);
    }

    /// <exception cref="CryptographicException">The parameters do not belong together.</exception>
    private static RSAParameters Checked(RSAParameters key)
    {
        using var rsa = Open(key);
        return key;
    }

    private static RSA Open(RSAParameters key)
    {
        var rsa = Create(8 * key.Modulus!.Length);
        rsa.ImportParameters(key);
        return rsa;
    }

    private static RSA Create(int size) =>
#if NET
        RSA.Create(size);
#else
        // The framework's default provider supports OAEP with SHA-1 only.
        new RSACng(size);
#endif
}
