using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// What removing the application's own grants on a key would leave, and what stands in the way of it.
/// </summary>
/// <param name="Access">The access now.</param>
/// <param name="Roles">The assignments that would be deleted.</param>
/// <param name="After">The access without them and without the application's access policy.</param>
internal sealed record AzureGrantRemoval(AzureAccess Access, IReadOnlyList<AssignedRole> Roles, AzureAccess After)
{
    /// <summary>Why it would not work, or would not be enough.</summary>
    public IReadOnlyList<CmekException> Problems { get; init; } = [];

    /// <summary>What could not be read about rights and locks; the writes will show it.</summary>
    public IReadOnlyList<UnreadPlace> Unread { get; init; } = [];

    /// <summary>True when there is something to remove.</summary>
    public bool IsNeeded => Roles.Count > 0 || Access.Reading.Policy is not null;

    /// <summary>What could not be read and may let the application in by another way.</summary>
    public IReadOnlyList<UnreadPlace> Doubts => After.ReachesData.Most == Truth.No ? [] : After.Answer.Unread;
}

/// <summary>Reads what stands in the way of removing grants: rights of the caller, locks, groups.</summary>
internal sealed class AzureGrantRemovals(AzureClients clients, AzureCalls calls)
{
    private readonly AzureLocks _locks = new(clients, calls);
    private readonly AzurePermissions _permissions = new(clients, calls);

    public async Task<AzureGrantRemoval> ReadAsync(AzureAccess access)
    {
        var reading = access.Reading;
        var roles = reading.OwnDataRoles.ToList();
        var after = AzureAccessEvaluator.Evaluate(reading.Without(roles), access.Answer.Principal);
        var (key, application) = (access.Answer.Key, access.Answer.Principal);
        var problems = new List<CmekException>();
        if (after.ReachesData.Least != Truth.No)
            problems.Add(AzureErrors.GrantNotRemovable(key, application, after.Answer.Grants));
        var (kept, unread) = await _permissions.FindKeptAsync(roles);
        if (kept.Count > 0)
            problems.Add(AzureErrors.GrantNotRemovable(key, application, kept));
        if (reading.Policy is not null)
            switch (await _permissions.MayChangePoliciesAsync(reading.KeyVault))
            {
                case null:
                    unread = [.. unread, AzureUnread.Permissions(reading.KeyVault.Id)];
                    break;
                case false:
                    problems.Add(AzurePermissions.PoliciesDenied(reading.KeyVault));
                    break;
            }

        var (locks, unreadLocks) = await FindLocksAsync(reading, roles);
        if (locks.Count > 0)
            problems.Add(AzureErrors.ScopeLocked($"The access of '{application}' to {key}", locks, null));
        return new AzureGrantRemoval(access, roles, after)
        {
            Problems = problems,
            Unread = [.. unread, .. unreadLocks],
        };
    }

    /// <summary>
    /// The locks that would keep grants from being removed. Removing an access policy changes the Key Vault, which only
    /// a ReadOnly lock prevents.
    /// </summary>
    private async Task<(IReadOnlyList<AzureLock> Locks, IReadOnlyList<UnreadPlace> Unread)> FindLocksAsync(
        AzureKeyReading reading,
        List<AssignedRole> roles
    )
    {
        var found = new List<AzureLock>();
        var unread = new List<UnreadPlace>();
        foreach (var scope in roles.Select(r => r.Scope).Distinct(StringComparer.OrdinalIgnoreCase))
            found.AddRange(await ReadAsync(scope));
        if (reading.Policy is not null)
            found.AddRange((await ReadAsync(reading.KeyVault.Id)).Where(l => l.IsReadOnly));
        return (
            [.. found.GroupBy(l => l.Id, StringComparer.OrdinalIgnoreCase).Select(g => g.First())],
            [.. unread.Distinct()]
        );

        async Task<IReadOnlyList<AzureLock>> ReadAsync(string scope)
        {
            var (locks, places) = await _locks.ReadAsync(scope);
            unread.AddRange(places);
            return locks;
        }
    }
}
