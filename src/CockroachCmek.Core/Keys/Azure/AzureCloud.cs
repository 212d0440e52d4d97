namespace CockroachCmek.Core.Keys.Azure;

/// <summary>What differs between Microsoft's clouds, in one place. Source: the endpoints that <c>az cloud show</c> prints for each.</summary>
internal sealed record AzureCloud(string CliName, Uri Login, Uri Arm, Uri Graph, string VaultSuffix)
{
    private static readonly AzureCloud Public = new(
        "AzureCloud",
        new("https://login.microsoftonline.com/"),
        new("https://management.azure.com/"),
        new("https://graph.microsoft.com/"),
        "vault.azure.net"
    );

    private static readonly AzureCloud USGovernment = new(
        "AzureUSGovernment",
        new("https://login.microsoftonline.us/"),
        new("https://management.usgovcloudapi.net/"),
        new("https://graph.microsoft.us/"),
        "vault.usgovcloudapi.net"
    );

    private static readonly AzureCloud China = new(
        "AzureChinaCloud",
        new("https://login.chinacloudapi.cn/"),
        new("https://management.chinacloudapi.cn/"),
        new("https://microsoftgraph.chinacloudapi.cn/"),
        "vault.azure.cn"
    );

    public static AzureCloud Of(AzureEnvironment environment) =>
        environment switch
        {
            AzureEnvironment.USGovernment => USGovernment,
            AzureEnvironment.China => China,
            _ => Public,
        };

    /// <summary>The page on which an administrator lets an application of another tenant in (managing-cmek.md, step 1).</summary>
    public Uri ConsentUrl(string tenantId, string applicationId) =>
        new(Login, $"{tenantId}/adminconsent?client_id={applicationId}");

    public Uri VaultUri(string name) => new($"https://{name.ToLowerInvariant()}.{VaultSuffix}/");
}
