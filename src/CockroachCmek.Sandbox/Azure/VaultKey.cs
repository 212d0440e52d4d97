using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>A key of a vault: its versions, its rotation policy, and whether it is deleted.</summary>
internal sealed class VaultKey(string name)
{
    /// <summary>Deleting and recovering take a moment, which the official clients wait for by asking again.</summary>
    private static readonly TimeSpan Transition = TimeSpan.FromSeconds(5);

    public string Name { get; } = name;

    /// <summary>Oldest first.</summary>
    public List<VaultKeyVersion> Versions { get; } = [];

    public VaultKeyVersion Latest => Versions[^1];

    public KeyRotationRule? Rotation { get; set; }

    public DateTimeOffset? Deleted { get; private set; }

    public DateTimeOffset Recovered { get; private set; } = DateTimeOffset.MinValue;

    public void Delete(DateTimeOffset now) => Deleted = now;

    public void Recover(DateTimeOffset now)
    {
        Deleted = null;
        Recovered = now + Transition;
    }

    public bool IsActive(DateTimeOffset now) => Deleted is null && now >= Recovered;

    public bool IsDeleted(DateTimeOffset now) => Deleted is { } since && now >= since + Transition;

    /// <summary>Makes the versions that the rotation policy says were due by now.</summary>
    public void Settle(DateTimeOffset now)
    {
        // A clock that runs fast must not make keys for minutes on end.
        for (
            var made = 0;
            made < 10 && Deleted is null && Rotation?.NextAfter(Latest.Created) is { } due && due <= now;
            made++
        )
            Rotate(due);
    }

    /// <summary>A new version like the last one.</summary>
    public void Rotate(DateTimeOffset at) =>
        Versions.Add(
            new VaultKeyVersion(Latest.Kty, Latest.Size, Latest.Curve, at)
            {
                Operations = Latest.Operations,
                Tags = Latest.Tags,
                Expires = Rotation?.ExpiryOf(at),
            }
        );
}

/// <summary>One version of a key, with its material.</summary>
internal sealed class VaultKeyVersion
{
    private readonly RSAParameters _rsa;
    private readonly ECParameters _curve;

    /// <param name="imported">Both halves of an RSA key that was made elsewhere; null to make one.</param>
    public VaultKeyVersion(string kty, int size, string? curve, DateTimeOffset created, RSAParameters? imported = null)
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

    /// <summary>False for keys that cannot encrypt.</summary>
    public bool IsRsa => Curve is null;

    /// <summary>Both halves of an RSA key.</summary>
    public RSA OpenRsa() => Open(_rsa);

    /// <summary>The public half, as a JSON Web Key without id.</summary>
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

    /// <summary>Refuses parameters that do not belong together.</summary>
    /// <exception cref="CryptographicException">They do not.</exception>
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

/// <summary>What a rotation policy comes to: when the next version is made, and how long one lasts. Durations are whole ISO 8601 dates.</summary>
internal sealed record KeyRotationRule(
    string? RotateAfterCreate,
    string? RotateBeforeExpiry,
    string? Lifetime,
    string LifetimeActions,
    DateTimeOffset Created,
    DateTimeOffset Updated
)
{
    private static readonly Regex Duration = new(
        "^P(?:(\\d+)Y)?(?:(\\d+)M)?(?:(\\d+)W)?(?:(\\d+)D)?$",
        RegexOptions.CultureInvariant
    );

    public DateTimeOffset? NextAfter(DateTimeOffset created) =>
        RotateAfterCreate is not null ? Add(created, RotateAfterCreate)
        : RotateBeforeExpiry is not null && ExpiryOf(created) is { } expiry ? Add(expiry, RotateBeforeExpiry, -1)
        : null;

    public DateTimeOffset? ExpiryOf(DateTimeOffset created) => Lifetime is null ? null : Add(created, Lifetime);

    /// <summary>Null when the text is no such duration.</summary>
    public static DateTimeOffset? Add(DateTimeOffset time, string duration, int sign = 1)
    {
        var match = Duration.Match(duration);
        if (!match.Success || duration.Length < 3 || match.Groups.Cast<Group>().Skip(1).Any(g => g.Length > 3))
            return null;
        int Part(int group) =>
            match.Groups[group].Success
                ? sign * int.Parse(match.Groups[group].Value, System.Globalization.CultureInfo.InvariantCulture)
                : 0;
        return time.AddYears(Part(1)).AddMonths(Part(2)).AddDays((7 * Part(3)) + Part(4));
    }
}
