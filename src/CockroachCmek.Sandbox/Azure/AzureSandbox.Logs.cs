using CockroachCmek.Sandbox.Azure.Logs;

namespace CockroachCmek.Sandbox.Azure;

// The audit log of the key vaults.
public sealed partial class AzureSandbox
{
    /// <summary>
    /// The Log Analytics workspace. No key vault sends its log there until a diagnostic setting says so.
    /// </summary>
    public string WorkspaceId =>
        $"/subscriptions/{SubscriptionId}/resourceGroups/{ResourceGroup}/providers/{ArmWorkspaces.Type}/"
        + AzureSetup.Workspace;

    /// <summary>
    /// True if queries of Log Analytics return only a part of the result, with status 200 and PartialError in the
    /// body. Default: false.
    /// </summary>
    public bool QueriesArePartial
    {
        get => Locked(_ => _data.QueriesArePartial);
        set => Locked(_ => _data.QueriesArePartial = value);
    }

    /// <summary>How long an entry takes to arrive in a workspace, in sandbox time. Default: 3 minutes.</summary>
    public TimeSpan LogDelay
    {
        get => Locked(_ => _data.LogDelay);
        set => Locked(_ => _data.LogDelay = value);
    }

    /// <summary>True if a key vault sends its log somewhere.</summary>
    internal bool IsLogged => Locked(_ => _data.DiagnosticSettings.Count > 0);

    /// <summary>
    /// Sends the audit log of a key vault to the workspace, to AZKVAuditLogs or to AzureDiagnostics. It has been so for
    /// long. Default: the key vault with role-based access.
    /// </summary>
    public void LogKeyVault(string? name = null, bool isDedicated = true) =>
        Locked(context => _setup.LogKeyVault(context.FindKeyVault(name ?? VaultName)!, isDedicated));
}
