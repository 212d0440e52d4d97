using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>The sandbox's CockroachDB on GCP: as the cluster's own service account it takes a token of the customer's, and as that account uses the key.</summary>
internal sealed class GcpKeyUser(GcpSandbox gcp, SandboxClock clock) : IKeyUser
{
    private const string Impersonate = "iam.serviceAccounts.getAccessToken";
    private const string Encrypt = "cloudkms.cryptoKeyVersions.useToEncrypt";
    private const string Decrypt = "cloudkms.cryptoKeyVersions.useToDecrypt";

    /// <summary>The service account of a cluster's nodes: only the last twelve characters of the cluster's id are in it.</summary>
    public static string AccountOf(string clusterId, string accountId) =>
        $"crl-kms-user-{clusterId.Substring(clusterId.Length - 12)}@{accountId}.iam.gserviceaccount.com";

    public KeyUse Wrap(KeyUseRequest request, byte[] storeKey) =>
        gcp.Locked(
            (accounts, access, keys) =>
            {
                if (Check(request, accounts, access, keys, [Encrypt, Decrypt], out var key) is { } refusal)
                    return new KeyUse(null, refusal);
                var now = clock.UtcNow;
                if (key!.PrimaryInUse(now) is not { } primary)
                    return new KeyUse(null, $"The key {key.Name} has no primary version.");
                return primary.IsUsable(now)
                    ? new KeyUse(CryptoKey.Encrypt(primary, storeKey, []), null)
                    : new KeyUse(
                        null,
                        $"The primary version {primary.Number} of the key {key.Name} is {primary.State}."
                    );
            }
        );

    public KeyUse Unwrap(KeyUseRequest request, byte[] wrapped) =>
        gcp.Locked(
            (accounts, access, keys) =>
            {
                if (Check(request, accounts, access, keys, [Decrypt], out var key) is { } refusal)
                    return new KeyUse(null, refusal);
                if (key!.VersionOf(wrapped) is not { } version)
                    return new KeyUse(null, Foreign(key));
                if (!version.IsUsable(clock.UtcNow))
                    return new KeyUse(
                        null,
                        $"Version {version.Number} of the key {key.Name}, which encrypted the store key, is {version.State}."
                    );
                return CryptoKey.Decrypt(version, wrapped, []) is { } storeKey
                    ? new KeyUse(storeKey, null)
                    : new KeyUse(null, Foreign(key));
            }
        );

    private static string Foreign(CryptoKey key) =>
        $"The key {key.Name} cannot decrypt the store key: it is another key than the one that encrypted it.";

    private static string? Check(
        KeyUseRequest request,
        GcpAccounts accounts,
        GcpAccess access,
        KmsKeys keys,
        string[] permissions,
        out CryptoKey? key
    )
    {
        key = null;
        var cockroach = AccountOf(request.ClusterId, request.AccountId);
        // It is Cockroach Labs' and always there, whatever the customer does.
        accounts.AddForeign(cockroach);
        if (!Regex.IsMatch(request.Uri, "^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$"))
            return $"{request.Uri} is no name of a key: projects/{{project}}/locations/{{location}}/keyRings/{{ring}}/cryptoKeys/{{key}}, without a version, is meant.";
        if (accounts.Find(request.AuthPrincipal) is not { } account || account.Email != request.AuthPrincipal)
            return $"The service account {request.AuthPrincipal} does not exist.";
        if (account.Disabled)
            return $"The service account {account.Email} is disabled.";
        if (
            Lacking(
                access,
                GcpPrincipal.Of(accounts.Find(cockroach)!),
                Impersonate,
                "roles/iam.serviceAccountTokenCreator",
                IamAccounts.Resource(account),
                account.Email
            ) is
            { } noToken
        )
            return noToken;
        if (keys.Find(request.Uri) is not { } found)
            return $"The key {request.Uri} does not exist.";
        foreach (var permission in permissions)
            if (
                Lacking(
                    access,
                    GcpPrincipal.Of(account),
                    permission,
                    "roles/cloudkms.cryptoKeyEncrypterDecrypter",
                    found.Name,
                    found.Name
                ) is
                { } noUse
            )
                return noUse;
        if (found.Purpose != "ENCRYPT_DECRYPT")
            return $"The purpose of the key {found.Name} is {found.Purpose}, not ENCRYPT_DECRYPT.";
        key = found;
        return null;
    }

    /// <summary>What of a permission is missing: the grant, its condition, or only time.</summary>
    private static string? Lacking(
        GcpAccess access,
        GcpPrincipal principal,
        string permission,
        string role,
        string resource,
        string shown
    )
    {
        if (access.Granted(principal, permission, resource, effective: true))
            return null;
        var who = principal.Member.Substring("serviceAccount:".Length);
        if (access.Granted(principal, permission, resource, effective: false))
            return $"{who} does not have {permission} on {shown} yet: the grant has not taken effect.";
        return access.IsHeldBackByCondition(principal, permission, resource)
            ? $"{who} does not have {permission} on {shown}: the condition of its grant does not hold."
            : $"{who} does not have {permission} on {shown}: it needs {role}.";
    }
}
