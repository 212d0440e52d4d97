namespace CockroachCmek.Sandbox.Azure;

/// <summary>The rights that a principal of the sandbox has from the start.</summary>
[Flags]
public enum AzureRights
{
    /// <summary>No rights.</summary>
    None = 0,

    /// <summary>Owner of the subscription: key vaults and role assignments, but no keys.</summary>
    Subscription = 1,

    /// <summary>
    /// Key Vault Administrator in the subscription, and all key permissions in the key vault with access policies.
    /// </summary>
    Keys = 2,

    /// <summary>Application.ReadWrite.All and DelegatedPermissionGrant.ReadWrite.All on Microsoft Graph.</summary>
    Graph = 4,

    /// <summary>Application.Read.All on Microsoft Graph: can read service principals, but not add them.</summary>
    GraphRead = 8,

    /// <summary>Group.ReadWrite.All on Microsoft Graph: groups and who is in them.</summary>
    Groups = 16,

    /// <summary>GroupMember.Read.All on Microsoft Graph: can read who is in which group.</summary>
    GroupsRead = 32,

    /// <summary>Subscription, keys, Microsoft Graph and groups.</summary>
    All = Subscription | Keys | Graph | Groups,
}
