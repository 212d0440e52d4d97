namespace CockroachCmek;

/// <summary>The credentials with which Azure is called.</summary>
public enum AzureCredential
{
    /// <summary>
    /// The first that is found: environment variables, workload identity, managed identity, the Azure CLI, Azure
    /// PowerShell. In Azure Automation the managed identity alone. Never a browser.
    /// </summary>
    Default,

    /// <summary>AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret or certificate in the environment.</summary>
    Environment,

    /// <summary>The account that is signed in with <c>az login</c>.</summary>
    AzureCli,

    /// <summary>The account that is signed in with <c>Connect-AzAccount</c>.</summary>
    AzurePowerShell,

    /// <summary>The identity of the machine or of the Automation account.</summary>
    ManagedIdentity,

    /// <summary>The account of a person who signs in in a browser.</summary>
    Interactive,
}

/// <summary>One of Microsoft's clouds.</summary>
public enum AzureEnvironment
{
    /// <summary>The public Azure cloud.</summary>
    Public,

    /// <summary>Azure Government (United States).</summary>
    USGovernment,

    /// <summary>Azure in China, operated by 21Vianet.</summary>
    China,
}
