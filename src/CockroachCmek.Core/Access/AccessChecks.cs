using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Access;

/// <summary>What to do about a key's access, in the terms of its cloud.</summary>
/// <param name="Refusal">The error for an identity that is denied or not granted the use.</param>
/// <param name="VerifyCommand">The command that finds out what could not be judged.</param>
/// <param name="NarrowCommand">The command that takes away what is wider than needed.</param>
/// <param name="StaleCommand">
/// The command that removes identities that were deleted. Empty on a cloud where they do no harm: nothing is reported.
/// </param>
internal sealed record AccessAdvice(
    Func<KeyAccess, CmekException> Refusal,
    string VerifyCommand,
    string NarrowCommand,
    string StaleCommand
);

/// <summary>The checks of a key's access, the same on every cloud.</summary>
internal static class AccessChecks
{
    /// <summary>Reports who may use the key: KeyGranted, KeyPolicyNarrow and KeyPolicyCurrent.</summary>
    /// <remarks>
    /// Only what was seen passes. A condition that cannot be judged and a place that cannot be read are Unknown.
    /// </remarks>
    public static void Report(this KeyChecks results, KeyAccess access, AccessAdvice advice)
    {
        Granted(results, access, advice);
        Narrow(results, access, advice);
        if (advice.StaleCommand.Length > 0)
            Current(results, access, advice);
    }

    /// <summary>What is not known for sure, in one sentence; null for a verdict that is certain.</summary>
    public static string? Uncertainty(this KeyAccess access) =>
        access.Verdict switch
        {
            CmekAccessVerdict.Conditional => $"Whether {access.Principal} may use {access.Key} depends on "
                + $"{string.Join(", ", access.Conditions)}, which only the cloud can see when the key is used.",
            CmekAccessVerdict.Unknown => $"Whether {access.Principal} may use {access.Key} is not known, because "
                + $"these could not be read: {string.Join(", ", access.Unread)}.",
            _ => null,
        };

    private static void Granted(KeyChecks results, KeyAccess access, AccessAdvice advice)
    {
        switch (access.Verdict)
        {
            case CmekAccessVerdict.Granted:
                results.Pass(CmekCheckName.KeyGranted, $"{access.Principal} may use {access.Key}{Places(access)}.");
                break;
            case CmekAccessVerdict.Conditional:
                results.Unknown(
                    CmekCheckName.KeyGranted,
                    "KeyGrantConditional",
                    access.Uncertainty()!,
                    advice.VerifyCommand
                );
                break;
            case CmekAccessVerdict.Unknown:
                results.Unknown(
                    CmekCheckName.KeyGranted,
                    "KeyGrantUnknown",
                    access.Uncertainty()!,
                    access.Unread.Count > 0 ? access.Unread[0].Command : advice.VerifyCommand
                );
                break;
            default:
                results.Fail(CmekCheckName.KeyGranted, advice.Refusal(access));
                break;
        }
    }

    private static string Places(KeyAccess access) =>
        access.Grants.Count == 0 ? "" : $", by {string.Join(" and ", access.Grants.Select(g => g.Place).Distinct())}";

    private static void Narrow(KeyChecks results, KeyAccess access, AccessAdvice advice)
    {
        if (access.Wider.Any(w => w.IsOpen))
            results.Fail(CmekCheckName.KeyPolicyNarrow, Errors.KeyOpen(access, advice.NarrowCommand));
        else if (access.Wider.Count > 0)
            results.Warn(
                CmekCheckName.KeyPolicyNarrow,
                "KeyPolicyWide",
                $"{access.Key} allows more than CMEK needs: {string.Join("; ", access.Wider)}.",
                advice.NarrowCommand
            );
        else if (access.Unread.Count > 0)
            results.Unknown(
                CmekCheckName.KeyPolicyNarrow,
                "KeyAccessUnread",
                $"Nothing that was read allows more than CMEK needs, but these could not be read: "
                    + $"{string.Join(", ", access.Unread)}.",
                access.Unread[0].Command
            );
        else
            results.Pass(CmekCheckName.KeyPolicyNarrow, $"{access.Key} allows no more than CMEK needs.");
    }

    private static void Current(KeyChecks results, KeyAccess access, AccessAdvice advice)
    {
        if (access.Stale.Count > 0)
            results.Warn(
                CmekCheckName.KeyPolicyCurrent,
                "KeyPolicyStale",
                $"The policy of {access.Key} names identities that were deleted: {string.Join(", ", access.Stale)}.",
                advice.StaleCommand
            );
        else if (access.UnreadPolicy is { } unread)
            results.Unknown(
                CmekCheckName.KeyPolicyCurrent,
                "KeyAccessUnread",
                $"Whether the policy of {access.Key} names deleted identities is not known, because it could not be "
                    + $"read: {unread}.",
                unread.Command
            );
        else
            results.Pass(CmekCheckName.KeyPolicyCurrent, $"The policy of {access.Key} names no deleted identity.");
    }
}
