using System.Globalization;

namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>What the logs of Azure cannot tell, why, and what would help.</summary>
internal static class AzureLogGaps
{
    /// <summary>The audit log of a Key Vault goes nowhere that is read.</summary>
    public static CmekLogGap NotKept(AzureKeyVault keyVault, IReadOnlyList<AzureDiagnosticSetting> settings)
    {
        var audited = settings.Where(s => s.HasAudit).ToList();
        var why =
            settings.Count == 0 ? "It has no diagnostic setting, so Azure keeps no audit log of it."
            : audited.Count == 0
                ? $"None of its diagnostic settings ({Names(settings)}) has the category AuditEvent enabled."
            : $"Its audit log goes to {string.Join(" and ", audited.SelectMany(s => s.OtherDestinations).Distinct())} "
                + "only, which this module does not read.";
        return Of($"the audit log of Key Vault {keyVault.Name}", why, Enable(keyVault));
    }

    /// <summary>A workspace, or something else in the chain, that could not be read.</summary>
    public static CmekLogGap Unreadable(string what, string why, string remedy) => Of(what, why, remedy);

    /// <summary>The logs do not reach back as far as was asked.</summary>
    public static CmekLogGap Earlier(AzureLogSource source, DateTimeOffset from) =>
        Of(
            $"the time before {Time(from)}",
            source.Limit switch
            {
                AzureLogLimit.Retention =>
                    $"The workspace {source.Workspace.Name} keeps entries for {source.Workspace.RetentionDays} days.",
                AzureLogLimit.Changed =>
                    $"The diagnostic setting {source.Setting.Name} was created or changed at {Time(from)}. Before "
                        + "that the log may not have been sent.",
                _ => "The activity log, which shows changes of the diagnostic setting, goes back 90 days.",
            },
            source.Limit == AzureLogLimit.Retention
                ? "az monitor log-analytics workspace update --retention-time 365 "
                    + $"--ids {ShellQuote.PowerShell(source.Workspace.Id)}"
                : ""
        );

    /// <summary>The activity log does not reach back as far as was asked.</summary>
    public static CmekLogGap OldActivities(DateTimeOffset from) =>
        Of(
            $"role assignments and settings before {Time(from)}",
            "The activity log keeps 90 days.",
            "az monitor diagnostic-settings subscription create --name crdb-cmek --location westeurope "
                + "--workspace <id of a Log Analytics workspace> "
                + "--logs '[{\"category\":\"Administrative\",\"enabled\":true}]'   (keeps them from now on)"
        );

    /// <summary>A setting and a workspace, but not one entry.</summary>
    public static CmekLogGap NoEntries(AzureKeyVault keyVault, AzureLogSource source) =>
        Of(
            $"the audit log of Key Vault {keyVault.Name}",
            $"No entry of the Key Vault has arrived in the workspace {source.Workspace.Name} in "
                + $"{source.Workspace.RetentionDays} days. The first ones take some minutes after the diagnostic "
                + "setting "
                + $"{source.Setting.Name} was created.",
            "az monitor log-analytics workspace show --query workspaceCapping "
                + $"--ids {ShellQuote.PowerShell(source.Workspace.Id)}   (shows whether it accepts data)"
        );

    /// <summary>The workspace does not accept every entry.</summary>
    public static CmekLogGap Capped(AzureLogSource source) =>
        Of(
            "entries that the workspace did not accept",
            source.Workspace.Properties?.WorkspaceCapping?.DailyQuotaGb is > 0 and var quota
                ? $"The workspace {source.Workspace.Name} has a daily cap of "
                    + $"{quota.ToString(CultureInfo.InvariantCulture)} GB, and drops entries above it."
                : $"The workspace {source.Workspace.Name} accepts no entries at the moment.",
            $"az monitor log-analytics workspace update --quota -1 --ids {ShellQuote.PowerShell(source.Workspace.Id)}"
        );

    /// <summary>Log Analytics ended a query before it had read everything.</summary>
    public static CmekLogGap Partial(AzureLogSource source, string? reason) =>
        Of(
            "some entries of the audit log",
            $"The workspace {source.Workspace.Name} returned only a part of the result"
                + $"{(string.IsNullOrEmpty(reason) ? "" : $": {reason}")}".TrimEnd('.')
                + ".",
            "Ask for a shorter time"
        );

    /// <summary>More rows than are read.</summary>
    public static CmekLogGap TooMany(AzureLogSource source) =>
        Of(
            "some entries of the audit log",
            $"The workspace {source.Workspace.Name} has more than {AzureAuditQueries.MostRows} of them.",
            "Ask for a shorter time"
        );

    /// <summary>The API does not tell who the cluster is.</summary>
    public static CmekLogGap NoApplication(CrdbCluster cluster) =>
        Of(
            "uses by the cluster",
            $"CockroachDB Cloud does not report the application of the cluster {cluster.Name}, so that its entries "
                + "cannot be told from those of others.",
            $"Get-CrdbCluster {ShellQuote.PowerShell(cluster.Name)}"
        );

    /// <summary>Entra's audit log, which needs permissions of its own.</summary>
    public static CmekLogGap Directory(CrdbCluster cluster) =>
        Of(
            "changes of the enterprise application",
            "They are in the audit log of Entra ID, which this module does not read.",
            $"The Entra admin center, under Enterprise applications, {AzureNames.Application(cluster)}, Audit logs"
        );

    private static string Enable(AzureKeyVault keyVault) =>
        "az monitor diagnostic-settings create --name crdb-cmek "
        + $"--resource {ShellQuote.PowerShell(keyVault.Id)} --workspace <id of a Log Analytics workspace> "
        + "--export-to-resource-specific true --logs '[{\"category\":\"AuditEvent\",\"enabled\":true}]'";

    private static string Names(IEnumerable<AzureDiagnosticSetting> settings) =>
        string.Join(", ", settings.Select(s => s.Name));

    private static CmekLogGap Of(string what, string why, string remedy) =>
        new()
        {
            What = what,
            Why = why,
            Remedy = remedy,
        };

    private static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
