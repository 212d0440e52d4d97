using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Checks the key itself: type and state, expiry, rotation, and its versions.</summary>
internal sealed class AzureVersionChecks(
    AzureClients clients,
    AzureCalls calls,
    CrdbCluster cluster,
    AzureKeyId id,
    KeyChecks results,
    KeyRules rules
)
{
    /// <summary>From how long before its expiry a key is reported.</summary>
    private static readonly TimeSpan ExpiryWarning = TimeSpan.FromDays(30);

    private readonly AzureKeyReader _reader = new(clients, calls);

    /// <summary>
    /// A past key must still exist for what was written with it. It may have expired: Key Vault unwraps with an expired
    /// key.
    /// </summary>
    public async Task CheckPastKeyAsync()
    {
        var key = await _reader.RequireAsync(id);
        if (!key.Bundle.Attributes.Enabled)
            throw AzureErrors.KeyDisabled(id);
        results.Pass(
            CmekCheckName.PastKeyUsable,
            $"{id} is enabled. Data and backups from the time of its use still need it."
        );
    }

    public async Task CheckKeyAsync()
    {
        var key = await _reader.RequireAsync(id);
        var now = calls.Context.Time.GetUtcNow();
        var problems = AzureKeyProblems.KeyProblems(key, now).ToList();
        foreach (var problem in problems.Skip(1))
            results.Fail(CmekCheckName.KeyUsable, problem);
        if (problems.Count > 0)
            throw problems[0];
        results.Pass(CmekCheckName.KeyUsable, $"{id} is an {key.Bundle.Key.Kty} key, and is enabled.");
        CheckOrigin(key);
        var isHsm = key.Bundle.Key.Kty?.EndsWith("-HSM", StringComparison.OrdinalIgnoreCase) == true;
        results.Protection(
            isHsm ? CmekProtectionLevel.Hsm : CmekProtectionLevel.Software,
            $"{id} is a key of type {key.Bundle.Key.Kty}, protected by {(isHsm ? "hardware" : "software")}.",
            rules,
            $"Get-CrdbCluster {ShellQuote.PowerShell(cluster.Name)} | New-CrdbCmekRole | "
                + "New-CrdbCmekKey -Name <a new name> -ProtectionLevel Hsm | New-CrdbCmekManifest | Invoke-CrdbCmekRotation -Wait"
        );
        if (key.Bundle.Attributes.ExpiresOn is not { } end)
            results.Pass(CmekCheckName.KeyExpiry, $"{id} does not expire.");
        else if (end - now >= ExpiryWarning)
            results.Pass(CmekCheckName.KeyExpiry, $"{id} expires on {end:yyyy-MM-dd}.");
        else
            results.Warn(
                CmekCheckName.KeyExpiry,
                "KeyExpiresSoon",
                $"{id} expires on {end:yyyy-MM-dd}, and can no longer wrap then.",
                $"az keyvault key set-attributes --id {id} --expires <a later date>   (or Invoke-CrdbCmekRotation)"
            );
    }

    private void CheckOrigin(FoundKey key)
    {
        var origin = AzureKeyOrigins.Of(key);
        if (origin.Kind != CmekKeyOrigin.Unknown)
            results.Pass(CmekCheckName.KeyOrigin, $"{id} {origin.Detail}.");
        else
            results.Unknown(
                CmekCheckName.KeyOrigin,
                "KeyOriginUnknown",
                $"Key Vault does not report whether {id} was generated in it or imported. A rotation generates the new "
                    + "version in Key Vault.",
                $"az keyvault key set-attributes --id {id} --tags {AzureNames.OriginTag}={KeyOrigin.CloudMark}   "
                    + $"(or ={KeyOrigin.ImportedMark}, which keeps rotations from replacing it; add the tags that the "
                    + "key "
                    + "has)"
            );
    }

    /// <summary>A version that Key Vault creates by itself has another URI, which CockroachDB does not learn.</summary>
    public async Task CheckRotationPolicyAsync()
    {
        if ((await _reader.FindRotationPolicyAsync(id.WithoutVersion))?.Rotation is not { } rotation)
        {
            results.Pass(CmekCheckName.KeyRotation, $"Key Vault does not rotate {id.WithoutVersion} by itself.");
            return;
        }

        var when = rotation.Trigger.TimeAfterCreate is { } after
            ? $"{after} after the last one"
            : $"{rotation.Trigger.TimeBeforeExpiry} before it expires";
        results.Warn(
            CmekCheckName.KeyRotation,
            "RotatesByItself",
            $"Key Vault creates a new version of {id.WithoutVersion} by itself, {when}. CockroachDB does not follow.",
            $"Get-CrdbCluster {cluster.Name} | Invoke-CrdbCmekRotation -Wait   "
                + $"(on a schedule: it switches to the newest version)"
        );
    }

    public async Task CheckVersionsAsync()
    {
        var versions = await _reader.ListVersionsAsync(id);
        if (new AzureKeyRotation(clients, calls).FindNewer(versions, [id.Version ?? ""]) is { } newer)
            results.Warn(
                CmekCheckName.VersionInUse,
                "VersionNotTakenUp",
                $"{newer} is newer than the version that the cluster uses. CockroachDB does not follow by itself.",
                $"Get-CrdbCluster {cluster.Name} | Invoke-CrdbCmekRotation -Wait"
            );
        else
            results.Pass(CmekCheckName.VersionInUse, $"The cluster uses the newest version of {id.WithoutVersion}.");
        CheckOlderVersions(versions);
    }

    private void CheckOlderVersions(IReadOnlyList<ListedVersion> versions)
    {
        var current = versions.FirstOrDefault(v => v.Id.Version == id.Version)?.Attributes.Created ?? 0;
        var disabled = versions
            .Where(v => (v.Attributes.Created ?? 0) < current && !v.Attributes.Enabled)
            .Select(v => v.Id)
            .ToList();
        if (disabled.Count == 0)
            results.Pass(CmekCheckName.OldVersionsUsable, $"All older versions of {id.WithoutVersion} are enabled.");
        else
            results.Warn(
                CmekCheckName.OldVersionsUsable,
                "OldVersionsDisabled",
                $"Older versions of {id.WithoutVersion} are disabled: "
                    + $"{string.Join(", ", disabled.Select(v => v.Version))}. "
                    + "Data and backups that were written with them cannot be read.",
                $"az keyvault key set-attributes --id {disabled[0]} --enabled true   (unless no cluster ever used it)"
            );
    }
}
