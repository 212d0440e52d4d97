using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Azure.Logs.Kusto;

namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>
/// The two tables that the audit log of key vaults can be in. Columns: azkvauditlogs-include.md of
/// MicrosoftDocs/azure-reference-other, and the suffixed ones that AzureDiagnostics makes of a service's own fields.
/// </summary>
internal static class KeyVaultLogTables
{
    public const string Dedicated = "AZKVAuditLogs";
    public const string Shared = "AzureDiagnostics";

    private static readonly KustoColumn[] DedicatedColumns = Columns(
        "datetime TimeGenerated;string OperationName OperationVersion ResultType ResultSignature ResultDescription;"
            + "int HttpStatusCode DurationMs;string CallerIpAddress CorrelationId RequestUri Id ClientInfo;"
            + "dynamic Identity KeyProperties;string AppliedAssignmentId Algorithm;bool IsRbacAuthorized "
            + "IsAccessPolicyMatch;"
            + "string TenantId SourceSystem Type _ResourceId _SubscriptionId"
    );

    private static readonly KustoColumn[] SharedColumns = Columns(
        "datetime TimeGenerated;string ResourceId Category ResourceGroup SubscriptionId ResourceProvider Resource "
            + "ResourceType OperationName ResultType CorrelationId ResultDescription ResultSignature CallerIPAddress "
            + "TenantId SourceSystem Type _ResourceId _SubscriptionId;int DurationMs"
    );

    private static readonly KustoColumn[] KeyVaultColumns = Columns(
        "string identity_claim_appid_g identity_claim_oid_g "
            + "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g requestUri_s id_s "
            + "clientInfo_s properties_s;real httpStatusCode_d;bool keyProperties_attributes_enabled_b"
    );

    /// <summary>A table of a workspace; null if it does not exist there.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="name">The table.</param>
    /// <param name="arrived">The time up to which entries have arrived.</param>
    /// <param name="entries">The entries that can be read.</param>
    public static KustoTable? Find(
        LogWorkspace workspace,
        string name,
        DateTimeOffset arrived,
        IEnumerable<KeyVaultEntry> entries
    ) =>
        name switch
        {
            Dedicated when workspace.FirstDedicated <= arrived => new KustoTable(
                DedicatedColumns,
                entries.Where(e => e.IsDedicated).Select(e => DedicatedRow(workspace, e))
            ),
            Shared => new KustoTable(
                [.. SharedColumns, .. workspace.FirstShared <= arrived ? KeyVaultColumns : []],
                entries.Where(e => !e.IsDedicated).Select(e => SharedRow(workspace, e))
            ),
            _ => null,
        };

    private static Dictionary<string, object?> DedicatedRow(LogWorkspace workspace, KeyVaultEntry entry)
    {
        var row = Common(workspace, entry, Dedicated);
        row["HttpStatusCode"] = (long)entry.Status;
        row["CallerIpAddress"] = "127.0.0.1";
        row["RequestUri"] = entry.Uri;
        row["Id"] = entry.KeyId;
        row["Identity"] = entry.Identity();
        row["KeyProperties"] = entry.KeyProperties();
        row["AppliedAssignmentId"] = entry.Assignment ?? "";
        row["IsRbacAuthorized"] = entry.Assignment is not null;
        row["IsAccessPolicyMatch"] = entry.Assignment is null && entry.Status < 300;
        return row;
    }

    private static Dictionary<string, object?> SharedRow(LogWorkspace workspace, KeyVaultEntry entry)
    {
        var parts = entry.KeyVaultId.ToUpperInvariant().Split('/');
        var row = Common(workspace, entry, Shared);
        row["ResourceId"] = entry.KeyVaultId.ToUpperInvariant();
        row["Category"] = "AuditEvent";
        row["SubscriptionId"] = parts[2].ToLowerInvariant();
        row["ResourceGroup"] = parts[4];
        row["ResourceProvider"] = "MICROSOFT.KEYVAULT";
        row["ResourceType"] = "VAULTS";
        row["Resource"] = parts[8];
        row["CallerIPAddress"] = "127.0.0.1";
        row["identity_claim_appid_g"] = entry.AppId ?? "";
        row["identity_claim_oid_g"] = entry.ObjectId ?? "";
        row["identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"] = entry.ObjectId ?? "";
        row["requestUri_s"] = entry.Uri;
        row["id_s"] = entry.KeyId;
        row["httpStatusCode_d"] = (double)entry.Status;
        row["keyProperties_attributes_enabled_b"] = entry.Enabled;
        row["properties_s"] = entry.Assignment is null
            ? ""
            : new JsonObject { ["appliedAssignmentId"] = entry.Assignment }.ToJsonString();
        return row;
    }

    private static Dictionary<string, object?> Common(LogWorkspace workspace, KeyVaultEntry entry, string table) =>
        new()
        {
            ["TimeGenerated"] = entry.At,
            ["OperationName"] = entry.Operation,
            ["ResultType"] = entry.Status < 300 ? "Success" : "Failed",
            ["ResultSignature"] = entry.Signature,
            ["ResultDescription"] = entry.Reason,
            ["CorrelationId"] = entry.CorrelationId,
            ["DurationMs"] = 8L,
            ["TenantId"] = workspace.CustomerId,
            ["SourceSystem"] = "Azure",
            ["Type"] = table,
            // In lower case, whatever the resource's own id looks like.
            ["_ResourceId"] = entry.KeyVaultId.ToLowerInvariant(),
            ["_SubscriptionId"] = entry.KeyVaultId.Split('/')[2],
        };

    private static KustoColumn[] Columns(string text) =>
        [
            .. text.Split(';')
                .Select(group => group.Split(' '))
                .SelectMany(group => group.Skip(1).Select(name => new KustoColumn(name, group[0]))),
        ];
}
