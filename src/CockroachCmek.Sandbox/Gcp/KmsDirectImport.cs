using System.Globalization;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Gcp.Logs;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// Keys that the sandbox's Vault imports. Vault responds only after the import job and the import are complete, so both
/// steps and the wrapping are skipped here. The permissions that they need are still required.
/// </summary>
internal sealed class KmsDirectImport(
    SandboxClock clock,
    GcpData data,
    GcpAccess access,
    KmsRings rings,
    KmsKeys keys,
    KmsKeyVersions versions,
    GcpAuditLog log
)
{
    /// <summary>How long an import takes.</summary>
    private static readonly TimeSpan ImportDuration = TimeSpan.FromSeconds(5);

    /// <summary>Creates a key without a version.</summary>
    /// <exception cref="GcpException">NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT or ALREADY_EXISTS.</exception>
    public void CreateKey(
        GcpPrincipal caller,
        string ring,
        string id,
        string purpose,
        string algorithm,
        string protectionLevel
    )
    {
        access.Require(caller, "cloudkms.cryptoKeys.create", ring);
        rings.RequireRing(ring);
        KmsKeys.RequireId(id);
        keys.Add(
            new CryptoKey($"{ring}/cryptoKeys/{id}", purpose, protectionLevel, clock.UtcNow) { Algorithm = algorithm }
        );
        log.RecordChange("CreateCryptoKey", $"{ring}/cryptoKeys/{id}", caller.Member);
    }

    /// <summary>
    /// Imports a version and returns its number. In a symmetric key the version becomes the primary version.
    /// </summary>
    /// <exception cref="GcpException">NOT_FOUND or PERMISSION_DENIED.</exception>
    public string Import(GcpPrincipal caller, string keyName, byte[] material)
    {
        var ring = string.Join("/", keyName.Split('/').Take(6));
        foreach (var permission in new[] { "create", "get", "useToImport" })
            access.Require(caller, "cloudkms.importJobs." + permission, ring);
        access.Require(caller, "cloudkms.cryptoKeyVersions.create", keyName);
        var key = keys.FindExisting(keyName);
        if (key.Purpose == "ENCRYPT_DECRYPT")
            access.Require(caller, "cloudkms.cryptoKeys.update", keyName);
        var now = clock.UtcNow;
        var job = $"{ring}/importJobs/vault-{now.ToUnixTimeSeconds()}";
        var version = key.AddImported(now - ImportDuration, job, material, failure: null);
        version.Settle(now);
        log.RecordChange("ImportCryptoKeyVersion", version.Name, caller.Member);
        if (key.Purpose == "ENCRYPT_DECRYPT")
        {
            key.MakePrimary(version, now, key.Primary is null ? TimeSpan.Zero : data.KeyStateDelay);
            log.RecordChange("UpdateCryptoKeyPrimaryVersion", keyName, caller.Member);
        }

        return version.Number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Changes a version to ENABLED, DISABLED or DESTROY_SCHEDULED.</summary>
    /// <exception cref="GcpException">
    /// NOT_FOUND, PERMISSION_DENIED, or FAILED_PRECONDITION if the version is destroyed or about to be.
    /// </exception>
    public void SetState(GcpPrincipal caller, string keyName, string number, string state)
    {
        access.Require(
            caller,
            "cloudkms.cryptoKeyVersions." + (state == "DESTROY_SCHEDULED" ? "destroy" : "update"),
            $"{keyName}/cryptoKeyVersions/{number}"
        );
        var key = keys.FindExisting(keyName);
        var version = key.FindVersion(number);
        if (version.State is not ("ENABLED" or "DISABLED"))
            throw GcpException.Precondition($"{version.Name} cannot become {state}: its state is {version.State}.");
        versions.SetState(key, version, state);
        if (state == "DESTROY_SCHEDULED")
            log.RecordChange("DestroyCryptoKeyVersion", version.Name, caller.Member);
        else
            log.RecordChange(
                "UpdateCryptoKeyVersion",
                version.Name,
                caller.Member,
                GcpAuditLog.StateOf(version.Name, state)
            );
    }
}
