using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>What to do about the access to a key or to a service account.</summary>
internal static class GcpAccessAdvice
{
    /// <summary>The advice for the checks of a key's access.</summary>
    public static AccessAdvice ForKey(GcpKeyName name, GcpReading reading) =>
        new(
            access => GcpKeyFitness.GrantProblem(name, reading) ?? GcpErrors.KeyNotGranted(name, access),
            Verify(name, reading.Account),
            reading.Wider.Select(w => w.Binding.RemoveCommand).FirstOrDefault() ?? "",
            reading.Evaluator.Bindings.FirstOrDefault(b => IamPolicy.IsDeleted(b.Member))?.RemoveCommand
                ?? GcpAccessReader.CommandOf(name).Show
        );

    /// <summary>
    /// The command with which somebody who may read all policies finds out whether a key can be used.
    /// </summary>
    public static string Verify(GcpKeyName name, ServiceAccountEmail account) =>
        Troubleshoot($"//cloudkms.googleapis.com/{name}", account, GcpPermissions.Decrypt);

    /// <summary>The same for whether CockroachDB Cloud's account can act as a service account.</summary>
    public static string VerifyTrust(ServiceAccountEmail account, ServiceAccountEmail trusted) =>
        Troubleshoot($"//iam.googleapis.com/{account.Resource}", trusted, GcpPermissions.GetAccessToken);

    /// <summary>That access may go on through what could not be read.</summary>
    public static string NotKnown(string target, ServiceAccountEmail account, IReadOnlyList<UnreadPlace> unread) =>
        $"Whether {account} may use {target} in another way is not known, because these could not be read: "
        + $"{string.Join(", ", unread)}.";

    private static string Troubleshoot(string resource, ServiceAccountEmail account, string permission) =>
        $"gcloud policy-troubleshoot iam {ShellQuote.PowerShell(resource)} --principal-email {ShellQuote.PowerShell(account.Text)} "
        + $"--permission {permission}";
}
