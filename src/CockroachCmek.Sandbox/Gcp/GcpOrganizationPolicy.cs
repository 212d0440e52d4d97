using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>The one organization policy constraint of the sandbox: which members IAM policies can have.</summary>
internal sealed class GcpOrganizationPolicy(GcpData data, GcpAccounts accounts)
{
    private const string DomainConstraint = "constraints/iam.allowedPolicyMemberDomains";

    /// <summary>The id of the project that a resource belongs to.</summary>
    public static string Project(string resource) => resource.Split('/') is [_, var project, ..] ? project : "";

    /// <summary>The constraint's effective policy. Default: all members are allowed.</summary>
    public JsonObject Read(JsonObject body)
    {
        GcpJson.AllowFields(body, "", "constraint");
        if (GcpJson.Text(body, "constraint") is not DomainConstraint)
            throw GcpException.Invalid($"This sandbox knows one constraint, {DomainConstraint}.");
        var list = data.RestrictMembers
            ? new JsonObject { ["allowedValues"] = new JsonArray("C00000000") }
            : new JsonObject { ["allValues"] = "ALLOW" };
        return new JsonObject { ["constraint"] = DomainConstraint, ["listPolicy"] = list };
    }

    /// <summary>
    /// Requires that all members, including present ones, belong to the organization if that is restricted.
    /// </summary>
    /// <exception cref="GcpException">FAILED_PRECONDITION.</exception>
    public void RequirePermitted(string resource, IEnumerable<GcpBinding> bindings)
    {
        if (!data.RestrictMembers)
            return;
        var foreign = bindings
            .SelectMany(b => b.Members)
            .FirstOrDefault(m =>
                m.UniqueId is { } id
                    ? !GcpProjects.Numbers.ContainsKey(accounts.FindAny(id)!.Project)
                    : m.Text is "allUsers" or "allAuthenticatedUsers"
            );
        if (foreign is null)
            return;
        var violation = new JsonObject
        {
            ["type"] = DomainConstraint,
            ["subject"] = $"orgpolicy:projects/{Project(resource)}?configvalue={Uri.EscapeDataString(foreign.Text)}",
            ["description"] = $"{foreign.Text} is not in a permitted organization.",
        };
        throw new GcpException(
            "FAILED_PRECONDITION",
            "One or more users named in the policy do not belong to a permitted customer.",
            new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.PreconditionFailure",
                ["violations"] = new JsonArray(violation),
            }
        );
    }
}
