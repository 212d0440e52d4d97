namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>
/// One of the tables that a Key Vault's audit log can be in. They have the same content in other columns.
/// </summary>
internal sealed record AzureAuditTable(string Name, string Columns);

/// <summary>
/// Questions to a workspace. Sources: azkvauditlogs-include.md of MicrosoftDocs/azure-reference-other, and
/// key-vault/general/logging.md.
/// </summary>
internal static class AzureAuditQueries
{
    /// <summary>More groups of uses, or events, than a key has.</summary>
    public const int MostRows = 2_000;

    private const string Upn = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";

    /// <summary>The uses of a key: what the application of a cluster does with it.</summary>
    private static readonly string[] Uses = ["KeyWrap", "KeyUnwrap", "KeyEncrypt", "KeyDecrypt"];

    /// <summary>Changes of keys.</summary>
    private static readonly string[] Changes =
    [
        "KeyCreate",
        "KeyImport",
        "KeyRotate",
        "KeyRotateIfDue",
        "KeyUpdate",
        "KeyDelete",
        "KeyRecover",
        "KeyPurge",
        "KeyRestore",
        "KeyRotationPolicySet",
    ];

    /// <summary>Every table, the service's own one first.</summary>
    public static IReadOnlyList<AzureAuditTable> Tables { get; } =
    [
        new(
            "AZKVAuditLogs",
            $"App = tostring(Identity.claim.appid), User = tostring(Identity.claim[\"{Upn}\"]), "
                + "Uri = RequestUri, Status = HttpStatusCode, Kid = Id, Enabled = "
                + "tostring(KeyProperties.attributes.enabled)"
        ),
        // A column that was never ingested is an error, unless it is asked for.
        new(
            "AzureDiagnostics",
            "App = tostring(column_ifexists(\"identity_claim_appid_g\", \"\")), User = tostring(column_ifexists("
                + "\"identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_upn_s\", \"\")), "
                + "Uri = tostring(column_ifexists(\"requestUri_s\", \"\")), "
                + "Status = toint(column_ifexists(\"httpStatusCode_d\", 0.0)), "
                + "Kid = tostring(column_ifexists(\"id_s\", \"\")), "
                + "Enabled = tostring(column_ifexists(\"keyProperties_attributes_enabled_b\", \"\"))"
        ),
    ];

    /// <summary>
    /// Since when a table has entries of a Key Vault. It names only columns that every table has: where it is refused,
    /// there is no such table.
    /// </summary>
    public static string Coverage(AzureAuditTable table, string keyVaultId, int days) =>
        $"""
            {table.Name}
            | where TimeGenerated > ago({days}d)
            | where _ResourceId =~ {Quote(keyVaultId)}
            | summarize First = min(TimeGenerated), Entries = count()
            """;

    /// <summary>Who used a version of a key, how often, and when last.</summary>
    /// <param name="since">The oldest entry.</param>
    /// <param name="counted">From when on uses are counted.</param>
    public static string Usage(
        AzureAuditTable table,
        string keyVaultId,
        AzureKeyId key,
        DateTimeOffset since,
        DateTimeOffset counted
    ) =>
        $"""
            {table.Name}
            | where TimeGenerated >= {Time(since)}
            | where _ResourceId =~ {Quote(keyVaultId)}
            | where OperationName in ({string.Join(", ", Uses.Select(Quote))})
            | extend {table.Columns}
            | extend Path = tolower(tostring(parse_url(Uri).Path))
            | where Path startswith {Quote(PathOf(key))}
            | summarize Count = countif(TimeGenerated >= {Time(
                counted
            )}), Last = max(TimeGenerated) by App, User, OperationName, Path, Status, ResultSignature
            | take {MostRows}
            """;

    /// <summary>What happened to the keys of a Key Vault, newest first.</summary>
    public static string Events(AzureAuditTable table, string keyVaultId, DateTimeOffset since) =>
        $"""
            {table.Name}
            | where TimeGenerated >= {Time(since)}
            | where _ResourceId =~ {Quote(keyVaultId)}
            | where OperationName in ({string.Join(", ", Changes.Select(Quote))})
            | extend {table.Columns}
            | extend Path = tolower(tostring(parse_url(Uri).Path))
            | project TimeGenerated, OperationName, App, User, Path, Status, Kid, Enabled, ResultSignature,
                CorrelationId
            | order by TimeGenerated desc
            | take {MostRows}
            """;

    /// <summary>The beginning of the path of every request about a key, or about one version of it.</summary>
    private static string PathOf(AzureKeyId key) =>
        $"/keys/{key.Name}/{(key.Version is null ? "" : $"{key.Version}/")}".ToLowerInvariant();

    private static string Time(DateTimeOffset time) => $"datetime({AzureMonitor.Time(time)})";

    private static string Quote(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";
}
