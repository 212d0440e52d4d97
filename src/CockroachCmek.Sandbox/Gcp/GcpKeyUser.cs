using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// The sandbox's CockroachDB on Google Cloud. The cluster's service account impersonates the customer's service
/// account, which uses the key.
/// </summary>
internal sealed class GcpKeyUser(GcpSandbox gcp, SandboxClock clock) : IKeyUser
{
    private const string Impersonate = "iam.serviceAccounts.getAccessToken";
    private const string Encrypt = "cloudkms.cryptoKeyVersions.useToEncrypt";
    private const string Decrypt = "cloudkms.cryptoKeyVersions.useToDecrypt";

    // google.rpc.Code
    private const int InvalidArgument = 3;
    private const int NotFound = 5;
    private const int PermissionDenied = 7;
    private const int FailedPrecondition = 9;

    /// <summary>
    /// The service account of a cluster's nodes. It contains only the last twelve characters of the cluster's id.
    /// </summary>
    public static string AccountOf(string clusterId, string accountId) =>
        $"crl-kms-user-{clusterId.Substring(clusterId.Length - 12)}@{accountId}.iam.gserviceaccount.com";

    public KeyUse Wrap(KeyUseRequest request, byte[] storeKey) =>
        gcp.Locked(context =>
        {
            if (Check(request, context, [Encrypt, Decrypt], out var key) is { } refusal)
                return new KeyUse(null, refusal);
            var now = clock.UtcNow;
            if (key!.PrimaryInUse(now) is not { } primary)
                return Refused(Encrypt, $"The key {key.Name} has no primary version.");
            if (!primary.IsUsable(now))
                return Refused(
                    Encrypt,
                    $"The primary version {primary.Number} of the key {key.Name} is {primary.State}."
                );
            Log(request, context, Encrypt);
            return new KeyUse(CryptoKey.Encrypt(primary, storeKey, []), null);

            KeyUse Refused(string permission, string text) =>
                new(null, Log(request, context, permission, FailedPrecondition, text));
        });

    public KeyUse Unwrap(KeyUseRequest request, byte[] wrapped) =>
        gcp.Locked(context =>
        {
            if (Check(request, context, [Decrypt], out var key) is { } refusal)
                return new KeyUse(null, refusal);
            if (key!.VersionOf(wrapped) is not { } version)
                return Refused(InvalidArgument, Foreign(key));
            if (!version.IsUsable(clock.UtcNow))
                return Refused(
                    FailedPrecondition,
                    $"Version {version.Number} of the key {key.Name}, which encrypted the store key, "
                        + $"is {version.State}."
                );
            if (CryptoKey.Decrypt(version, wrapped, []) is not { } storeKey)
                return Refused(InvalidArgument, Foreign(key));
            Log(request, context, Decrypt);
            return new KeyUse(storeKey, null);

            KeyUse Refused(int code, string text) => new(null, Log(request, context, Decrypt, code, text));
        });

    private static string Foreign(CryptoKey key) =>
        $"The key {key.Name} cannot decrypt the store key: it is another key than the one that encrypted it.";

    private static string? Check(KeyUseRequest request, GcpContext context, string[] permissions, out CryptoKey? key)
    {
        key = null;
        var cluster = AccountOf(request.ClusterId, request.AccountId);
        // The account belongs to Cockroach Labs and always exists.
        context.Accounts.AddForeign(cluster);
        if (!Regex.IsMatch(request.Uri, "^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$"))
            return $"{request.Uri} is not a key name. Expected projects/{{project}}/locations/{{location}}/"
                + "keyRings/{ring}/cryptoKeys/{key} without a version.";
        if (context.Accounts.Find(request.AuthPrincipal) is not { } account || account.Email != request.AuthPrincipal)
            return $"The service account {request.AuthPrincipal} does not exist.";
        if (ImpersonationProblem(context, account, cluster, request.At) is { } noToken)
            return noToken;
        if (context.Keys.Find(request.Uri) is not { } found)
            return Log(request, context, permissions[0], NotFound, $"The key {request.Uri} does not exist.");
        foreach (var permission in permissions)
        {
            var use = new Need(permission, "roles/cloudkms.cryptoKeyEncrypterDecrypter", found.Name);
            if (Missing(context, account, use, found.Name) is { } noUse)
                return Log(request, context, permission, PermissionDenied, noUse);
        }

        if (found.Purpose != "ENCRYPT_DECRYPT")
            return Log(
                request,
                context,
                permissions[0],
                FailedPrecondition,
                $"The purpose of the key {found.Name} is {found.Purpose}, not ENCRYPT_DECRYPT."
            );
        key = found;
        return null;
    }

    /// <summary>Why the cluster's account gets no token of the customer's; null if it gets one.</summary>
    private static string? ImpersonationProblem(
        GcpContext context,
        ServiceAccount account,
        string cluster,
        DateTimeOffset? at
    )
    {
        var caller = context.Accounts.Find(cluster)!;
        var need = new Need(Impersonate, "roles/iam.serviceAccountTokenCreator", account.Email);
        var (code, problem) = account.Disabled
            ? (FailedPrecondition, $"The service account {account.Email} is disabled.")
            : (PermissionDenied, Missing(context, caller, need, IamAccounts.Resource(account)));
        context.Log.RecordToken(caller, account, problem is null ? 0 : code, problem ?? "", at);
        return problem;
    }

    /// <summary>Writes a use of the key to the audit log, and returns why it was refused.</summary>
    private static string Log(
        KeyUseRequest request,
        GcpContext context,
        string permission,
        int code = 0,
        string refusal = ""
    )
    {
        context.Log.RecordUse(
            permission == Encrypt ? "Encrypt" : "Decrypt",
            request.Uri,
            context.Accounts.Find(request.AuthPrincipal)!,
            context.Accounts.Find(AccountOf(request.ClusterId, request.AccountId))!,
            code,
            refusal,
            request.At
        );
        return refusal;
    }

    /// <summary>
    /// What a permission lacks: the grant, a condition that holds, time to take effect, a way through the perimeter or
    /// the absence of a denial; null if nothing.
    /// </summary>
    private static string? Missing(GcpContext context, ServiceAccount account, Need need, string resource)
    {
        var principal = GcpPrincipal.Of(account);
        if (context.Guards.Blocks(principal, need.Service, resource))
            return $"{account.Email} cannot reach {need.Service}: request is prohibited by organization's policy.";
        if (Decide(effective: true).IsGranted)
            return null;
        var problem = $"{account.Email} does not have {need.Permission} on {need.Shown}";
        var written = Decide(effective: false);
        if (written.IsGranted)
            return $"{problem} yet: the grant has not taken effect.";
        return written.IsDenied ? $"{problem}: a deny policy denies it."
            : written.ConditionFails ? $"{problem}: the condition of its grant does not hold."
            : $"{problem}: it needs {need.Role}.";

        GcpDecision Decide(bool effective) =>
            context.Access.Evaluator.Decide(principal, need.Permission, resource, effective);
    }

    /// <summary>A permission, the role that grants it, and the resource as shown to people.</summary>
    private sealed record Need(string Permission, string Role, string Shown)
    {
        public string Service =>
            Permission == Impersonate ? "iamcredentials.googleapis.com" : "cloudkms.googleapis.com";
    }
}
