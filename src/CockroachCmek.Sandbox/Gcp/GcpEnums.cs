using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// Cloud KMS's enums as numbers (google/cloud/kms/v1/resources.proto). The official Node client sends them so, and asks
/// for them with $alt=json;enum-encoding=int.
/// </summary>
internal static class GcpEnums
{
    private static readonly IReadOnlyDictionary<string, int> Algorithms = new Dictionary<string, int>
    {
        ["GOOGLE_SYMMETRIC_ENCRYPTION"] = 1,
        ["AES_128_GCM"] = 41,
        ["AES_256_GCM"] = 19,
        ["AES_128_CBC"] = 42,
        ["AES_256_CBC"] = 43,
        ["AES_128_CTR"] = 44,
        ["AES_256_CTR"] = 45,
        ["RSA_SIGN_PSS_2048_SHA256"] = 2,
        ["RSA_SIGN_PSS_3072_SHA256"] = 3,
        ["RSA_SIGN_PSS_4096_SHA256"] = 4,
        ["RSA_SIGN_PSS_4096_SHA512"] = 15,
        ["RSA_SIGN_PKCS1_2048_SHA256"] = 5,
        ["RSA_SIGN_PKCS1_3072_SHA256"] = 6,
        ["RSA_SIGN_PKCS1_4096_SHA256"] = 7,
        ["RSA_SIGN_PKCS1_4096_SHA512"] = 16,
        ["RSA_DECRYPT_OAEP_2048_SHA256"] = 8,
        ["RSA_DECRYPT_OAEP_3072_SHA256"] = 9,
        ["RSA_DECRYPT_OAEP_4096_SHA256"] = 10,
        ["RSA_DECRYPT_OAEP_4096_SHA512"] = 17,
        ["EC_SIGN_P256_SHA256"] = 12,
        ["EC_SIGN_P384_SHA384"] = 13,
        ["HMAC_SHA1"] = 33,
        ["HMAC_SHA224"] = 36,
        ["HMAC_SHA256"] = 32,
        ["HMAC_SHA384"] = 34,
        ["HMAC_SHA512"] = 35,
    };

    private static readonly IReadOnlyDictionary<string, int> Purposes = new Dictionary<string, int>
    {
        ["ENCRYPT_DECRYPT"] = 1,
        ["ASYMMETRIC_SIGN"] = 5,
        ["ASYMMETRIC_DECRYPT"] = 6,
        ["RAW_ENCRYPT_DECRYPT"] = 7,
        ["MAC"] = 9,
    };

    private static readonly IReadOnlyDictionary<string, int> Levels = new Dictionary<string, int>
    {
        ["SOFTWARE"] = 1,
        ["HSM"] = 2,
        ["EXTERNAL"] = 3,
        ["EXTERNAL_VPC"] = 4,
    };

    private static readonly IReadOnlyDictionary<string, int> VersionStates = new Dictionary<string, int>
    {
        ["ENABLED"] = 1,
        ["DISABLED"] = 2,
        ["DESTROYED"] = 3,
        ["DESTROY_SCHEDULED"] = 4,
        ["PENDING_GENERATION"] = 5,
        ["PENDING_IMPORT"] = 6,
        ["IMPORT_FAILED"] = 7,
        ["GENERATION_FAILED"] = 8,
    };

    private static readonly IReadOnlyDictionary<string, int> JobStates = new Dictionary<string, int>
    {
        ["PENDING_GENERATION"] = 1,
        ["ACTIVE"] = 2,
        ["EXPIRED"] = 3,
    };

    private static readonly IReadOnlyDictionary<string, int> ImportMethods = new Dictionary<string, int>
    {
        ["RSA_OAEP_3072_SHA1_AES_256"] = 1,
        ["RSA_OAEP_4096_SHA1_AES_256"] = 2,
        ["RSA_OAEP_3072_SHA256_AES_256"] = 3,
        ["RSA_OAEP_4096_SHA256_AES_256"] = 4,
        ["RSA_OAEP_3072_SHA256"] = 5,
        ["RSA_OAEP_4096_SHA256"] = 6,
    };

    /// <summary>Replaces numbers in a request by names. An unknown number stays and is refused later.</summary>
    public static void ToNames(JsonNode? node, bool isImportJob) =>
        Replace(node, isImportJob, (values, value) =>
            value.TryGetValue<int>(out var number) ? values.FirstOrDefault(v => v.Value == number).Key : null
        );

    /// <summary>Replaces names in a response by numbers.</summary>
    public static void ToNumbers(JsonNode? node, bool isImportJob) =>
        Replace(node, isImportJob, (values, value) =>
            value.TryGetValue<string>(out var name) && values.TryGetValue(name, out var number) ? number : null
        );

    private static IReadOnlyDictionary<string, int>? Values(string field, bool isImportJob) =>
        field switch
        {
            "algorithm" => Algorithms,
            "purpose" => Purposes,
            "protectionLevel" => Levels,
            "importMethod" => ImportMethods,
            "state" => isImportJob ? JobStates : VersionStates,
            _ => null,
        };

    private static void Replace(
        JsonNode? node,
        bool isImportJob,
        Func<IReadOnlyDictionary<string, int>, JsonValue, JsonNode?> replacement
    )
    {
        if (node is JsonArray items)
            foreach (var item in items)
                Replace(item, isImportJob, replacement);
        if (node is not JsonObject message)
            return;
        foreach (var field in message.ToList())
            if (
                field.Value is JsonValue value
                && Values(field.Key, isImportJob) is { } values
                && replacement(values, value) is { } other
            )
                message[field.Key] = other;
            else
                Replace(field.Value, isImportJob, replacement);
    }
}
