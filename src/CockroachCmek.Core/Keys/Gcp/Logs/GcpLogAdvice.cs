namespace CockroachCmek.Core.Keys.Gcp.Logs;

/// <summary>What makes the logs of Google Cloud tell more.</summary>
internal static class GcpLogAdvice
{
    /// <summary>How to be allowed to read logs.</summary>
    public static string Grant(string project, string permission)
    {
        var role = permission switch
        {
            "logging.privateLogEntries.list" => "roles/logging.privateLogViewer",
            "logging.logEntries.list" or "logging.buckets.get" => "roles/logging.viewer",
            "cloudkms.cryptoKeyVersions.list" => "roles/cloudkms.viewer",
            _ => "roles/browser",
        };
        return $"gcloud projects add-iam-policy-binding {ShellQuote.PowerShell(project)} --role {role} "
            + "--member <user:you@example.com>";
    }

    /// <summary>How to turn the Data Access logs of a service on.</summary>
    public static string TurnOn(string project, string service)
    {
        var id = ShellQuote.PowerShell(project);
        return $"gcloud projects get-iam-policy {id} --format json > policy.json; add "
            + $"{{\"service\":\"{service}\",\"auditLogConfigs\":[{{\"logType\":\"DATA_READ\"}}]}} "
            + $"to the list auditConfigs in the file; gcloud projects set-iam-policy {id} policy.json";
    }

    /// <summary>How to end an exemption from the Data Access logs of a service.</summary>
    public static string EndExemption(string place, string service, string member) =>
        $"Remove {member} from exemptedMembers of {service}, or of allServices, in the auditConfigs of {place}: "
        + PolicyCommands(place);

    /// <summary>How to see the audit configuration of a place.</summary>
    public static string Show(string place) =>
        $"gcloud {CommandGroup(place)} get-iam-policy {ShellQuote.PowerShell(place.Split('/')[1])} --format json";

    /// <summary>How to keep logs longer.</summary>
    public static string KeepLonger(string project) =>
        $"gcloud logging buckets update _Default --location global --project {ShellQuote.PowerShell(project)} "
        + "--retention-days 365";

    private static string PolicyCommands(string place)
    {
        var (group, id) = (CommandGroup(place), ShellQuote.PowerShell(place.Split('/')[1]));
        return $"gcloud {group} get-iam-policy {id} --format json > policy.json; "
            + $"gcloud {group} set-iam-policy {id} policy.json";
    }

    private static string CommandGroup(string place) =>
        place.Split('/')[0] switch
        {
            "folders" => "resource-manager folders",
            var collection => collection,
        };
}
