using System.Globalization;

namespace CockroachCmek.Sandbox.Gcp.Logs;

/// <summary>How calls are named in the audit logs, and which type of log they belong to.</summary>
/// <remarks>
/// Source: docs.cloud.google.com/kms/docs/audit-logging, 2026-04-08. Encrypt and Decrypt are DATA_READ; a method's name
/// is short in Cloud KMS and long in IAM.
/// </remarks>
internal static class AuditMethods
{
    /// <summary>The method and its log type; null for a call that is not audited.</summary>
    public static (string Name, string LogType)? Of(string service, GcpCall call)
    {
        if (call.Verb == "testIamPermissions")
            return null;
        return service switch
        {
            "cloudkms.googleapis.com" => Kms(call),
            "iam.googleapis.com" when call.Path.Contains("serviceAccounts") => Iam(call),
            "cloudresourcemanager.googleapis.com" => Named(call.Verb.Length > 0 ? Capital(call.Verb) : "Get"),
            _ => null,
        };
    }

    private static (string, string)? Kms(GcpCall call)
    {
        var collection = call.Path[call.Path.Length - (call.Path.Length % 2 == 0 ? 2 : 1)];
        // Locations are not audited.
        if (collection == "locations")
            return null;
        var type = Capital(collection.TrimEnd('s'));
        return call.Verb switch
        {
            "encrypt" or "decrypt" => (Capital(call.Verb), "DATA_READ"),
            "updatePrimaryVersion" => Named("UpdateCryptoKeyPrimaryVersion"),
            "destroy" or "restore" or "import" => Named(Capital(call.Verb) + "CryptoKeyVersion"),
            "" => Named(Plain(call, type, "Update")),
            _ => Named(Capital(call.Verb)),
        };
    }

    private static (string, string)? Iam(GcpCall call)
    {
        if (call.Verb == "generateAccessToken")
            return ("GenerateAccessToken", "DATA_READ");
        var type = call.Path.Contains("keys") ? "ServiceAccountKey" : "ServiceAccount";
        var name = call.Verb switch
        {
            "" => Plain(call, type, "Patch"),
            "getIamPolicy" => "GetIAMPolicy",
            "setIamPolicy" => "SetIAMPolicy",
            _ => Capital(call.Verb) + type,
        };
        return ("google.iam.admin.v1." + name, Named(name).LogType);
    }

    private static string Plain(GcpCall call, string type, string patch) =>
        call.Method switch
        {
            "POST" => "Create" + type,
            "PATCH" => patch + type,
            "DELETE" => "Delete" + type,
            _ => call.Path.Length % 2 == 0 ? "Get" + type : $"List{type}s",
        };

    private static (string Name, string LogType) Named(string name) =>
        (
            name,
            name.StartsWith("Get", StringComparison.Ordinal) || name.StartsWith("List", StringComparison.Ordinal)
                ? "ADMIN_READ"
                : "ADMIN_WRITE"
        );

    private static string Capital(string text) =>
        text.Substring(0, 1).ToUpper(CultureInfo.InvariantCulture) + text.Substring(1);
}
