using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>Where an allow policy stands. What it grants is inherited by everything below.</summary>
internal enum GcpLevel
{
    /// <summary>The key, or the service account.</summary>
    Resource,

    /// <summary>The key ring.</summary>
    KeyRing,

    /// <summary>The project.</summary>
    Project,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>The organization.</summary>
    Organization,
}

/// <summary>A place with an allow policy, which has been read or could not be.</summary>
/// <param name="Level">How high it is.</param>
/// <param name="Name">The place, for people.</param>
/// <param name="Command">
/// The gcloud group and the options that name the place, for example "projects" and its id.
/// </param>
/// <param name="Policy">The policy; null when it could not be read.</param>
internal sealed record GcpPlace(GcpLevel Level, string Name, GcpPlaceCommand Command, IamPolicy? Policy)
{
    /// <summary>The permission that reads the policy.</summary>
    public required string Permission { get; init; }

    /// <summary>What the reader is told about a policy that could not be read.</summary>
    public UnreadPlace Unread => new($"the IAM policy of {Name}", Permission, Command.Show);
}

/// <summary>gcloud's commands for the policy of one place.</summary>
/// <param name="Group">For example "kms keys".</param>
/// <param name="Resource">The argument and the options that name the place, quoted.</param>
internal sealed record GcpPlaceCommand(string Group, string Resource)
{
    /// <summary>Shows the policy.</summary>
    public string Show => $"gcloud {Group} get-iam-policy {Resource}";

    /// <summary>Removes a member from a role, under its condition or without one.</summary>
    public string Remove(string role, string member, bool hasCondition) =>
        $"gcloud {Group} remove-iam-policy-binding {Resource} --member {ShellQuote.PowerShell(member)} "
        + $"--role {ShellQuote.PowerShell(role)} {(hasCondition ? "--all" : "--condition None")}";
}

/// <summary>The deny policies that are attached to one place.</summary>
/// <param name="Name">The place, for people.</param>
/// <param name="Command">The command that lists them, at the place's own attachment point.</param>
/// <param name="Rules">The rules of all its policies.</param>
/// <param name="Unread">What could not be read; null when everything was.</param>
internal sealed record GcpDenyPlace(
    string Name,
    string Command,
    IReadOnlyList<GcpDenyRule> Rules,
    UnreadPlace? Unread = null
);

/// <summary>All policies that decide about a key or a service account, as far as they could be read.</summary>
/// <param name="Places">The allow policies, from the resource up.</param>
/// <param name="Denies">The deny policies, from the project up.</param>
/// <param name="Unread">
/// Places that are not known at all, for example the folders above a project that cannot be read.
/// </param>
/// <param name="Roles">The permissions of each role that the policies name; null for one that cannot be read.</param>
internal sealed record GcpScope(
    IReadOnlyList<GcpPlace> Places,
    IReadOnlyList<GcpDenyPlace> Denies,
    IReadOnlyList<UnreadPlace> Unread,
    IReadOnlyDictionary<string, IReadOnlyCollection<string>?> Roles
)
{
    /// <summary>Everything that could not be read, but for roles and groups.</summary>
    public IReadOnlyList<UnreadPlace> AllUnread =>
        [
            .. Places.Where(p => p.Policy is null).Select(p => p.Unread),
            .. Denies.Select(d => d.Unread).OfType<UnreadPlace>(),
            .. Unread,
        ];

    /// <summary>What a role allows; null when it cannot be read.</summary>
    public IReadOnlyCollection<string>? Permissions(string role) =>
        Roles.TryGetValue(role, out var permissions) ? permissions : null;

    /// <summary>The scope with another policy in the places of a level.</summary>
    /// <param name="level">The level.</param>
    /// <param name="change">Changes a copy of the policy.</param>
    public GcpScope With(GcpLevel level, Action<IamPolicy> change) =>
        this with
        {
            Places =
            [
                .. Places.Select(p =>
                {
                    if (p.Level != level || p.Policy is null)
                        return p;
                    var policy = p.Policy.Clone();
                    change(policy);
                    return p with { Policy = policy };
                }),
            ],
        };
}
