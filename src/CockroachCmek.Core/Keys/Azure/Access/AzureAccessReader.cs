using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>
/// Reads everything that decides who may use a key: role assignments at the key and above it, their roles, deny
/// assignments, and the groups of the cluster's application where they matter. What the caller is not allowed to read is named.
/// </summary>
internal sealed class AzureAccessReader(IAzureArm arm, IMicrosoftGraph graph, AzureCalls calls)
{
    public AzureAccessReader(AzureClients clients, AzureCalls calls)
        : this(clients.Arm, clients.Graph, calls) { }

    /// <param name="principalId">
    /// The object id of the application. An empty UUID is one that is only planned, and so is in no group.
    /// </param>
    /// <param name="ofEverybody">
    /// Also reads what the roles of others above the Key Vault allow, for a review.
    /// </param>
    public async Task<AzureKeyReading> ReadAsync(
        AzureKeyVault keyVault,
        string keyName,
        string principalId,
        bool ofEverybody = false
    )
    {
        var reading = new AzureKeyReading(keyVault, keyName, principalId);
        var listing = ListAllAsync(reading);
        var holding = ListHeldAsync(reading);
        var denying = FindListAsync("ListDenyAssignments", keyVault.Id, c =>
            arm.ListDenyAssignmentsAsync(keyVault.Id, c)
        );
        var (all, held, denials) = (await listing, await holding, await denying);
        reading = reading with
        {
            HasRoles = all is not null || held is not null,
            HasDenials = denials is not null,
            Denials = [.. (denials ?? []).Where(d => AzureScope.IsWithin(reading.KeyScope, AzureScope.Of(d)))],
        };
        if (!reading.IsPlanned && NeedsGroups(reading, all, held))
            reading = reading with { Groups = await FindGroupsAsync(principalId) };
        var heldIds = new HashSet<string>((held ?? []).Select(a => a.Id), StringComparer.OrdinalIgnoreCase);
        var roles = (all ?? [])
            .Concat(held ?? [])
            .GroupBy(a => a.Id, StringComparer.OrdinalIgnoreCase)
            .Select(g => g.First())
            .Where(a => AzureScope.IsWithin(reading.KeyScope, AzureScope.Of(a)))
            .Select(a => new AssignedRole(a, null, IsHeld(a, reading, held is null ? null : heldIds)))
            .Where(r =>
                ofEverybody
                || r.IsHeld != Truth.No
                || r.IsForeign
                || (keyVault.UsesRoles && AzureScope.IsWithin(r.Scope, keyVault.Id))
            )
            .ToList();
        var definitions = await ReadDefinitionsAsync(keyVault, roles.Select(r => r.Properties.RoleDefinitionId));
        reading = reading with
        {
            Roles = [.. roles.Select(r => r with { Definition = definitions[r.Properties.RoleDefinitionId] })],
        };
        return reading with { Unread = [.. Unread(reading, all is not null)] };
    }

    private static IEnumerable<UnreadPlace> Unread(AzureKeyReading reading, bool hasAll)
    {
        if (!hasAll)
            yield return AzureUnread.Roles(reading.KeyVault.Id);
        // Deny assignments have no effect on a Key Vault that uses access policies.
        if (!reading.HasDenials && reading.KeyVault.UsesRoles)
            yield return AzureUnread.Denials(reading.KeyVault.Id);
        foreach (
            var id in reading
                .Roles.Where(r => r.Definition is null)
                .Select(r => r.Properties.RoleDefinitionId)
                .Distinct()
        )
            yield return AzureUnread.Definition(id);
        if (reading.Groups is null)
            foreach (var group in reading.DoubtfulGroups)
                yield return AzureUnread.Membership(group, reading.PrincipalId);
    }

    /// <summary>
    /// The assignments of everybody at the key and above it. Of a key that does not exist yet, those of its Key Vault.
    /// </summary>
    private async Task<IReadOnlyList<RoleAssignment>?> ListAllAsync(AzureKeyReading reading)
    {
        try
        {
            return await ListAsync(reading.KeyScope);
        }
        catch (AzureException error) when (error.Status == 404)
        {
            return await ListAsync(reading.KeyVault.Id);
        }

        Task<IReadOnlyList<RoleAssignment>?> ListAsync(string scope) =>
            FindListAsync("ListRoleAssignments", scope, c => arm.ListRoleAssignmentsAsync(scope, "atScope()", c));
    }

    /// <summary>
    /// The assignments that the application has, itself or through groups at any depth (role-assignments-list-rest);
    /// null when Azure does not say, for example because it may not look into the directory for this caller.
    /// </summary>
    private async Task<IReadOnlyList<RoleAssignment>?> ListHeldAsync(AzureKeyReading reading)
    {
        if (reading.IsPlanned)
            return [];
        try
        {
            var listed = await FindListAsync("ListRoleAssignments", reading.KeyVault.Id, c =>
                arm.ListRoleAssignmentsAsync(reading.KeyVault.Id, $"assignedTo('{reading.PrincipalId}')", c)
            );
            return listed?.Where(a => !IsSomebodyElses(a, reading.PrincipalId)).ToList();
        }
        catch (AzureException error) when (error.Status is 400 or 404)
        {
            return null;
        }
    }

    /// <summary>A user or another application is no group that the cluster's application could be in.</summary>
    private static bool IsSomebodyElses(RoleAssignment assignment, string principalId) =>
        assignment.Properties.PrincipalType is "User" or "ServicePrincipal"
        && !AzureScope.Same(assignment.Properties.PrincipalId, principalId);

    private static Truth IsHeld(RoleAssignment assignment, AzureKeyReading reading, HashSet<string>? heldIds)
    {
        var principal = assignment.Properties.PrincipalId;
        if (reading.IsPlanned)
            return Truth.No;
        if (AzureScope.Same(principal, reading.PrincipalId))
            return Truth.Yes;
        if (heldIds is not null)
            return heldIds.Contains(assignment.Id).ToTruth();
        return !IsGroup(assignment) ? Truth.No
            : reading.Groups is { } groups ? groups.Contains(principal, StringComparer.OrdinalIgnoreCase).ToTruth()
            : Truth.Maybe;
    }

    private static bool IsGroup(RoleAssignment assignment) =>
        assignment.Properties.PrincipalType is not ("User" or "ServicePrincipal" or "Device" or "ForeignGroup");

    private static bool NeedsGroups(
        AzureKeyReading reading,
        IReadOnlyList<RoleAssignment>? all,
        IReadOnlyList<RoleAssignment>? held
    ) =>
        (
            held is null
            && (all ?? []).Any(a => IsGroup(a) && !AzureScope.Same(a.Properties.PrincipalId, reading.PrincipalId))
        ) || reading.DoubtfulGroups.Any();

    /// <summary>The groups of the application; null when Graph does not show them to this caller.</summary>
    private async Task<IReadOnlyCollection<string>?> FindGroupsAsync(string principalId)
    {
        try
        {
            return await calls.ReadAsync("Graph", "ListGroups", principalId, c =>
                graph.ListGroupsOfAsync(principalId, c)
            );
        }
        catch (AzureException error) when (error.Status is 403 or 404)
        {
            return null;
        }
    }

    /// <summary>The roles with the given ids; null for one that may not be read.</summary>
    private async Task<IReadOnlyDictionary<string, RoleDefinition?>> ReadDefinitionsAsync(
        AzureKeyVault keyVault,
        IEnumerable<string> ids
    )
    {
        var distinct = ids.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var found = await Task.WhenAll(distinct.Select(id => FindDefinitionAsync(keyVault, id)));
        return distinct
            .Zip(found, (id, definition) => (id, definition))
            .ToDictionary(p => p.id, p => p.definition, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>
    /// A role, read at the Key Vault: one that is assigned above it applies there too, and the caller needs no right at
    /// the management group that defines it.
    /// </summary>
    private async Task<RoleDefinition?> FindDefinitionAsync(AzureKeyVault keyVault, string id)
    {
        var path = $"{keyVault.Id}/providers/Microsoft.Authorization/roleDefinitions/{id.Split('/').Last()}";
        if (KeyVaultRoles.Find(id) is { } builtIn)
            return builtIn;
        try
        {
            return await calls.ReadAsync("ARM", "GetRoleDefinition", path, c => arm.GetRoleDefinitionAsync(path, c));
        }
        catch (AzureException error) when (error.Status is 403 or 404)
        {
            return null;
        }
    }

    /// <summary>A list; null when the caller may not read it.</summary>
    private async Task<IReadOnlyList<T>?> FindListAsync<T>(
        string verb,
        string scope,
        Func<CancellationToken, Task<IReadOnlyList<T>>> list
    )
    {
        try
        {
            return await calls.ReadAsync("ARM", verb, scope, list);
        }
        catch (AzureException error) when (error.Status == 403)
        {
            return null;
        }
    }
}
