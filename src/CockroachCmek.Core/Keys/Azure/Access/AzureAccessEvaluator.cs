using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>
/// Judges what was read: whether the application may read, wrap and unwrap with a key. Roles add up, and a deny
/// assignment overrides them (role-based-access-control, deny-assignments.md). Where a Key Vault uses access policies,
/// only those count.
/// </summary>
internal static class AzureAccessEvaluator
{
    /// <param name="principal">The application, as people know it.</param>
    public static AzureAccess Evaluate(AzureKeyReading reading, string principal)
    {
        // In this order: reading, wrapping, unwrapping.
        var questions = (reading.KeyVault.UsesRoles ? KeyVaultRoles.Needed : AzurePolicyEntry.Needed)
            .Select(action => new Question(action, Allowed(reading, action), Denied(reading, action)))
            .ToList();
        var verdict = Verdict(questions);
        var access = new KeyAccess
        {
            Key = new AzureKeyId(reading.KeyVault.Uri, reading.KeyName, null).ToString(),
            Principal = principal,
            Verdict = verdict,
            Missing = [.. Missing(verdict, questions).Select(q => q.Action)],
            Grants = [.. reading.KeyVault.UsesRoles ? RoleGrants(reading) : PolicyGrants(reading)],
            Denials = [.. DenialsOf(reading)],
            Conditions = verdict is CmekAccessVerdict.Conditional or CmekAccessVerdict.Unknown
                ? [.. ConditionsOf(reading)]
                : [],
            Wider = [.. AzureWiderAccess.Find(reading, principal)],
            Obstacles = [.. Obstacles(reading.KeyVault)],
            Unread = reading.Unread,
        };
        var isNarrowed =
            verdict is not (CmekAccessVerdict.Granted or CmekAccessVerdict.Denied)
            && questions.Any(q => q.Allowed.Least == Truth.Maybe);
        return new AzureAccess(reading, access, isNarrowed, questions[1].Answer.Or(questions[2].Answer));
    }

    /// <summary>Whether a deny assignment takes an action from a principal.</summary>
    /// <param name="names">Whether an entry of the deny assignment stands for the principal.</param>
    public static Known Denies(
        this DenyAssignment denial,
        AzureKeyReading reading,
        string action,
        Func<DenyPrincipal, Known> names
    )
    {
        var properties = denial.Properties;
        if (!(properties.Permissions ?? []).Any(p => p.AllowsData(action)))
            return Known.No;
        var reaches = Reaches(denial, reading);
        var condition = Known.Of(string.IsNullOrWhiteSpace(properties.Condition) ? Truth.Yes : Truth.Maybe);
        var named = Any(properties.Principals, names);
        var excluded = Any(properties.ExcludePrincipals, names);
        return reaches.And(condition).And(named).And(excluded.Not());
    }

    /// <summary>
    /// Whether a deny assignment reaches the keys. Whether a key is a child of its Key Vault in the sense of
    /// doNotApplyToChildScopes is not documented.
    /// </summary>
    private static Known Reaches(DenyAssignment denial, AzureKeyReading reading)
    {
        var scope = AzureScope.Of(denial);
        if (!denial.Properties.DoNotApplyToChildScopes || AzureScope.Same(scope, reading.KeyScope))
            return Known.Yes;
        return Known.Of(AzureScope.Same(scope, reading.KeyVault.Id) ? Truth.Maybe : Truth.No);
    }

    private static Known Any(IReadOnlyList<DenyPrincipal>? principals, Func<DenyPrincipal, Known> names) =>
        (principals ?? [])
            .Select(p => p.IsEverybody ? Known.Yes : names(p))
            .Aggregate(Known.No, (one, other) => one.Or(other));

    private static Known Allowed(AzureKeyReading reading, string action)
    {
        if (!reading.KeyVault.UsesRoles)
            return AzurePolicyEntry
                .Of(reading.KeyVault)
                .Where(e => !e.IsCompound && e.Allows(action))
                .Select(e => reading.IsPrincipal(e.ObjectId))
                .Aggregate(Known.No, (one, other) => one.Or(other));
        return reading
            .Roles.Select(r => r.Holds.And(r.Covers(action)).And(r.Condition))
            .Aggregate(reading.HasRoles || reading.IsPlanned ? Known.No : Known.Nothing, (one, other) => one.Or(other));
    }

    private static Known Denied(AzureKeyReading reading, string action) =>
        reading.KeyVault.UsesRoles
            ? reading
                .Denials.Select(d => d.Denies(reading, action, reading.IsNamed))
                .Aggregate(reading.HasDenials ? Known.No : Known.Nothing, (one, other) => one.Or(other))
            : Known.No;

    private static CmekAccessVerdict Verdict(IReadOnlyCollection<Question> questions)
    {
        var whole = questions.Select(q => q.Answer).Aggregate((one, other) => one.And(other));
        return whole switch
        {
            { Least: Truth.Yes } => CmekAccessVerdict.Granted,
            { Most: Truth.No } => questions.Any(q => q.Denied.Least == Truth.Yes)
                ? CmekAccessVerdict.Denied
                : CmekAccessVerdict.NotGranted,
            { Least: Truth.Maybe, Most: Truth.Maybe } => CmekAccessVerdict.Conditional,
            _ => CmekAccessVerdict.Unknown,
        };
    }

    private static IEnumerable<Question> Missing(CmekAccessVerdict verdict, IEnumerable<Question> questions) =>
        verdict switch
        {
            CmekAccessVerdict.Denied => questions.Where(q => q.Denied.Least == Truth.Yes),
            CmekAccessVerdict.NotGranted => questions.Where(q => q.Allowed.Most == Truth.No),
            CmekAccessVerdict.Unknown => questions.Where(q => q.Allowed.Least == Truth.No),
            _ => [],
        };

    private static IEnumerable<AccessGrant> RoleGrants(AzureKeyReading reading) =>
        reading
            .HeldRoles.Where(r => r.Definition is { } role && KeyVaultRoles.Needed.Any(role.Covers))
            .Select(r => new AccessGrant
            {
                Place = AzureScope.Describe(r.Scope),
                Through = r.RoleName,
                Principal = Principal(reading, r.Properties.PrincipalId),
                Condition = r.IsConditional ? r.Properties.Condition : null,
                IsOnKey = AzureScope.Same(r.Scope, reading.KeyScope),
                IsRemovable = AzureScope.Same(r.Properties.PrincipalId, reading.PrincipalId),
                RemoveCommand = RemoveFromGroup(reading, r.Properties.PrincipalId),
            });

    private static IEnumerable<AccessGrant> PolicyGrants(AzureKeyReading reading) =>
        AzurePolicyEntry
            .Of(reading.KeyVault)
            .Where(e => !e.IsCompound && AzurePolicyEntry.Needed.Any(e.Allows))
            .Where(e => reading.IsPrincipal(e.ObjectId).Least == Truth.Yes)
            .Select(e => new AccessGrant
            {
                Place = $"the access policies of Key Vault {reading.KeyVault.Name}",
                Through = string.Join(", ", e.KeyPermissions),
                Principal = Principal(reading, e.ObjectId),
                IsRemovable = AzureScope.Same(e.ObjectId, reading.PrincipalId),
                RemoveCommand = RemoveFromGroup(reading, e.ObjectId),
            });

    private static string Principal(AzureKeyReading reading, string id) =>
        AzureScope.Same(id, reading.PrincipalId) ? id : $"group {id}";

    /// <summary>Empty for the application itself: the module removes that.</summary>
    private static string RemoveFromGroup(AzureKeyReading reading, string id) =>
        AzureScope.Same(id, reading.PrincipalId)
            ? ""
            : $"az ad group member remove --group {ShellQuote.PowerShell(id)} "
                + $"--member-id {ShellQuote.PowerShell(reading.PrincipalId)}";

    private static IEnumerable<string> DenialsOf(AzureKeyReading reading) =>
        reading.KeyVault.UsesRoles
            ? reading
                .Denials.Where(d =>
                    KeyVaultRoles.Needed.Any(a => d.Denies(reading, a, reading.IsNamed).Least != Truth.No)
                )
                .Select(Describe)
            : [];

    private static IEnumerable<string> ConditionsOf(AzureKeyReading reading)
    {
        if (!reading.KeyVault.UsesRoles)
            yield break;
        foreach (var role in reading.HeldRoles.Where(r => r.IsConditional))
            if (role.Definition is { } definition && KeyVaultRoles.Needed.Any(definition.Covers))
                yield return $"the condition of the assignment of {role.RoleName} on {AzureScope.Describe(role.Scope)}";
        foreach (var denial in reading.Denials)
            if (KeyVaultRoles.Needed.Any(a => denial.Denies(reading, a, reading.IsNamed).Least == Truth.Maybe))
                yield return string.IsNullOrWhiteSpace(denial.Properties.Condition)
                    ? $"whether {Describe(denial)} applies to keys"
                    : $"the condition of {Describe(denial)}";
    }

    private static string Describe(DenyAssignment denial) =>
        $"the deny assignment '{denial.Properties.DenyAssignmentName ?? denial.Name}' "
        + $"on {AzureScope.Describe(AzureScope.Of(denial))}";

    /// <summary>What the Key Vault itself has in the way of the use, whatever is granted.</summary>
    private static IEnumerable<string> Obstacles(AzureKeyVault keyVault)
    {
        if (!keyVault.HasPublicAccess)
            yield return $"Key Vault {keyVault.Name} can be reached through private endpoints only";
        else if (keyVault.HasFirewall)
            yield return $"the firewall of Key Vault {keyVault.Name} admits listed addresses only";
    }

    /// <summary>Whether something that CMEK needs is allowed, and whether it is denied.</summary>
    private sealed record Question(string Action, Known Allowed, Known Denied)
    {
        public Known Answer => Allowed.And(Denied.Not());
    }
}
