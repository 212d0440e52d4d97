namespace CockroachCmek.Sandbox.Azure;

/// <summary>A management lock: CanNotDelete, or ReadOnly, which also prevents changes.</summary>
internal sealed record ManagementLock(string Name, string Scope, string Level, string Notes)
{
    public string Id => $"{Scope}/providers/Microsoft.Authorization/locks/{Name}";
}

/// <summary>
/// The locks of all subscriptions. They hold for resources at and below their scope, on the control plane only. A lock
/// on a key vault, group or subscription therefore also keeps the role assignments there.
/// </summary>
internal sealed class ManagementLocks(AzureData data)
{
    public IEnumerable<ManagementLock> All => data.Locks;

    public void Put(ManagementLock wanted)
    {
        Remove(wanted);
        data.Locks.Add(wanted);
    }

    public bool Remove(ManagementLock wanted) => data.Locks.RemoveAll(l => AzureDirectory.Same(l.Id, wanted.Id)) > 0;

    /// <summary>Refuses to delete a resource under any lock (body: Azure/apiops#606).</summary>
    public void RequireDelete(string resource) => Require(resource, "delete", data.Locks);

    /// <summary>
    /// Refuses to write a resource under a ReadOnly lock. New role assignments pass under CanNotDelete.
    /// </summary>
    public void RequireWrite(string resource) =>
        Require(resource, "write", data.Locks.Where(l => AzureDirectory.Same(l.Level, "ReadOnly")));

    private static void Require(string resource, string operation, IEnumerable<ManagementLock> locks)
    {
        var scopes = locks
            .Where(l => AzureScopes.IsAtOrBelow(resource, l.Scope))
            .Select(l => l.Scope)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToList();
        if (scopes.Count > 0)
            throw new AzureException(
                409,
                "ScopeLocked",
                $"The scope '{resource}' cannot perform {operation} operation because following scope(s) are locked: "
                    + $"'{string.Join(",", scopes)}'. Please remove the lock and try again."
            );
    }
}
