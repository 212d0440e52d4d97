using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// The constraints of the organization's policies, and what they refuse. Where the reference does not know Cloud KMS's
/// sentence, it is that of the nearest service and marked as guessed.
/// </summary>
internal sealed class GcpConstraints(GcpData data, GcpAccounts accounts)
{
    public const string MemberDomains = "iam.allowedPolicyMemberDomains";
    public const string ManagedMembers = "iam.managed.allowedPolicyMembers";
    public const string AccountCreation = "iam.disableServiceAccountCreation";
    public const string AccountKeyCreation = "iam.disableServiceAccountKeyCreation";
    public const string Locations = "gcp.resourceLocations";
    public const string ProtectionLevels = "cloudkms.allowedProtectionLevels";
    public const string DestroyDuration = "cloudkms.minimumDestroyScheduledDuration";
    public const string DisableFirst = "cloudkms.disableBeforeDestroy";

    /// <summary>The constraints that list values; the others are on or off.</summary>
    private static readonly string[] Lists = [MemberDomains, Locations, ProtectionLevels, DestroyDuration];

    public static IReadOnlyList<string> All { get; } =
    [.. Lists, ManagedMembers, AccountCreation, AccountKeyCreation, DisableFirst];

    public static bool IsList(string constraint) => Lists.Contains(constraint);

    /// <summary>
    /// Requires that all members, including present ones, belong to the organization if that is restricted.
    /// </summary>
    /// <exception cref="GcpException">FAILED_PRECONDITION.</exception>
    public void RequireMembers(string resource, IEnumerable<GcpBinding> bindings)
    {
        var foreign = bindings.SelectMany(b => b.Members).FirstOrDefault(IsForeign);
        if (foreign is null)
            return;
        var value = foreign.Text.Substring(foreign.Text.IndexOf(':') + 1);
        if (IsEnforced(MemberDomains))
            throw Violation(
                MemberDomains,
                "One or more users named in the policy do not belong to a permitted customer.",
                $"orgpolicy:projects/{GcpHierarchy.ProjectOf(resource)}?configvalue={value}",
                $"User {value} is not in permitted organization."
            );
        if (IsEnforced(ManagedMembers))
            throw ManagedViolation(
                ManagedMembers,
                resource,
                "This constraint defines the organization principal sets that can be granted IAM roles in your "
                    + "organization."
            );
    }

    /// <exception cref="GcpException">FAILED_PRECONDITION.</exception>
    public void RequireAccountCreation(string project) =>
        Refuse(
            IsEnforced(AccountCreation),
            AccountCreation,
            "Service account creation is not allowed on this project.",
            $"{project}/serviceAccounts/?configvalue="
        );

    /// <exception cref="GcpException">FAILED_PRECONDITION.</exception>
    public void RequireAccountKeyCreation(ServiceAccount account) =>
        Refuse(
            IsEnforced(AccountKeyCreation),
            AccountKeyCreation,
            "Key creation is not allowed on this service account.",
            $"{account.Name}?configvalue={Uri.EscapeDataString(account.Email)}"
        );

    /// <summary>The sentence is Secret Manager's: that of Cloud KMS is guessed.</summary>
    /// <exception cref="GcpException">FAILED_PRECONDITION.</exception>
    public void RequireLocation(string resource, string what)
    {
        var location = resource.Split('/')[3];
        Refuse(
            data.Constraints.TryGetValue(Locations, out var allowed)
                && !allowed.Any(a => Regex.Replace(a, "^in:|-locations$", "") is var v && IsWithin(location, v)),
            Locations,
            $"Constraint constraints/{Locations} violated for [{Subject(resource)}] attempting to create {what} in "
                + $"[{location}]. For more information, see "
                + "https://cloud.google.com/resource-manager/docs/organization-policy/defining-locations.",
            Subject(resource)
        );
    }

    /// <summary>Guessed sentences: no body of these refusals was found anywhere.</summary>
    /// <exception cref="GcpException">FAILED_PRECONDITION.</exception>
    public void RequireKey(CryptoKey key)
    {
        Refuse(
            data.Constraints.TryGetValue(ProtectionLevels, out var levels) && !levels.Contains(key.ProtectionLevel),
            ProtectionLevels,
            $"Constraint constraints/{ProtectionLevels} violated: the protection level {key.ProtectionLevel} is not "
                + "allowed.",
            Subject(key.Name)
        );
        Refuse(
            data.Constraints.TryGetValue(DestroyDuration, out var durations)
                && key.DestroyDelay < durations.Select(Days).DefaultIfEmpty().Min(),
            DestroyDuration,
            $"Constraint constraints/{DestroyDuration} violated: the scheduled for destruction duration is too short.",
            Subject(key.Name)
        );
    }

    /// <summary>A guessed sentence.</summary>
    /// <exception cref="GcpException">FAILED_PRECONDITION.</exception>
    public void RequireDestruction(CryptoKeyVersion version) =>
        Refuse(
            IsEnforced(DisableFirst) && version.State != "DISABLED",
            DisableFirst,
            $"Constraint constraints/{DisableFirst} violated: {version.Name} must be disabled first.",
            Subject(version.Name)
        );

    private bool IsEnforced(string constraint) => data.Constraints.ContainsKey(constraint);

    private bool IsForeign(GcpMember member) =>
        member.UniqueId is { } id ? !GcpProjects.Numbers.ContainsKey(accounts.FindAny(id)!.Project) : member.IsPublic;

    private static bool IsWithin(string location, string allowed) =>
        location == allowed || location.StartsWith(allowed + "-", StringComparison.Ordinal);

    /// <summary>A value such as "in:30d".</summary>
    private static TimeSpan Days(string value) =>
        TimeSpan.FromDays(
            int.Parse(Regex.Match(value, @"\d+").Value, System.Globalization.CultureInfo.InvariantCulture)
        );

    private static string Subject(string resource) =>
        "orgpolicy:" + string.Join("/", GcpHierarchy.WithNumber(resource).Split('/').Take(2));

    private static void Refuse(bool isRefused, string constraint, string message, string subject)
    {
        if (isRefused)
            throw Violation(constraint, message, subject, message);
    }

    private static GcpException Violation(string constraint, string message, string subject, string description) =>
        new(
            "FAILED_PRECONDITION",
            message,
            new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.PreconditionFailure",
                ["violations"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "constraints/" + constraint,
                        ["subject"] = subject,
                        ["description"] = description,
                    }
                ),
            }
        );

    /// <summary>The refusal of a managed constraint: no PreconditionFailure (IAM documentation).</summary>
    private static GcpException ManagedViolation(string constraint, string resource, string meaning) =>
        new(
            "FAILED_PRECONDITION",
            $"Operation denied by org policy on resource '{resource}': [\"constraints/{constraint}\": \"{meaning}\"].",
            GcpException.ErrorInfo(
                "CUSTOM_ORG_POLICY_VIOLATION",
                "googleapis.com",
                ("customConstraints", "constraints/" + constraint),
                ("resource", "projects/" + GcpHierarchy.ProjectOf(resource))
            )
        );
}
