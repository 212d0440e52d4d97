using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp.Logs;

/// <summary>
/// Writes the audit logs: Admin Activity always, Data Access where the policies of the project, the folder or the
/// organization say so, for callers who are not exempted there.
/// </summary>
internal sealed class GcpAuditLog(SandboxClock clock, GcpData data, GcpAccess access, GcpAccounts accounts)
{
    private const string Iam = "iam.googleapis.com";
    private const string Credentials = "iamcredentials.googleapis.com";

    /// <summary>Entries that each log keeps, so that a busy sandbox stays small. The oldest go first.</summary>
    private const int Kept = 20_000;

    /// <summary>Fields of a request that are logged: what a history of keys has to know, and no key material.</summary>
    private static readonly string[] LoggedFields = ["state", "cryptoKeyVersionId", "rotationPeriod", "importJob"];

    /// <summary>Logs a call over HTTP, whether it succeeded or was refused.</summary>
    public void Record(GcpCall call, string service, JsonObject? response, GcpException? error)
    {
        if (AuditMethods.Of(service, call) is not { } method)
            return;
        var account = call.Path.Length > 3 && call.Path[2] == "serviceAccounts" ? FindAccount(call.Path[3]) : null;
        var created = method.Name.Contains("Create") ? GcpJson.Text(response ?? [], "name") : null;
        var resource = created ?? call.Name;
        Add(
            Entry(
                method.Name == "GenerateAccessToken" ? Credentials : service,
                method.Name,
                method.LogType,
                resource,
                call.Principal.Member
            ) with
            {
                Code = error?.RpcCode ?? 0,
                Message = error?.Message ?? "",
                Request = Fields(call),
                PolicyDelta = error is null && call.Verb == "setIamPolicy" ? Delta(account, call.Name) : null,
                Account = account is null ? null : (account.Email, account.UniqueId),
            }
        );
    }

    /// <summary>Logs that an account asked for a token of another one.</summary>
    public void RecordToken(
        ServiceAccount caller,
        ServiceAccount account,
        int code,
        string message,
        DateTimeOffset? time
    ) =>
        Add(
            Entry(
                Credentials,
                "GenerateAccessToken",
                "DATA_READ",
                account.Name,
                "serviceAccount:" + caller.Email,
                time
            ) with
            {
                Code = code,
                Message = message,
                Account = (account.Email, account.UniqueId),
            }
        );

    /// <summary>Logs that an account, which another one impersonates, used a key.</summary>
    public void RecordUse(
        string method,
        string key,
        ServiceAccount account,
        ServiceAccount impersonator,
        int code,
        string message,
        DateTimeOffset? time
    ) =>
        Add(
            Entry("cloudkms.googleapis.com", method, "DATA_READ", key, "serviceAccount:" + account.Email, time) with
            {
                Delegate = impersonator.Email,
                Code = code,
                Message = message,
            }
        );

    /// <summary>
    /// Logs a change of a key that was not made over HTTP, or that was made before the sandbox started.
    /// </summary>
    public void RecordChange(
        string method,
        string resource,
        string member,
        JsonObject? request = null,
        DateTimeOffset? time = null
    ) =>
        Add(
            Entry("cloudkms.googleapis.com", method, "ADMIN_WRITE", resource, member, time) with
            {
                Request = request?.ToJsonString(),
            }
        );

    private GcpAuditEntry Entry(
        string service,
        string method,
        string logType,
        string resource,
        string member,
        DateTimeOffset? time = null
    ) =>
        new(
            0,
            time ?? clock.UtcNow,
            string.Join("/", resource.Split('/').Take(2)),
            service,
            method,
            logType,
            resource,
            member.Substring(member.IndexOf(':') + 1)
        );

    private void Add(GcpAuditEntry entry)
    {
        if (!GcpHierarchy.IsCustomers(entry.Container) || (!entry.IsActivity && !IsLogged(entry)))
            return;
        var log = entry.IsActivity ? data.ActivityLog : data.DataAccessLog;
        log.Add(entry with { Number = ++data.LastLogEntry });
        if (log.Count > Kept + (Kept / 10))
            log.RemoveRange(0, log.Count - Kept);
    }

    /// <summary>
    /// What is logged on one level cannot be turned off below (Cloud Logging, "configure data access").
    /// </summary>
    private bool IsLogged(GcpAuditEntry entry)
    {
        // Tokens belong to the configuration of IAM.
        var service = entry.Service == Credentials ? Iam : entry.Service;
        return GcpHierarchy
            .WithAncestors(entry.Container)
            .Select(place =>
                access
                    .Evaluator.Policy(place, effective: true)
                    .AuditConfigs.Where(c => c.IsAbout(service))
                    .SelectMany(c => c.Types)
                    .Where(t => t.LogType == entry.LogType)
                    .ToList()
            )
            .Any(types => types.Count > 0 && !types.Exists(t => t.Exempted.Any(m => Names(m, entry.Principal))));
    }

    private static bool Names(string member, string email) =>
        string.Equals(member.Substring(member.IndexOf(':') + 1), email, StringComparison.OrdinalIgnoreCase);

    private ServiceAccount? FindAccount(string emailOrId) => accounts.Find(emailOrId) ?? accounts.FindAny(emailOrId);

    private string? Delta(ServiceAccount? account, string resource) =>
        data.Policies.TryGetValue(account is null ? resource : IamAccounts.Resource(account), out var history)
            ? PolicyDelta.Between(history.Count > 1 ? history[^2] : GcpPolicy.Empty, history[^1], access.Show)
            : null;

    private static string? Fields(GcpCall call)
    {
        var fields = new JsonObject();
        foreach (var name in LoggedFields)
            if (call.Body[name] is JsonValue value)
                fields[name] = value.DeepClone();
        if (call.Argument("updateMask") is { } mask)
            fields["updateMask"] = mask;
        return fields.Count > 0 ? Nested(call, fields).ToJsonString() : null;
    }

    /// <summary>The message of a version is a field of its own in the request that is logged.</summary>
    private static JsonObject Nested(GcpCall call, JsonObject fields)
    {
        if (call.Method != "PATCH" || fields["state"] is not { } state)
            return fields;
        fields.Remove("state");
        fields["cryptoKeyVersion"] = StateOf(call.Name, state.ToString())["cryptoKeyVersion"]!.DeepClone();
        return fields;
    }

    /// <summary>The request that changes the state of a version, as it is logged.</summary>
    public static JsonObject StateOf(string version, string state) =>
        new()
        {
            ["cryptoKeyVersion"] = new JsonObject { ["name"] = version, ["state"] = state },
        };
}
