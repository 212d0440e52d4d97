using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Aws;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Keys of service accounts: real RSA keys, in the file that Google's clients read; its token_uri is this sandbox's.</summary>
internal sealed class ServiceAccountKeys(SandboxClock clock, Func<Uri> endpoint)
{
    private const int MostKeys = 10;
    private static readonly DateTimeOffset Never = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);

    public JsonObject Create(ServiceAccount account, JsonObject body)
    {
        GcpCall.AllowFields(body, "", "privateKeyType", "keyAlgorithm");
        var (type, algorithm) = (
            GcpCall.Text(body, "privateKeyType") ?? "TYPE_GOOGLE_CREDENTIALS_FILE",
            GcpCall.Text(body, "keyAlgorithm") ?? "KEY_ALG_RSA_2048"
        );
        if (type != "TYPE_GOOGLE_CREDENTIALS_FILE")
            throw GcpFault.Invalid($"This sandbox makes keys as TYPE_GOOGLE_CREDENTIALS_FILE, not as {type}.");
        if (algorithm is not ("KEY_ALG_RSA_2048" or "KEY_ALG_UNSPECIFIED"))
            throw GcpFault.Invalid($"This sandbox makes keys as KEY_ALG_RSA_2048, not as {algorithm}.");
        if (account.Keys.Count >= MostKeys)
            throw GcpFault.Precondition($"Service account {account.Email} has {MostKeys} keys already.");
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
        var answer = ToJson(account, key);
        answer["privateKeyType"] = type;
        answer["privateKeyData"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(file.ToJsonString()));
        return answer;
    }

    public static JsonObject List(ServiceAccount account, IEnumerable<KeyValuePair<string, string>> query)
    {
        var types = query.Where(p => p.Key == "keyTypes").Select(p => p.Value).ToArray();
        if (account.Keys.Count == 0 || (types.Length > 0 && !types.Contains("USER_MANAGED")))
            return [];
        return new JsonObject { ["keys"] = new JsonArray([.. account.Keys.Select(k => (JsonNode)ToJson(account, k))]) };
    }

    public static JsonObject Delete(ServiceAccount account, string id) =>
        account.Keys.RemoveAll(k => k.Id == id) > 0 ? [] : throw GcpFault.NotFound($"Service account key {id}");

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
