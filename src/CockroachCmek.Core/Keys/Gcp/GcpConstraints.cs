namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Constraints of organization policies that CMEK meets, and what they mean for it.</summary>
/// <remarks>
/// Source: docs.cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints and
/// docs.cloud.google.com/iam/docs/troubleshoot-org-policies.
/// </remarks>
internal static class GcpConstraints
{
    /// <summary>Limits who may be a member of IAM policies, by the customer that the member belongs to.</summary>
    public const string MemberDomains = "constraints/iam.allowedPolicyMemberDomains";

    /// <summary>Its successor, which has an API of its own.</summary>
    public const string ManagedMembers = "constraints/iam.managed.allowedPolicyMembers";

    private const string Outsider =
        "members from outside the organization are not allowed, and the service account of CockroachDB Cloud is one";
    private const string AllowOutsider =
        "Ask the organization policy administrator to exempt the project, or to allow Cockroach Labs' organization";

    private static readonly Dictionary<string, (string Meaning, string Remedy)> Known = new()
    {
        [MemberDomains] = (Outsider, AllowOutsider),
        [ManagedMembers] = (Outsider, AllowOutsider),
        ["constraints/cloudkms.allowedProtectionLevels"] = (
            "keys may have certain protection levels only",
            "New-CrdbCmekKey -ProtectionLevel <a level that the policy allows>"
        ),
        ["constraints/gcp.resourceLocations"] = (
            "resources may be created in certain locations only",
            "New-CrdbCmekKey -Location <a location that the policy allows>"
        ),
        ["constraints/cloudkms.minimumDestroyScheduledDuration"] = (
            "versions of a new key must be restorable for a minimum time after their destruction was scheduled",
            "New-CrdbCmekKey -DestroyScheduledDuration <at least the policy's minimum>"
        ),
        ["constraints/cloudkms.disableBeforeDestroy"] = (
            "a version must be disabled before it can be destroyed",
            "Disable the version first"
        ),
        ["constraints/iam.disableServiceAccountCreation"] = (
            "service accounts may not be created in the project",
            "New-CrdbCmekRole -Project <a project for service accounts>"
        ),
        ["constraints/iam.disableServiceAccountKeyCreation"] = (
            "keys of service accounts may not be created",
            "Let Vault use its machine's own identity instead of a key file"
        ),
        ["constraints/gcp.restrictServiceUsage"] = (
            "only certain services may be used in the project",
            "New-CrdbCmekKey -Project <a project in which Cloud KMS is allowed>"
        ),
    };

    /// <summary>What a constraint means for CMEK; no more than its name says for one that is not known.</summary>
    public static string Meaning(string constraint) =>
        Known.TryGetValue(constraint, out var known) ? known.Meaning : "the organization does not allow it";

    /// <summary>What to do about it.</summary>
    public static string Remedy(string constraint) =>
        Known.TryGetValue(constraint, out var known)
            ? known.Remedy
            : "Ask the organization policy administrator what the policy allows";
}
