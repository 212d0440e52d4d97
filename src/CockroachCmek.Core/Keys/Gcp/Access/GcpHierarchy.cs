using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>
/// Reads the policies of a project and of everything above it, and the roles that policies name. What the caller is
/// not allowed to read is named; it stops nothing.
/// </summary>
internal sealed class GcpHierarchy(GcpClients clients, GcpCalls calls, SharedReads shared)
{
    private const string DenyPermissions = "iam.denypolicies.list and iam.denypolicies.get";

    /// <summary>The allow policies of a project and above, its deny policies, and what could not be read.</summary>
    public Task<(IReadOnlyList<GcpPlace> Places, IReadOnlyList<GcpDenyPlace> Denies, UnreadPlace? Above)> ReadAsync(
        string project
    ) => ShareAsync($"hierarchy {project}", () => ReadProjectAsync(project));

    /// <summary>The permissions of roles; null for one that cannot be read.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyCollection<string>?>> ReadRolesAsync(
        IEnumerable<GcpPlace> places
    )
    {
        var names = places.SelectMany(p => p.Policy?.Entries ?? []).Select(e => e.Role).Distinct().ToList();
        var permissions = await Task.WhenAll(
            names.Select(n =>
                GcpPredefinedRoles.Find(n) is { } known
                    ? Task.FromResult<IReadOnlyCollection<string>?>(known)
                    : ShareAsync($"role {n}", () => ReadRoleAsync(n))
            )
        );
        return names.Zip(permissions, (name, list) => (name, list)).ToDictionary(p => p.name, p => p.list);
    }

    /// <summary>Reads something; what the caller is not allowed to read is no error.</summary>
    /// <param name="what">What is read, for the verbose line.</param>
    /// <param name="permission">The permission that reading it takes.</param>
    /// <param name="read">Reads it.</param>
    public async Task<GcpRead<T>> TryAsync<T>(string what, string permission, Func<Task<T>> read)
        where T : class
    {
        try
        {
            return new GcpRead<T>(await read(), permission);
        }
        catch (GcpException error) when (error.Code != 401)
        {
            calls.Context.Host.Verbose($"{what} could not be read: {error.Message}");
            return new GcpRead<T>(null, GcpCalls.NeedOf(error) ?? permission);
        }
    }

    private static GcpPlace PlaceOf(GcpAncestor ancestor, GcpRead<IamPolicy> policy) =>
        new(
            ancestor.Type switch
            {
                "folder" => GcpLevel.Folder,
                "organization" => GcpLevel.Organization,
                _ => GcpLevel.Project,
            },
            NameOf(ancestor),
            new GcpPlaceCommand(
                ancestor.Type switch
                {
                    "folder" => "resource-manager folders",
                    "organization" => "organizations",
                    _ => "projects",
                },
                ShellQuote.PowerShell(ancestor.Id)
            ),
            policy.Value
        )
        {
            Permission = policy.Needs,
        };

    private async Task<(
        IReadOnlyList<GcpPlace> Places,
        IReadOnlyList<GcpDenyPlace> Denies,
        UnreadPlace? Above
    )> ReadProjectAsync(string project)
    {
        var read = await TryAsync($"What is above project {project}", "resourcemanager.projects.get", () =>
            calls.ReadAsync("CloudResourceManager", "projects.getAncestry", project, c =>
                clients.Projects.GetAncestryAsync(project, c)
            )
        );
        var ancestry = read.Value;
        var ancestors = ancestry is { Count: > 0 } known ? known : [new GcpAncestor("project", project)];
        var places = await Task.WhenAll(ancestors.Select(ReadPlaceAsync));
        var denies = await Task.WhenAll(ancestors.Select(ReadDeniesAsync));
        var above = ancestry is { Count: > 0 }
            ? null
            : new UnreadPlace(
                $"what is above project {project}, and its policies",
                read.Needs,
                $"gcloud projects get-ancestors {ShellQuote.PowerShell(project)}"
            );
        return (places, denies, above);
    }

    private async Task<GcpPlace> ReadPlaceAsync(GcpAncestor ancestor) =>
        PlaceOf(
            ancestor,
            await TryAsync(
                $"The IAM policy of {NameOf(ancestor)}",
                $"resourcemanager.{ancestor.Type}s.getIamPolicy",
                () =>
                    calls.ReadAsync("CloudResourceManager", $"{ancestor.Type}s.getIamPolicy", ancestor.Resource, c =>
                        clients.Projects.GetIamPolicyAsync(ancestor.Resource, c)
                    )
            )
        );

    private async Task<GcpDenyPlace> ReadDeniesAsync(GcpAncestor ancestor)
    {
        var (policies, needs) = await TryAsync($"The deny policies of {NameOf(ancestor)}", DenyPermissions, () =>
            calls.ReadAsync("IAM", "denypolicies", ancestor.Resource, c =>
                clients.Iam.ReadDenyPoliciesAsync(ancestor.Resource, c)
            )
        );
        var command =
            "gcloud iam policies list --kind denypolicies --attachment-point "
            + ShellQuote.PowerShell($"cloudresourcemanager.googleapis.com/{ancestor.Resource}");
        return policies is null
            ? new GcpDenyPlace(
                NameOf(ancestor),
                command,
                [],
                new UnreadPlace($"the deny policies of {NameOf(ancestor)}", needs, command)
            )
            : new GcpDenyPlace(NameOf(ancestor), command, [.. policies.SelectMany(GcpDenyRule.Of)]);
    }

    private async Task<IReadOnlyCollection<string>?> ReadRoleAsync(string name)
    {
        var (role, _) = await TryAsync($"The role {name}", "iam.roles.get", () =>
            calls.ReadAsync("IAM", "roles.get", name, c => clients.Iam.GetRoleAsync(name, c))
        );
        return role is null ? null
            : role.Deleted == true ? []
            : role.IncludedPermissions ?? [];
    }

    private static string NameOf(GcpAncestor ancestor) => $"{ancestor.Type} {ancestor.Id}";

    private Task<T> ShareAsync<T>(string what, Func<Task<T>> read) => shared.GetAsync(calls.Context, what, read);
}

/// <summary>The result of a read that may be refused.</summary>
/// <param name="Value">What was read; null when it was refused.</param>
/// <param name="Needs">What reading it takes: a permission, or what else the refusal named.</param>
internal readonly record struct GcpRead<T>(T? Value, string Needs)
    where T : class;
