using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>An import job: key material is wrapped with its public key.</summary>
internal sealed class ImportJob(string name, string method, string protectionLevel, DateTimeOffset created)
{
    /// <summary>
    /// A job is generated in the background and expires after three days (Cloud KMS documentation, key import).
    /// </summary>
    private static readonly TimeSpan Generation = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(3);

    private readonly RSAParameters _key = NewKey(method);

    public string Name { get; } = name;
    public string ProtectionLevel { get; } = protectionLevel;

    public string State(DateTimeOffset now) =>
        now < created + Generation ? "PENDING_GENERATION"
        : now < created + Lifetime ? "ACTIVE"
        : "EXPIRED";

    public JsonObject ToJson(DateTimeOffset now)
    {
        var state = State(now);
        var json = new JsonObject
        {
            ["name"] = Name,
            ["importMethod"] = method,
            ["protectionLevel"] = ProtectionLevel,
            ["createTime"] = GcpTime.Write(created),
            ["expireTime"] = GcpTime.Write(created + Lifetime),
            ["state"] = state,
        };
        if (state != "PENDING_GENERATION")
            json["generateTime"] = GcpTime.Write(created + Generation);
        if (state == "EXPIRED")
            json["expireEventTime"] = GcpTime.Write(created + Lifetime);
        if (state == "ACTIVE")
            json["publicKey"] = new JsonObject { ["pem"] = RsaKeys.PublicPem(_key) };
        return json;
    }

    /// <summary>
    /// The material; null if it was not wrapped for this job. With _AES_256, RSA wraps a one-time AES key that wraps
    /// the material.
    /// </summary>
    public byte[]? Unwrap(byte[] wrapped)
    {
        using var rsa = RsaKeys.Open(_key);
        var padding = method.Contains("_SHA1_") ? RSAEncryptionPadding.OaepSHA1 : RSAEncryptionPadding.OaepSHA256;
        var length = _key.Modulus!.Length;
        var hasAesStep = method.EndsWith("_AES_256", StringComparison.Ordinal);
        if (hasAesStep ? wrapped.Length <= length : wrapped.Length != length)
            return null;
        try
        {
            var first = rsa.Decrypt([.. wrapped.Take(length)], padding);
            return !hasAesStep ? first
                : first.Length == 32 ? KeyWrap.Unwrap(first, [.. wrapped.Skip(length)])
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static RSAParameters NewKey(string method)
    {
        using var rsa = RsaKeys.Create(method.Contains("_3072_") ? 3072 : 4096);
        return rsa.ExportParameters(includePrivateParameters: true);
    }
}
