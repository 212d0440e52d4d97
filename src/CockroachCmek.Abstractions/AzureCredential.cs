namespace CockroachCmek;

/// <summary>With whose credentials Azure is asked.</summary>
public enum AzureCredential
{
    /// <summary>The first that is found: environment variables, workload identity, managed identity, the Azure CLI, Azure PowerShell. In Azure Automation the managed identity alone. Never a browser.</summary>
    Default,

    /// <summary>AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret or certificate in the environment.</summary>
    Environment,

    /// <summary>Whoever is signed in with <c>az login</c>.</summary>
    AzureCli,

    /// <summary>Whoever is signed in with <c>Connect-AzAccount</c>.</summary>
    AzurePowerShell,

    /// <summary>The identity of the machine or of the Automation account.</summary>
    ManagedIdentity,

    /// <summary>Somebody who signs in in a browser.</summary>
    Interactive,
}

/// <summary>Which of Microsoft's clouds.</summary>
public enum AzureEnvironment
{
    /// <summary>Azure.</summary>
    Public,

    /// <summary>Azure Government of the United States.</summary>
    USGovernment,

    /// <summary>Azure in China, run by 21Vianet.</summary>
    China,
}
