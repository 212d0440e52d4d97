using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

// Who may use a key, and what keeps people from changing that.
internal static partial class GcpErrors
{
    /// <summary>The policies do not let the account use the key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="access">What was read of the key's access.</param>
    public static CmekException KeyNotGranted(GcpKeyName key, KeyAccess access)
    {
        var namesakes = access
            .Stale.Where(s => s.StartsWith($"deleted:serviceAccount:{access.Principal}?", StringComparison.Ordinal))
            .ToList();
        var explanation =
            namesakes.Count == 0
                ? ""
                : $" The policy names {string.Join(", ", namesakes)}, an account that was deleted: one created later "
                    + "under the same address is another.";
        return Errors.Make(
            CmekErrorKind.PermissionDenied,
            key.ToString(),
            $"{access.Principal} may not use {key}: neither the key's policy nor one above it grants "
                + $"{string.Join(", ", access.Missing)}.{explanation}",
            "New-CrdbCmekKey -KeyUri <key> -Grant   (or Get-CrdbCmekKeyPolicy, for an administrator)"
        );
    }

    /// <summary>A deny policy keeps the account from the key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="reading">
    /// What was read. Where Policy Troubleshooter alone knows of the denial, only it can show the policy.
    /// </param>
    public static CmekException KeyUseDenied(GcpKeyName key, GcpReading reading) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            key.ToString(),
            $"{reading.Account} may not use {key}, whatever grants it: {string.Join("; ", reading.Access.Denials)}.",
            (reading.Evaluator.DenyingPlace(reading.Needed)?.Command ?? GcpAccessAdvice.Verify(key, reading.Account))
                + "   (its administrator has to make an exception for the service account)"
        );

    /// <summary>Somebody granted the use under a condition; a grant without one would undo that.</summary>
    public static CmekException KeyGrantNarrowed(GcpKeyName key, ServiceAccountEmail account, GcpBinding narrowed) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{narrowed.Place.Name} grants {account} the use of {key} under a condition, so somebody narrowed this "
                + $"grant on purpose ({narrowed.ConditionText}). A grant without a condition would undo that. Nothing "
                + "was changed.",
            $"New-CrdbCmekKey -KeyUri {key}   (without -Grant: uses the grant as it is; or, to widen it, first "
                + $"{narrowed.RemoveCommand})"
        );

    /// <summary>The condition of the grant holds for the old key alone.</summary>
    public static CmekException PolicyNotCopyable(GcpKeyName key, ServiceAccountEmail account, GcpBinding narrowed) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{account} may use {key} under a condition that a new key does not meet ({narrowed.ConditionText}), so a "
                + "copy of the grant would be without effect. Nothing was created.",
            "New-CrdbCmekKey -Name <another name> | New-CrdbCmekManifest | Invoke-CrdbCmekRotation   (a key with a "
                + "grant of its own)"
        );

    /// <summary>Access would go on after the bindings that the module removes.</summary>
    /// <param name="target">The key, or the service account that CockroachDB Cloud acts as.</param>
    /// <param name="account">The account whose access was to end.</param>
    /// <param name="removal">What can be removed, and the bindings that go on granting it, or may.</param>
    public static CmekException GrantNotRemovable(
        string target,
        ServiceAccountEmail account,
        GcpGrantRemoval removal
    ) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            (
                removal.IsCertain
                    ? $"Removing the grants of {account} on {target} would not end its access: "
                    : $"There is no grant of {account} on {target} to remove, and it may have access in another way: "
            )
                + $"{string.Join("; ", removal.Remaining.Select(b => Describe(b, account)))}. The module does not change what "
                + "others depend on. Nothing was changed.",
            "Revoke-CrdbCmek <cluster> -Method DisableIdentity   (or remove it by hand: "
                + $"{removal.Remaining[0].RemoveCommand})"
        );

    /// <summary>Which account CockroachDB Cloud acts with is not known without it.</summary>
    public static CmekException TrustUnknown(string cluster, ServiceAccountEmail account) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            account.Text,
            $"Which account of Cockroach Labs acts as {account} is not known: its project is known from CockroachDB "
                + "Cloud "
                + "only, which was not asked. Nothing was changed.",
            $"Revoke-CrdbCmek {cluster} -Method DisableIdentity -KmsOnly   (ends all access of the service account)",
            id: nameof(GrantNotRemovable)
        );

    /// <summary>The service account does not exist any more.</summary>
    public static CmekException AccountGone(ServiceAccountEmail account) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            account.Text,
            $"The service account {account} does not exist, so it can be neither disabled nor enabled. An account that "
                + "was "
                + "deleted less than 30 days ago can be brought back; one created under the same address is another.",
            $"gcloud iam service-accounts undelete <unique id> --project {ShellQuote.PowerShell(account.Project)}   "
                + "(the unique id is in the audit log, and in policies as deleted:serviceAccount:...?uid=<unique id>)",
            id: nameof(ServiceAccountNotFound)
        );

    /// <summary>The service account is not seen as it was set.</summary>
    public static CmekException AccountStateNotSeen(ServiceAccountEmail account, bool isDisabled) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            account.Text,
            $"Google Cloud accepted that {account} is {(isDisabled ? "disabled" : "enabled")}, but does not show it "
                + "after three minutes.",
            "Run the same command again: it continues from here",
            id: nameof(BindingNotSeen)
        );

    private static string Describe(GcpBinding binding, ServiceAccountEmail account) =>
        $"{binding.Member} has {binding.Role} on {binding.Place.Name}"
        + (
            GcpMembers.Includes(binding.Member, account) == Truth.Maybe
                ? $", and whether {account} is one of its members is not known"
                : ""
        );

    /// <summary>The account serves another cluster, which would lose its keys.</summary>
    public static CmekException RoleBelongsToAnother(ServiceAccountEmail account, string cluster, string owner) =>
        Errors.Make(
            CmekErrorKind.Exists,
            account.Text,
            $"The service account {account} serves {owner}, not '{cluster}'. That cluster would lose access to its "
                + "keys, so the account is never taken over, not even with -Update. It was not changed.",
            $"Get-CrdbCluster {cluster} | New-CrdbCmekRole -Name <another name>"
        );

    /// <summary>An organization policy denies the call. Neither trying again nor another permission helps.</summary>
    public static CmekException OrganizationPolicyDenies(string target, string constraint, GcpException inner) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The organization policy {constraint} denies what '{target}' needs: {GcpConstraints.Meaning(constraint)}. "
                + $"Google Cloud says: {inner.Message}",
            $"{GcpConstraints.Remedy(constraint)}; {DescribeConstraint(constraint, ProjectOf(target, inner))}   (shows the "
                + "policy; only its administrator can change it or exempt the project)"
        );

    /// <summary>The project that the refusal or the target names; a placeholder where neither does.</summary>
    private static string ProjectOf(string target, GcpException refusal) =>
        refusal.ConstrainedProject is { } named ? ShellQuote.PowerShell(named)
        : target.Split('/') is ["projects", var project, ..] ? ShellQuote.PowerShell(project)
        : ServiceAccountEmail.IsWellFormed(target)
        && !target.StartsWith(GcpNames.ClusterAccountPrefix, StringComparison.Ordinal)
            ? ShellQuote.PowerShell(ServiceAccountEmail.Parse(target).Project)
        : "<project>";

    /// <summary>VPC Service Controls refused the call. No permission of the caller's changes that.</summary>
    /// <param name="target">What the work was for.</param>
    /// <param name="inner">The refusal.</param>
    /// <param name="id">The unique identifier of the refusal, by which its reason is found in the audit log.</param>
    public static CmekException PerimeterDenies(string target, GcpException inner, string id) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"A perimeter of VPC Service Controls denies a call that '{target}' needs, whatever the credentials are "
                + $"allowed to do. The unique identifier of the refusal is {(id.Length > 0 ? id : "not given")}.",
            $"gcloud logging read {ShellQuote.PowerShell($"protoPayload.metadata.vpcServiceControlsUniqueId=\"{id}\"")} "
                + "--organization <organization id>   (shows the perimeter and the reason, for the administrator of "
                + "the perimeter)",
            inner,
            statusCode: inner.Code
        );

    /// <summary>The command that shows an organization policy as it applies to a project.</summary>
    public static string DescribeConstraint(string constraint, string project) =>
        $"gcloud org-policies describe {ShellQuote.PowerShell(constraint.Replace("constraints/", ""))} --project {project} "
        + "--effective";
}
