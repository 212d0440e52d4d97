namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>What keeps a log from reaching back further.</summary>
internal enum AzureLogLimit
{
    /// <summary>The workspace keeps no older entries.</summary>
    Retention,

    /// <summary>The diagnostic setting was created or changed.</summary>
    Changed,

    /// <summary>Older changes of the setting are not known: the activity log goes back 90 days.</summary>
    ActivityLog,
}

/// <summary>A workspace that a Key Vault's audit log goes to, and what is known about it.</summary>
/// <param name="Setting">The diagnostic setting.</param>
/// <param name="Workspace">The workspace.</param>
/// <param name="Tables">The tables that have entries of the Key Vault.</param>
internal sealed record AzureLogSource(
    AzureDiagnosticSetting Setting,
    AzureLogWorkspace Workspace,
    IReadOnlyList<AzureAuditTable> Tables
)
{
    /// <summary>The oldest entry of the Key Vault; null when there is none.</summary>
    public DateTimeOffset? FirstEntry { get; init; }

    /// <summary>
    /// From when on the log is known to have been on, without a pause, and to be kept; null when that is not known.
    /// </summary>
    public DateTimeOffset? KnownFrom { get; init; }

    /// <summary>What determines <see cref="KnownFrom"/>.</summary>
    public AzureLogLimit Limit { get; init; }

    /// <summary>For people.</summary>
    public string Name => $"Log Analytics workspace {Workspace.Name}";
}

/// <summary>Every source for a Key Vault, and what could not be read.</summary>
/// <param name="KeyVault">The Key Vault; null when it could not be found.</param>
internal sealed record AzureLogSources(
    AzureKeyVault? KeyVault,
    IReadOnlyList<AzureLogSource> Sources,
    IReadOnlyList<CmekLogGap> Gaps
);
