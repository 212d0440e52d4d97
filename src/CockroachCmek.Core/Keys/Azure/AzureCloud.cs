namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The endpoints of one of Microsoft's clouds, as <c>az cloud show</c> prints them.</summary>
internal sealed record AzureCloud(Uri Login, Uri Arm, Uri Graph, string KeyVaultSuffix, Uri Logs, string LogsAudience)
{
    private static readonly AzureCloud Public = new(
        new("https://login.microsoftonline.com/"),
        new("https://management.azure.com/"),
        new("https://graph.microsoft.com/"),
        "vault.azure.net",
        // The audience keeps the older name (azure-monitor/logs/api/access-api.md).
        new("https://api.loganalytics.azure.com/"),
        "https://api.loganalytics.io"
    );

    private static readonly AzureCloud USGovernment = new(
        new("https://login.microsoftonline.us/"),
        new("https://management.usgovcloudapi.net/"),
        new("https://graph.microsoft.us/"),
        "vault.usgovcloudapi.net",
        new("https://api.loganalytics.us/"),
        "https://api.loganalytics.us"
    );

    private static readonly AzureCloud China = new(
        new("https://login.chinacloudapi.cn/"),
        new("https://management.chinacloudapi.cn/"),
        new("https://microsoftgraph.chinacloudapi.cn/"),
        "vault.azure.cn",
        new("https://api.loganalytics.azure.cn/"),
        "https://api.loganalytics.azure.cn"
    );

    /// <summary>Every cloud, for a text that is read before there is a connection.</summary>
    public static IReadOnlyList<AzureCloud> All { get; } = [Public, USGovernment, China];

    public static AzureCloud Of(AzureEnvironment environment) =>
        environment switch
        {
            AzureEnvironment.USGovernment => USGovernment,
            AzureEnvironment.China => China,
            _ => Public,
        };

    /// <summary>
    /// The page on which an administrator consents to another tenant's application (managing-cmek.md, step 1).
    /// </summary>
    public Uri ConsentUrl(string tenantId, string applicationId) =>
        new(Login, $"{tenantId}/adminconsent?client_id={applicationId}");

    public Uri KeyVaultUri(string name) => new($"https://{name.ToLowerInvariant()}.{KeyVaultSuffix}/");
}
