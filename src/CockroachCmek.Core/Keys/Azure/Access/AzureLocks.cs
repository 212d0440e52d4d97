using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>
/// The management locks on resources and on what is above them. A CanNotDelete lock keeps role assignments from being
/// deleted, a ReadOnly lock also from being made (azure-resource-manager, lock-resources.md). Neither keeps anybody
/// from using a key.
/// </summary>
internal sealed class AzureLocks(IAzureArm arm, AzureCalls calls)
{
    private readonly Dictionary<string, IReadOnlyList<AzureLock>?> _listed = new(StringComparer.OrdinalIgnoreCase);

    public AzureLocks(AzureClients clients, AzureCalls calls)
        : this(clients.Arm, calls) { }

    /// <summary>The locks that cover a resource, and the scopes whose locks could not be read.</summary>
    public async Task<(IReadOnlyList<AzureLock> Locks, IReadOnlyList<UnreadPlace> Unread)> ReadAsync(string resource)
    {
        var locks = new List<AzureLock>();
        var unread = new List<UnreadPlace>();
        foreach (var scope in AzureScope.Lockable(resource))
            if (await FindAsync(scope) is { } listed)
                locks.AddRange(listed.Where(l => AzureScope.Same(l.Scope, scope)));
            else
                unread.Add(AzureUnread.Locks(scope));
        return (locks, unread);
    }

    private async Task<IReadOnlyList<AzureLock>?> FindAsync(string scope)
    {
        if (_listed.TryGetValue(scope, out var known))
            return known;
        try
        {
            return _listed[scope] = await calls.ReadAsync("ARM", "ListLocks", scope, c => arm.ListLocksAsync(scope, c));
        }
        catch (AzureException error) when (error.Status is 403 or 404)
        {
            return _listed[scope] = null;
        }
    }
}
