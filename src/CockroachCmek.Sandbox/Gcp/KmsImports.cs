using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A job that key material is wrapped for.</summary>
internal sealed class ImportJob(string name, string method, string protectionLevel, DateTimeOffset created)
{
    /// <summary>Jobs are made ready in the background and live for three days (Cloud KMS documentation, key import).</summary>
    private static readonly TimeSpan Generation = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Life = TimeSpan.FromDays(3);

    private readonly RSAParameters _key = NewKey(method);

    public string Name { get; } = name;
    public string ProtectionLevel { get; } = protectionLevel;

    public string State(DateTimeOffset now) =>
        now < created + Generation ? "PENDING_GENERATION"
        : now < created + Life ? "ACTIVE"
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
            ["expireTime"] = GcpTime.Write(created + Life),
            ["state"] = state,
        };
        if (state != "PENDING_GENERATION")
            json["generateTime"] = GcpTime.Write(created + Generation);
        if (state == "EXPIRED")
            json["expireEventTime"] = GcpTime.Write(created + Life);
        if (state == "ACTIVE")
            json["publicKey"] = new JsonObject { ["pem"] = RsaKeys.PublicPem(_key) };
        return json;
    }

    /// <summary>The material, or null when it was not wrapped for this job. With _AES_256 the RSA part wraps a key of one use, which wraps the material.</summary>
    public byte[]? Unwrap(byte[] wrapped)
    {
        using var rsa = RsaKeys.Open(_key);
        var padding = method.Contains("_SHA1_") ? RSAEncryptionPadding.OaepSHA1 : RSAEncryptionPadding.OaepSHA256;
        var length = _key.Modulus!.Length;
        var twoSteps = method.EndsWith("_AES_256", StringComparison.Ordinal);
        if (twoSteps ? wrapped.Length <= length : wrapped.Length != length)
            return null;
        try
        {
            var first = rsa.Decrypt([.. wrapped.Take(length)], padding);
            return !twoSteps ? first
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

/// <summary>Cloud KMS: import jobs, and versions whose material comes from outside. HashiCorp Vault brings keys this way.</summary>
internal sealed class KmsImports(SandboxClock clock, GcpData data, GcpAccess access, KmsRings rings, KmsKeys keys)
{
    /// <summary>Null when the route is not about imports.</summary>
    public JsonObject? Answer(GcpCall call)
    {
        switch (call.Route)
        {
            case "POST locations/*/keyRings/*/importJobs":
                return Create(call);
            case "GET locations/*/keyRings/*/importJobs":
                call.AllowQuery("filter", "orderBy", "pageSize", "pageToken");
                access.Need(call.Principal, "cloudkms.importJobs.list", call.Up(1));
                rings.NeedRing(call.Up(1));
                return call.Page(
                    "importJobs",
                    data.ImportJobs.Values.Where(j => j.Name.StartsWith(call.Name + "/", StringComparison.Ordinal))
                        .Select(j => j.ToJson(clock.UtcNow)),
                    1000,
                    withTotal: true
                );
            case "GET locations/*/keyRings/*/importJobs/*":
                call.AllowQuery();
                access.Need(call.Principal, "cloudkms.importJobs.get", call.Name);
                rings.NeedRing(call.Up(2));
                return (
                    data.ImportJobs.TryGetValue(call.Name, out var job)
                        ? job
                        : throw GcpFault.NotFound($"ImportJob {call.Name}")
                ).ToJson(clock.UtcNow);
            case "POST locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions:import":
                return Import(call);
            default:
                return null;
        }
    }

    private JsonObject Create(GcpCall call)
    {
        call.AllowQuery("importJobId");
        access.Need(call.Principal, "cloudkms.importJobs.create", call.Up(1));
        rings.NeedRing(call.Up(1));
        GcpCall.AllowFields(call.Body, "import_job", "name", "importMethod", "protectionLevel", "createTime", "state");
        var id = call.Argument("importJobId");
        if (!KmsRings.IsId(id))
            throw GcpFault.Invalid($"The import_job_id '{id}' must match [a-zA-Z0-9_-]{{1,63}}.");
        var (method, level) = (
            GcpCall.Text(call.Body, "importMethod") ?? "",
            GcpCall.Text(call.Body, "protectionLevel") ?? ""
        );
        if (!Regex.IsMatch(method, "^RSA_OAEP_(3072|4096)_(SHA1_AES_256|SHA256|SHA256_AES_256)$"))
            throw GcpFault.Invalid($"The import_method {method} is not valid.");
        if (level is not ("SOFTWARE" or "HSM"))
            throw GcpFault.Invalid($"The protection level of an import job must be SOFTWARE or HSM, not '{level}'.");
        var name = $"{call.Name}/{id}";
        if (data.ImportJobs.ContainsKey(name))
            throw GcpFault.Exists($"ImportJob {name}");
        return (data.ImportJobs[name] = new ImportJob(name, method, level, clock.UtcNow)).ToJson(clock.UtcNow);
    }

    private JsonObject Import(GcpCall call)
    {
        call.AllowQuery();
        GcpCall.AllowFields(
            call.Body,
            "",
            "importJob",
            "algorithm",
            "wrappedKey",
            "rsaAesWrappedKey",
            "cryptoKeyVersion"
        );
        access.Need(call.Principal, "cloudkms.cryptoKeyVersions.create", call.Up(1));
        var jobName = GcpCall.Text(call.Body, "importJob") ?? throw GcpFault.Invalid("The import_job is missing.");
        access.Need(call.Principal, "cloudkms.importJobs.useToImport", jobName);
        var key = keys.Existing(call.Up(1));
        if (!data.ImportJobs.TryGetValue(jobName, out var job))
            throw GcpFault.NotFound($"ImportJob {jobName}");
        if (!jobName.StartsWith(call.Up(3) + "/importJobs/", StringComparison.Ordinal))
            throw GcpFault.Invalid("The import job is in another key ring than the key.");
        if (job.ProtectionLevel != key.ProtectionLevel)
            throw GcpFault.Invalid(
                $"The protection level of the import job is {job.ProtectionLevel}, that of the key is {key.ProtectionLevel}."
            );
        if (job.State(clock.UtcNow) is not "ACTIVE" and var state)
            throw GcpFault.Precondition($"The import job {jobName} is {state}, not ACTIVE.");
        if (key.Purpose != "ENCRYPT_DECRYPT" || GcpCall.Text(call.Body, "algorithm") != "GOOGLE_SYMMETRIC_ENCRYPTION")
            throw GcpFault.Invalid("This sandbox imports material of GOOGLE_SYMMETRIC_ENCRYPTION only.");
        if (GcpCall.Text(call.Body, "cryptoKeyVersion") is not null)
            throw GcpFault.Invalid("This sandbox does not import into a version that exists.");
        if (GcpCall.Text(call.Body, "wrappedKey") is null == GcpCall.Text(call.Body, "rsaAesWrappedKey") is null)
            throw GcpFault.Invalid("Either wrapped_key or rsa_aes_wrapped_key must be set.");
        var material = job.Unwrap(
            GcpCall.Bytes(call.Body, GcpCall.Text(call.Body, "wrappedKey") is null ? "rsaAesWrappedKey" : "wrappedKey")
        );
        var failure =
            material is null ? "The wrapped key could not be unwrapped with the key of the import job."
            : material.Length == 32 ? null
            : string.Format(
                CultureInfo.InvariantCulture,
                "The key material has {0} bytes instead of 32.",
                material.Length
            );
        return key.AddImported(clock.UtcNow, jobName, failure is null ? material : null, failure).ToJson();
    }
}

/// <summary>AES key wrap with padding (RFC 5649), the way back.</summary>
internal static class KeyWrap
{
    private static readonly byte[] Mark = [0xA6, 0x59, 0x59, 0xA6];

    /// <summary>Null when the blob was not wrapped with this key.</summary>
    public static byte[]? Unwrap(byte[] key, byte[] blob)
    {
        if (blob.Length < 16 || blob.Length % 8 != 0)
            return null;
        using var aes = Aes.Create();
        aes.Key = key;
        aes.Mode = CipherMode.ECB;
        aes.Padding = PaddingMode.None;
        using var decryptor = aes.CreateDecryptor();
        var blocks = (blob.Length / 8) - 1;
        byte[] head = [.. blob.Take(8)];
        byte[] body = [.. blob.Skip(8)];
        if (blocks == 1)
        {
            var both = decryptor.TransformFinalBlock(blob, 0, 16);
            (head, body) = ([.. both.Take(8)], [.. both.Skip(8)]);
        }
        else
        {
            for (var step = 6 * blocks; step > 0; step--)
            {
                var at = 8 * ((step - 1) % blocks);
                byte[] input = [.. head, .. body.Skip(at).Take(8)];
                for (var i = 0; i < 4; i++)
                    input[7 - i] ^= (byte)(step >> (8 * i));
                var output = decryptor.TransformFinalBlock(input, 0, 16);
                head = [.. output.Take(8)];
                Buffer.BlockCopy(output, 8, body, at, 8);
            }
        }

        var length = (head[4] << 24) | (head[5] << 16) | (head[6] << 8) | head[7];
        var fits =
            head.Take(4).SequenceEqual(Mark)
            && length > body.Length - 8
            && length <= body.Length
            && body.Skip(length).All(b => b == 0);
        return fits ? [.. body.Take(length)] : null;
    }
}
