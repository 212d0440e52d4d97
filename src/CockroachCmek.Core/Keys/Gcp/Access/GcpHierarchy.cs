using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>
/// Reads the policies of a project and of everything above it, and the roles that policies name. What the caller is
/// not allowed to read is named; it stops nothing.
/// </summary>
internal sealed class GcpHierarchy(GcpClients clients, GcpCalls calls, SharedReads shared)
{
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

    /// <summary>Reads a policy; null when the caller is not allowed to, or the API is not available.</summary>
    /// <param name="what">What is read, for the verbose line.</param>
    /// <param name="read">Reads it.</param>
    public async Task<T?> TryAsync<T>(string what, Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (GcpException error) when (error.Code != 401)
        {
            calls.Context.Host.Verbose($"{what} could not be read: {error.Message}");
            return null;
        }
    }

    /// <summary>The place of a project, a folder or an organization.</summary>
    public static GcpPlace PlaceOf(GcpAncestor ancestor, IamPolicy? policy) =>
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
                GcpShell.Quote(ancestor.Id)
            ),
            policy
        )
        {
            Permission = $"resourcemanager.{ancestor.Type}s.getIamPolicy",
        };

    private async Task<(
        IReadOnlyList<GcpPlace> Places,
        IReadOnlyList<GcpDenyPlace> Denies,
        UnreadPlace? Above
    )> ReadProjectAsync(string project)
    {
        var ancestry = await TryAsync($"What is above project {project}", () =>
            calls.ReadAsync("CloudResourceManager", "projects.getAncestry", project, c =>
                clients.Projects.GetAncestryAsync(project, c)
            )
        );
        var ancestors = ancestry is { Count: > 0 } known ? known : [new GcpAncestor("project", project)];
        var places = await Task.WhenAll(ancestors.Select(ReadPlaceAsync));
        var denies = await Task.WhenAll(ancestors.Select(ReadDeniesAsync));
        var above = ancestry is { Count: > 0 }
            ? null
            : new UnreadPlace(
                $"what is above project {project}, and its policies",
                "resourcemanager.projects.get",
                $"gcloud projects get-ancestors {GcpShell.Quote(project)}"
            );
        return (places, denies, above);
    }

    private async Task<GcpPlace> ReadPlaceAsync(GcpAncestor ancestor) =>
        PlaceOf(
            ancestor,
            await TryAsync($"The IAM policy of {NameOf(ancestor)}", () =>
                calls.ReadAsync("CloudResourceManager", $"{ancestor.Type}s.getIamPolicy", ancestor.Resource, c =>
                    clients.Projects.GetIamPolicyAsync(ancestor.Resource, c)
                )
            )
        );

    private async Task<GcpDenyPlace> ReadDeniesAsync(GcpAncestor ancestor)
    {
        var policies = await TryAsync($"The deny policies of {NameOf(ancestor)}", () =>
            calls.ReadAsync("IAM", "denypolicies", ancestor.Resource, c =>
                clients.Iam.ReadDenyPoliciesAsync(ancestor.Resource, c)
            )
        );
        return policies is null
            ? new GcpDenyPlace(
                NameOf(ancestor),
                [],
                new UnreadPlace(
                    $"the deny policies of {NameOf(ancestor)}",
                    "iam.denypolicies.list and iam.denypolicies.get",
                    "gcloud iam policies list --kind denypolicies --attachment-point "
                        + GcpShell.Quote($"cloudresourcemanager.googleapis.com/{ancestor.Resource}")
                )
            )
            : new GcpDenyPlace(NameOf(ancestor), [.. policies.SelectMany(GcpDenyRule.Of)]);
    }

    private async Task<IReadOnlyCollection<string>?> ReadRoleAsync(string name)
    {
        var role = await TryAsync($"The role {name}", () =>
            calls.ReadAsync("IAM", "roles.get", name, c => clients.Iam.GetRoleAsync(name, c))
        );
        return role is null ? null
            : role.Deleted == true ? []
            : role.IncludedPermissions ?? [];
    }

    private static string NameOf(GcpAncestor ancestor) => $"{ancestor.Type} {ancestor.Id}";

    private Task<T> ShareAsync<T>(string what, Func<Task<T>> read) => shared.GetAsync(calls.Context, what, read);
}
