using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

// Errors about who may use a key, and about what Azure lets nobody change.
internal static partial class AzureErrors
{
    /// <summary>Neither a role nor an access policy allows the application to use the key.</summary>
    public static CmekException KeyNotGranted(AzureKeyId key, KeyAccess access) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            key.ToString(),
            $"Nothing on {key} grants {string.Join(", ", access.Missing)} to '{access.Principal}'.",
            "New-CrdbCmekKey -KeyUri <key> -Grant   (or Get-CrdbCmekKeyPolicy, for somebody who is allowed to grant)"
        );

    /// <summary>A deny assignment overrides every role.</summary>
    public static CmekException KeyUseDenied(AzureKeyId key, KeyAccess access) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            key.ToString(),
            $"{Sentence(string.Join(" and ", access.Denials))} denies '{access.Principal}' the use of {key}: "
                + $"{string.Join(", ", access.Missing)}. No role overrides that.",
            "New-CrdbCmekKey -KeyVaultName <another Key Vault>   (a deny assignment belongs to a managed application "
                + "or "
                + "a deployment stack; only who owns that can exclude the application from it)"
        );

    /// <summary>A role assignment has a condition, and adding one without it would undo that.</summary>
    public static CmekException KeyGrantNarrowed(AzureKeyId key, KeyAccess access) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"'{access.Principal}' may use {key} only under {string.Join(" and ", access.Conditions)}. Somebody "
                + "narrowed this grant on purpose, and another one would widen it. Nothing was written.",
            "New-CrdbCmekKey -KeyUri <key>   (without -Grant, uses the key as it is granted; to widen the grant, "
                + "remove "
                + "its condition in the Azure portal, under Access control)"
        );

    /// <summary>Access would go on through something that does not name the application alone.</summary>
    public static CmekException GrantNotRemovable(
        string key,
        string application,
        IReadOnlyList<AccessGrant> remaining
    ) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key,
            $"'{application}' would still be able to use {key} through "
                + string.Join(" and ", remaining.Select(g => $"{g.Through} of {g.Principal} ({g.Place})"))
                + ". Others have that access too, so it was not removed. Nothing was changed.",
            string.Join("; ", remaining.Select(g => g.RemoveCommand).Distinct())
                + "   (or Revoke-CrdbCmek -Method DisableKey, which stops everybody)"
        );

    /// <summary>The caller is not allowed to delete an assignment, for example one on a management group.</summary>
    public static CmekException GrantNotRemovable(string key, string application, IReadOnlyList<AssignedRole> kept) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            key,
            $"'{application}' may use {key} through "
                + string.Join(" and ", kept.Select(r => $"{r.RoleName} ({AzureScope.Describe(r.Scope)})"))
                + ", which these credentials are not allowed to remove. Nothing was changed.",
            "az role assignment delete --ids "
                + string.Join(" ", kept.Select(r => ShellQuote.PowerShell(r.Assignment.Id)))
                + "   (by somebody who administers that place; or Revoke-CrdbCmek -Method DisableKey)"
        );

    /// <summary>A management lock keeps the change from being made.</summary>
    public static CmekException ScopeLocked(string target, IReadOnlyList<AzureLock> locks, Exception? inner) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"{target} cannot be changed while it is locked by " + string.Join(" and ", locks.Select(Describe)) + ".",
            $"az lock delete --ids {string.Join(" ", locks.Select(l => ShellQuote.PowerShell(l.Id)))}   (by somebody who may "
                + "remove locks; takes effect within minutes. To revoke at once, Revoke-CrdbCmek -Method DisableKey: "
                + "no "
                + "lock keeps a key from being disabled)",
            inner,
            statusCode: inner is null ? null : 409
        );

    /// <summary>The same, when the locks themselves may not be read.</summary>
    public static CmekException ScopeLocked(string target, string message, Exception inner) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"A lock keeps '{target}' from being changed: {message}",
            "az lock list --resource-group <resource group of the Key Vault>   (and az lock list, for the "
                + "subscription)",
            inner,
            statusCode: 409
        );

    /// <summary>Azure Policy refuses the resource. No role helps.</summary>
    public static CmekException AzurePolicyDenies(string target, AzureException error) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"Azure Policy does not allow what was requested for '{target}': {error.Message}"
                + (
                    error.PolicyAssignments.Count == 0
                        ? ""
                        : $" Assigned by {string.Join(", ", error.PolicyAssignments)}."
                ),
            "az policy assignment list --disable-scope-strict-match --scope <id of the Key Vault>   (shows the rules; "
                + "a role does not override them)",
            error,
            statusCode: error.Status
        );

    /// <summary>
    /// A Key Vault refuses to write a key, and not for want of a role, which has a code of its own. Azure Policy has
    /// rules for keys; how Key Vault words its refusal is not documented.
    /// </summary>
    public static CmekException AzurePolicyDenies(AzureKeyId key, AzureException error) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"The Key Vault refuses to write {key} ({Codes(error)}): {error.Message} A missing role would be reported "
                + "as ForbiddenByRbac. The likely reason is a rule of Azure Policy for keys: about their type, size, "
                + "protection, dates or rotation.",
            "az policy assignment list --disable-scope-strict-match --scope <id of the Key Vault>   (shows the rules; "
                + $"then New-CrdbCmekKey -KeyVaultName {key.KeyVaultName} with -KeySize, -ProtectionLevel or "
                + "-ExpiresOn "
                + "as they demand)",
            error,
            statusCode: error.Status
        );

    private static string Codes(AzureException error) =>
        error.InnerCode.Length > 0 ? error.InnerCode
        : error.Code.Length > 0 ? error.Code
        : $"HTTP {error.Status}";

    /// <summary>A lock in words.</summary>
    internal static string Describe(AzureLock held) =>
        $"the lock '{held.Name}' ({held.Properties.Level}) on {AzureScope.Describe(held.Scope)}";

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text.Substring(1);
}
