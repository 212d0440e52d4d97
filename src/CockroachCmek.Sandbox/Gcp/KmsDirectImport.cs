using System.Globalization;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// Versions that come from outside at once, for the sandbox's Vault: it answers when a key is distributed, and by then it has waited for the
/// import job and for the import. So both are left out, with the wrapping of the material on its way; the permissions that they take are asked for.
/// </summary>
internal sealed partial class KmsKeys
{
    /// <summary>How long an import takes until its version can be used.</summary>
    private static readonly TimeSpan Waited = TimeSpan.FromSeconds(5);

    /// <summary>A key that has no version yet.</summary>
    /// <exception cref="GcpFault">NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT or ALREADY_EXISTS.</exception>
    public CryptoKey CreateWithoutVersion(
        GcpPrincipal caller,
        string ring,
        string id,
        string purpose,
        string algorithm,
        string protectionLevel
    )
    {
        access.Need(caller, "cloudkms.cryptoKeys.create", ring);
        rings.NeedRing(ring);
        if (!KmsRings.IsId(id))
            throw GcpFault.Invalid($"The crypto_key_id '{id}' must match [a-zA-Z0-9_-]{{1,63}}.");
        var key = new CryptoKey($"{ring}/cryptoKeys/{id}", purpose, protectionLevel, clock.UtcNow)
        {
            Algorithm = algorithm,
        };
        if (data.Keys.ContainsKey(key.Name) || data.RetiredKeys.Contains(key.Name))
            throw GcpFault.Exists($"CryptoKey {key.Name}");
        return data.Keys[key.Name] = key;
    }

    /// <summary>A version with this material, which becomes the primary one where the key has such a thing; its number.</summary>
    /// <exception cref="GcpFault">NOT_FOUND or PERMISSION_DENIED.</exception>
    public string Import(GcpPrincipal caller, string name, byte[] material)
    {
        var ring = string.Join("/", name.Split('/').Take(6));
        foreach (var permission in new[] { "create", "get", "useToImport" })
            access.Need(caller, "cloudkms.importJobs." + permission, ring);
        access.Need(caller, "cloudkms.cryptoKeyVersions.create", name);
        var key = Existing(name);
        if (key.Purpose == "ENCRYPT_DECRYPT")
            access.Need(caller, "cloudkms.cryptoKeys.update", name);
        var version = key.AddImported(
            clock.UtcNow - Waited,
            $"{ring}/importJobs/vault-{clock.UtcNow.ToUnixTimeSeconds()}",
            material,
            failure: null
        );
        version.Settle(clock.UtcNow);
        if (key.Purpose == "ENCRYPT_DECRYPT")
            key.MakePrimary(version, clock.UtcNow, key.Primary is null ? TimeSpan.Zero : data.KeyStateDelay);
        return version.Number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Switches a version to ENABLED, DISABLED or DESTROY_SCHEDULED.</summary>
    /// <exception cref="GcpFault">NOT_FOUND, PERMISSION_DENIED, or FAILED_PRECONDITION for a version on its way out.</exception>
    public void SetState(GcpPrincipal caller, string name, string number, string state)
    {
        access.Need(
            caller,
            "cloudkms.cryptoKeyVersions." + (state == "DESTROY_SCHEDULED" ? "destroy" : "update"),
            $"{name}/cryptoKeyVersions/{number}"
        );
        var key = Existing(name);
        var version = key.Versions.FirstOrDefault(v => v.Number.ToString(CultureInfo.InvariantCulture) == number)
            ?? throw GcpFault.NotFound($"CryptoKeyVersion {name}/cryptoKeyVersions/{number}");
        if (version.State is not ("ENABLED" or "DISABLED"))
            throw GcpFault.Precondition($"{version.Name} cannot become {state}: its state is {version.State}.");
        SwitchOff(version, state);
        if (state == "DESTROY_SCHEDULED")
            version.DestroyTime = clock.UtcNow + key.DestroyDelay;
    }
}
