using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp.Logs;

/// <summary>What a SetIamPolicy changed, as the audit log shows it (google.iam.v1.PolicyDelta).</summary>
internal static class PolicyDelta
{
    public static string Between(GcpPolicy before, GcpPolicy after, Func<GcpMember, string> show)
    {
        var (old, now) = (Bindings(before, show), Bindings(after, show));
        var (oldAudits, nowAudits) = (Audits(before), Audits(after));
        var delta = new JsonObject();
        Add(delta, "bindingDeltas", Actions(old, now, b => new() { ["role"] = b.Role, ["member"] = b.Member }));
        Add(delta, "auditConfigDeltas", Actions(oldAudits, nowAudits, AuditJson));
        return delta.ToJsonString();
    }

    private static void Add(JsonObject delta, string name, List<JsonObject> actions)
    {
        if (actions.Count > 0)
            delta[name] = new JsonArray([.. actions.Select(a => (JsonNode)a)]);
    }

    private static List<JsonObject> Actions<T>(HashSet<T> old, HashSet<T> now, Func<T, JsonObject> json) =>
        [
            .. old.Where(o => !now.Contains(o)).Select(o => With(json(o), "REMOVE")),
            .. now.Where(n => !old.Contains(n)).Select(n => With(json(n), "ADD")),
        ];

    private static JsonObject With(JsonObject json, string action)
    {
        json["action"] = action;
        return json;
    }

    private static JsonObject AuditJson((string Service, string LogType, string? Exempted) audit)
    {
        var json = new JsonObject { ["service"] = audit.Service, ["logType"] = audit.LogType };
        if (audit.Exempted is not null)
            json["exemptedMember"] = audit.Exempted;
        return json;
    }

    private static HashSet<(string Role, string Member, GcpCondition? Condition)> Bindings(
        GcpPolicy policy,
        Func<GcpMember, string> show
    ) => [.. policy.Bindings.SelectMany(b => b.Members.Select(m => (b.Role, show(m), b.Condition)))];

    private static HashSet<(string Service, string LogType, string? Exempted)> Audits(GcpPolicy policy) =>
        [
            .. policy.AuditConfigs.SelectMany(c =>
                c.Types.SelectMany(t =>
                    t.Exempted.Select(m => (c.Service, t.LogType, (string?)m)).Prepend((c.Service, t.LogType, null))
                )
            ),
        ];
}
