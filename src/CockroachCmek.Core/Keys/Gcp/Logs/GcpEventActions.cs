using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp.Logs;

/// <summary>What a method of Cloud KMS does to a key.</summary>
/// <remarks>Source of the names: docs.cloud.google.com/kms/docs/audit-logging.</remarks>
internal static class GcpEventActions
{
    public static KeyEventAction Of(GcpLogEntry entry) =>
        entry.Method switch
        {
            "CreateCryptoKey" => KeyEventAction.Created,
            "CreateCryptoKeyVersion" or "UpdateCryptoKeyPrimaryVersion" => KeyEventAction.Rotated,
            "ImportCryptoKeyVersion" => KeyEventAction.MaterialImported,
            "DestroyCryptoKeyVersion" => KeyEventAction.DeletionScheduled,
            "RestoreCryptoKeyVersion" => KeyEventAction.DeletionCanceled,
            "DeleteCryptoKey" or "DeleteCryptoKeyVersion" => KeyEventAction.Deleted,
            "SetIamPolicy" => KeyEventAction.PolicyChanged,
            "UpdateCryptoKeyVersion" when StateOf(entry) == "DISABLED" => KeyEventAction.Disabled,
            "UpdateCryptoKeyVersion" when StateOf(entry) == "ENABLED" => KeyEventAction.Enabled,
            "UpdateCryptoKey"
                when Text(entry.Request["updateMask"]).IndexOf("otation", StringComparison.Ordinal) >= 0 =>
                KeyEventAction.RotationChanged,
            _ => KeyEventAction.PropertiesChanged,
        };

    /// <summary>The method, the version, and what a policy lost and got.</summary>
    public static string Describe(GcpLogEntry entry)
    {
        var version = entry.Version.Length > 0 ? entry.Version : Text(entry.Request["cryptoKeyVersionId"]);
        return string.Join(
            ", ",
            new[]
            {
                entry.Method,
                version.Length > 0 ? $"version {version}" : "",
                string.Join("; ", entry.Changes),
            }.Where(t => t.Length > 0)
        );
    }

    private static string StateOf(GcpLogEntry entry) =>
        Text((entry.Request["cryptoKeyVersion"] as JsonObject)?["state"]);

    private static string Text(JsonNode? node) => node is JsonValue value ? value.ToString() : "";
}
