using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Gcp.Logs;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>What stands before IAM: APIs that are not enabled, and a perimeter of VPC Service Controls.</summary>
internal sealed class GcpGuards(GcpData data)
{
    private static readonly IReadOnlyDictionary<string, string> Titles = new Dictionary<string, string>
    {
        ["cloudkms.googleapis.com"] = "Cloud Key Management Service (KMS) API",
        ["iam.googleapis.com"] = "Identity and Access Management (IAM) API",
        ["cloudresourcemanager.googleapis.com"] = "Cloud Resource Manager API",
        ["orgpolicy.googleapis.com"] = "Organization Policy API",
        [LoggingApi.Host] = "Cloud Logging API",
        ["policytroubleshooter.googleapis.com"] = "Policy Troubleshooter API",
    };

    /// <summary>
    /// Requires that the API is enabled in the caller's quota project (default: the customer's) and in the resource's.
    /// </summary>
    /// <exception cref="GcpException">PERMISSION_DENIED with the reason SERVICE_DISABLED.</exception>
    public void RequireEnabled(string service, string quotaProject, string resource)
    {
        foreach (var project in new[] { quotaProject, GcpHierarchy.ProjectOf(resource) })
            if (
                GcpProjects.Numbers.TryGetValue(project, out var number)
                && (
                    data.DisabledServices.Contains(service)
                    || (project == GcpProjects.WithoutKms && service == "cloudkms.googleapis.com")
                )
            )
                throw GcpException.ServiceDisabled(service, Titles[service], number);
    }

    /// <summary>
    /// Requires that the perimeter lets a caller reach a service. The refusal names neither perimeter nor reason: those
    /// are in the audit log only.
    /// </summary>
    /// <exception cref="GcpException">PERMISSION_DENIED with the reason SECURITY_POLICY_VIOLATED.</exception>
    public void RequireInside(GcpPrincipal principal, string service, string resource)
    {
        if (Blocks(principal, service, resource))
            throw Refusal(service);
    }

    /// <summary>True if the perimeter keeps a caller from a service.</summary>
    public bool Blocks(GcpPrincipal principal, string service, string resource) =>
        data.PerimeterServices.Contains(service)
        && GcpHierarchy.IsCustomers(resource)
        && !data.PerimeterAdmits.Contains(principal.Member);

    private static GcpException Refusal(string service)
    {
        var id = Convert.ToBase64String(KmsMaterial.RandomBytes(48)).Replace('+', '-').Replace('/', '_');
        return new GcpException(
            "PERMISSION_DENIED",
            $"Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: {id}",
            new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.PreconditionFailure",
                ["violations"] = new JsonArray(
                    new JsonObject { ["type"] = "VPC_SERVICE_CONTROLS", ["description"] = id }
                ),
            },
            GcpException.ErrorInfo(
                "SECURITY_POLICY_VIOLATED",
                "googleapis.com",
                ("uid", id),
                ("consumer", "projects/" + GcpProjects.Numbers[GcpProjects.Customer]),
                ("service", service)
            )
        );
    }
}
