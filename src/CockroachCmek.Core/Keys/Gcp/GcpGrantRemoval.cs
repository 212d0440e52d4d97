using System.Text.Json.Nodes;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// What can be removed of the bindings by which a member has access, and whether access would go on after it. Nothing
/// is
/// read here.
/// </summary>
internal sealed class GcpGrantRemoval
{
    private GcpGrantRemoval(
        GcpScope scope,
        string member,
        GcpRolePurpose purpose,
        Func<GcpScope, GcpReading> readAgain,
        Func<IReadOnlyCollection<string>, GcpLevel, CmekAccessRights> rightsOf
    )
    {
        OnResource = Removable(scope, GcpLevel.Resource, member, purpose);
        OnRing = Removable(scope, GcpLevel.KeyRing, member, purpose);
        var after = readAgain(Without(Without(scope, GcpLevel.Resource, OnResource), GcpLevel.KeyRing, OnRing));
        Unread = after.Access.IsGone ? [] : after.Access.Unread;
        var remaining = after.Access.IsGone ? [] : after.Evaluator.GrantsOf(after.Needed);
        // Who is in a group is not known. A group stands in the way only when the account has no binding of its own, so
        // that nothing else can be how it has access.
        if (remaining.Count == 0 && !after.Access.IsGone && OnResource.Count + OnRing.Count == 0)
            remaining = after.Evaluator.PossibleGrantsOf(after.Needed);
        IsCertain = remaining.All(b => GcpMembers.Includes(b.Member, after.Account) == Truth.Yes);
        // What can give the access back is not taken away with it.
        var regranting = after.Evaluator.Bindings.Where(b =>
            b.Place.Level is GcpLevel.Resource or GcpLevel.KeyRing
            && b.Member == member
            && rightsOf(scope.Permissions(b.Role) ?? [], b.Place.Level).HasFlag(CmekAccessRights.Grant)
        );
        Remaining = [.. remaining.Concat(regranting).Distinct()];
    }

    /// <summary>The member's bindings on the key or the service account.</summary>
    public IReadOnlyList<JsonObject> OnResource { get; }

    /// <summary>The account's bindings on the key ring.</summary>
    public IReadOnlyList<JsonObject> OnRing { get; }

    /// <summary>Bindings by which access would surely go on, or come back; empty when none is known.</summary>
    public IReadOnlyList<GcpBinding> Remaining { get; }

    /// <summary>False when access may go on by what has members that are not known, such as a group.</summary>
    public bool IsCertain { get; }

    /// <summary>What could not be read and may let the access go on.</summary>
    public IReadOnlyList<UnreadPlace> Unread { get; }

    /// <summary>The removal of an account's grants on a key.</summary>
    public static GcpGrantRemoval OfKey(
        GcpKeyName name,
        ServiceAccountEmail account,
        GcpScope scope,
        DateTimeOffset now
    ) =>
        new(
            scope,
            account.Member,
            GcpRolePurpose.UseKey,
            after => GcpReading.OfKey(name, account, after, now),
            GcpPermissions.OnKey
        );

    /// <summary>The removal of Cockroach Labs' right to act as an account.</summary>
    public static GcpGrantRemoval OfTrust(
        ServiceAccountEmail account,
        ServiceAccountEmail trusted,
        GcpScope scope,
        DateTimeOffset now
    ) =>
        new(
            scope,
            trusted.Member,
            GcpRolePurpose.ActAsAccount,
            after => GcpReading.OfTrust(account, trusted, after, now),
            GcpPermissions.OnAccount
        );

    private static IReadOnlyList<JsonObject> Removable(
        GcpScope scope,
        GcpLevel level,
        string member,
        GcpRolePurpose purpose
    ) =>
        [
            .. scope
                .Places.Where(p => p.Level == level)
                .SelectMany(p => p.Policy?.BindingsOf(member) ?? [])
                .Where(b => (string?)b["role"] is { } role && purpose.Fits(role, scope.Permissions(role))),
        ];

    private static GcpScope Without(GcpScope scope, GcpLevel level, IReadOnlyList<JsonObject> bindings) =>
        scope.With(level, policy =>
        {
            foreach (var binding in bindings)
                policy.Remove(binding);
        });
}
