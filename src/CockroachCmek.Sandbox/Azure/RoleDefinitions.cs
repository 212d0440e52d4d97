namespace CockroachCmek.Sandbox.Azure;

/// <summary>A custom role with its earlier forms, because a change reaches the key vaults later.</summary>
internal sealed class CustomRole(string tenantId, AzureRole role, DateTimeOffset created)
{
    private readonly List<(DateTimeOffset At, AzureRole Role)> _history = [(created, role)];

    public string TenantId { get; } = tenantId;

    public AzureRole Role => _history[^1].Role;

    public void Change(AzureRole role, DateTimeOffset now) => _history.Add((now, role));

    /// <summary>The role as it was at a time; null before it existed.</summary>
    public AzureRole? At(DateTimeOffset time) => _history.LastOrDefault(h => h.At <= time).Role;
}

/// <summary>Role definitions: the built-in ones and the tenants' own.</summary>
internal sealed class RoleDefinitions(AzureData data)
{
    public IEnumerable<AzureRole> InTenant(string tenantId) =>
        BuiltInRoles.All.Concat(
            data.CustomRoles.Where(r => AzureDirectory.Same(r.TenantId, tenantId)).Select(r => r.Role)
        );

    public AzureRole? Find(string id) => At(id, DateTimeOffset.MaxValue);

    /// <summary>The definition as it was at a time.</summary>
    public AzureRole? At(string id, DateTimeOffset time) =>
        BuiltInRoles.All.FirstOrDefault(r => AzureDirectory.Same(r.Id, id))
        ?? data.CustomRoles.FirstOrDefault(r => AzureDirectory.Same(r.Role.Id, id))?.At(time);

    /// <summary>Adds or changes a custom role. True if it is new.</summary>
    public bool Put(string tenantId, AzureRole role, DateTimeOffset now)
    {
        var present = data.CustomRoles.FirstOrDefault(r => AzureDirectory.Same(r.Role.Id, role.Id));
        if (present is null)
            data.CustomRoles.Add(new CustomRole(tenantId, role, now));
        else
            present.Change(role, now);
        return present is null;
    }

    public void Remove(string id) => data.CustomRoles.RemoveAll(r => AzureDirectory.Same(r.Role.Id, id));
}
