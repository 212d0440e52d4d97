namespace CockroachCmek.Sandbox.Azure;

/// <summary>A member of a group: a service principal or another group.</summary>
internal sealed record GroupMember(string Id, DateTimeOffset Added)
{
    public DateTimeOffset? Removed { get; init; }

    public bool IsMemberAt(DateTimeOffset time) => Added <= time && (Removed is not { } removed || time < removed);
}

/// <summary>A security group of one tenant.</summary>
internal sealed class EntraGroup(string tenantId, string displayName, DateTimeOffset created)
{
    public string Id { get; } = Guid.NewGuid().ToString("D");

    public string TenantId { get; } = tenantId;

    public string DisplayName { get; } = displayName;

    public DateTimeOffset Created { get; } = created;

    /// <summary>Members, including removed ones: a removal takes time to reach the key vaults.</summary>
    public List<GroupMember> Members { get; } = [];

    public IEnumerable<string> MembersAt(DateTimeOffset time) =>
        Members.Where(m => m.IsMemberAt(time)).Select(m => m.Id);

    /// <summary>Adds a member. False if it is one already.</summary>
    public bool Add(string id, DateTimeOffset now)
    {
        if (Members.Any(m => AzureDirectory.Same(m.Id, id) && m.Removed is null))
            return false;
        Members.Add(new GroupMember(id, now));
        return true;
    }

    /// <summary>Removes a member. False if it is not one.</summary>
    public bool Remove(string id, DateTimeOffset now)
    {
        var index = Members.FindIndex(m => AzureDirectory.Same(m.Id, id) && m.Removed is null);
        if (index >= 0)
            Members[index] = Members[index] with { Removed = now };
        return index >= 0;
    }
}
