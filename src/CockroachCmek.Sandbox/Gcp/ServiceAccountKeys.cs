using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Aws;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// IAM v1: keys of service accounts, in the file format of Google's clients. Their token_uri is this sandbox.
/// </summary>
internal sealed class ServiceAccountKeys(SandboxClock clock, Func<Uri> endpoint)
{
    private const int MaxKeys = 10;
    private static readonly DateTimeOffset Never = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);

    public JsonObject Create(ServiceAccount account, JsonObject body)
    {
        GcpJson.AllowFields(body, "", "privateKeyType", "keyAlgorithm");
        var (type, algorithm) = (
            GcpJson.Text(body, "privateKeyType") ?? "TYPE_GOOGLE_CREDENTIALS_FILE",
            GcpJson.Text(body, "keyAlgorithm") ?? "KEY_ALG_RSA_2048"
        );
        if (type != "TYPE_GOOGLE_CREDENTIALS_FILE")
            throw GcpException.Invalid($"This sandbox makes keys as TYPE_GOOGLE_CREDENTIALS_FILE, not as {type}.");
        if (algorithm is not ("KEY_ALG_RSA_2048" or "KEY_ALG_UNSPECIFIED"))
            throw GcpException.Invalid($"This sandbox makes keys as KEY_ALG_RSA_2048, not as {algorithm}.");
        if (account.Keys.Count >= MaxKeys)
            throw GcpException.Precondition($"Service account {account.Email} has {MaxKeys} keys already.");
        using var rsa = RsaKeys.Create(2048);
        var id = string.Concat(
            KmsMaterial.RandomBytes(20).Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture))
        );
        var key = new ServiceAccountKey(id, rsa.ExportParameters(includePrivateParameters: false), clock.UtcNow);
        account.Keys.Add(key);
        var file = new JsonObject
        {
            ["type"] = "service_account",
            ["project_id"] = account.Project,
            ["private_key_id"] = id,
            ["private_key"] = RsaKeys.PrivatePem(rsa.ExportParameters(includePrivateParameters: true)),
            ["client_email"] = account.Email,
            ["client_id"] = account.UniqueId,
            ["auth_uri"] = new Uri(endpoint(), "auth").ToString(),
            ["token_uri"] = new Uri(endpoint(), "token").ToString(),
            ["universe_domain"] = "googleapis.com",
        };
        var json = ToJson(account, key);
        json["privateKeyType"] = type;
        json["privateKeyData"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(file.ToJsonString()));
        return json;
    }

    public static JsonObject List(ServiceAccount account, IEnumerable<KeyValuePair<string, string>> query)
    {
        var types = query.Where(p => p.Key == "keyTypes").Select(p => p.Value).ToArray();
        if (account.Keys.Count == 0 || (types.Length > 0 && !types.Contains("USER_MANAGED")))
            return [];
        return new JsonObject { ["keys"] = new JsonArray([.. account.Keys.Select(k => (JsonNode)ToJson(account, k))]) };
    }

    public static JsonObject Delete(ServiceAccount account, string id) =>
        account.Keys.RemoveAll(k => k.Id == id) > 0 ? [] : throw GcpException.NotFound($"Service account key {id}");

    private static JsonObject ToJson(ServiceAccount account, ServiceAccountKey key) =>
        new()
        {
            ["name"] = $"{account.Name}/keys/{key.Id}",
            ["validAfterTime"] = GcpTime.Write(key.Created),
            ["validBeforeTime"] = GcpTime.Write(Never),
            ["keyAlgorithm"] = "KEY_ALG_RSA_2048",
            ["keyOrigin"] = "GOOGLE_PROVIDED",
            ["keyType"] = "USER_MANAGED",
        };
}
