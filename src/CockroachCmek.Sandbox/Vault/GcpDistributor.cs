using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Gcp;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// Distributes keys to Cloud KMS: one key with imported versions, each of which becomes the primary version. Source:
/// HashiCorp's gcpckms pages.
/// </summary>
internal sealed class GcpDistributor(GcpSandbox gcp, VaultHost host) : IKeyDistributor
{
    public string Provider => "gcpckms";

    public string? WhyUnsupported(string keyType, IReadOnlyList<string> purpose, string protection)
    {
        if (keyType == "ecdsa-p521")
            return $"key type \"{keyType}\" is not supported by provider \"gcpckms\"";
        return Kind(keyType, purpose) is null
            ? $"provider \"gcpckms\" does not support the purpose {string.Join(",", purpose)} "
                + $"for key type \"{keyType}\""
            : null;
    }

    public string Import(VaultKey key, KeyDistribution distribution, VaultMaterial material) =>
        Call(distribution, (caller, context) =>
        {
            var (purpose, algorithm) = Kind(key.Type, distribution.Purpose)!.Value;
            var id = distribution.CloudName;
            if (distribution.Versions.Count == 0 && context.Keys.Find(Name(distribution)) is null)
                context.Imports.CreateKey(
                    caller,
                    distribution.Kms.Collection,
                    id,
                    purpose,
                    algorithm,
                    distribution.Protection == "hsm" ? "HSM" : "SOFTWARE"
                );
            // The sandbox's Cloud KMS can use only symmetric keys. It stores the private part of others.
            return context.Imports.Import(
                caller,
                Name(distribution),
                material.Secret ?? material.Rsa?.D ?? material.Curve!.Value.D!
            );
        });

    public void SetEnabled(KeyDistribution distribution, string id, bool enabled) =>
        Call(distribution, (caller, context) =>
        {
            context.Imports.SetState(caller, Name(distribution), id, enabled ? "ENABLED" : "DISABLED");
            return true;
        });

    public void Remove(VaultKey key, KeyDistribution distribution) => Call(distribution, (caller, context) =>
        {
            // Versions that are already destroyed are left alone.
            foreach (
                var version in context
                    .Keys.Find(Name(distribution))
                    ?.Versions.Where(v => v.State is "ENABLED" or "DISABLED")
                    .ToList()
                    ?? []
            )
                context.Imports.SetState(
                    caller,
                    Name(distribution),
                    version.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    "DESTROY_SCHEDULED"
                );
            return true;
        });

    public void Replicate(VaultKey key, KeyDistribution distribution) =>
        throw new CloudRefusedException("Cloud KMS has no key replication");

    /// <summary>The purpose and the algorithm in Cloud KMS; null if none fits.</summary>
    private static (string Purpose, string Algorithm)? Kind(string keyType, IReadOnlyList<string> purpose) =>
        (keyType, string.Join(",", purpose)) switch
        {
            ("aes256-gcm96", "decrypt,encrypt") => ("ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION"),
            ("rsa-2048" or "rsa-3072" or "rsa-4096", "decrypt") => (
                "ASYMMETRIC_DECRYPT",
                $"RSA_DECRYPT_OAEP_{keyType.Substring(4)}_SHA256"
            ),
            ("rsa-2048" or "rsa-3072" or "rsa-4096", "sign") => (
                "ASYMMETRIC_SIGN",
                $"RSA_SIGN_PSS_{keyType.Substring(4)}_SHA256"
            ),
            ("ecdsa-p256", "sign") => ("ASYMMETRIC_SIGN", "EC_SIGN_P256_SHA256"),
            ("ecdsa-p384", "sign") => ("ASYMMETRIC_SIGN", "EC_SIGN_P384_SHA384"),
            _ => null,
        };

    private static string Name(KeyDistribution distribution) =>
        $"{distribution.Kms.Collection}/cryptoKeys/{distribution.CloudName}";

    private T Call<T>(KeyDistribution distribution, Func<GcpPrincipal, GcpContext, T> work)
    {
        var file = Credentials(distribution.Kms);
        try
        {
            return gcp.Locked(context =>
            {
                var account = context.Accounts.Find(file.Email);
                if (account is null || !account.Keys.Any(k => file.Matches(k.Public)))
                    throw new CloudRefusedException("oauth2: \"invalid_grant\" \"Invalid JWT Signature.\"");
                if (account.Disabled)
                    throw new CloudRefusedException("oauth2: \"invalid_grant\" \"Account disabled.\"");
                if (!Regex.IsMatch(distribution.Kms.Collection, "^projects/[^/]+/locations/[^/]+/keyRings/[^/]+$"))
                    throw GcpException.Invalid($"The resource name '{distribution.Kms.Collection}' is not a key ring.");
                return work(GcpPrincipal.Of(account), context);
            });
        }
        catch (GcpException error)
        {
            // gRPC's Go client writes NotFound for NOT_FOUND.
            var code = string.Concat(
                error.Status.Split('_').Select(w => w.Substring(0, 1) + w.Substring(1).ToLowerInvariant())
            );
            throw new CloudRefusedException($"rpc error: code = {code} desc = {error.Message}");
        }
    }

    /// <summary>
    /// The environment of Vault's server takes precedence over the provider's credentials, unlike on AWS.
    /// </summary>
    private ServiceAccountFile Credentials(KmsProvider kms)
    {
        var given = host.Variable("GOOGLE_CREDENTIALS")
            ?? (kms.Credentials.TryGetValue("service_account_file", out var path) && path.Length > 0 ? path : null)
            ?? host.Variable("GOOGLE_APPLICATION_CREDENTIALS")
            ?? throw new CloudRefusedException("google: could not find default credentials");
        return ServiceAccountFile.Parse(
            given.TrimStart().StartsWith("{", StringComparison.Ordinal) ? given : VaultHost.ReadFile(given)
        );
    }
}
