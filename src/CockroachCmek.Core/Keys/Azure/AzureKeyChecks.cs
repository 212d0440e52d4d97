using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Live checks of a region's key, vault and application. Reads only; what may not be read is Unknown.</summary>
internal sealed class AzureKeyChecks(AzureClients clients, AzureCalls calls)
{
    private static readonly TimeSpan Near = TimeSpan.FromDays(30);

    private readonly AzureKeyReader _reader = new(clients, calls);

    public async Task<IReadOnlyList<CmekCheck>> CheckAsync(KeyCheckRequest request)
    {
        var results = new KeyChecks(request.Cluster, request.Spec.Region, e =>
            AzureCalls.Translate(e, request.Spec.KeyUri)
        );
        AzureKeyId? id = null;
        await results.RunAsync(CmekCheckName.KeyUri, () =>
        {
            id = AzureKeyId.Parse(request.Spec.KeyUri, clients.Cloud);
            return Task.CompletedTask;
        });
        if (id is null)
            return results.All;
        if (request.IsPast)
        {
            await results.RunAsync(CmekCheckName.PastKeyUsable, () => PastKeyAsync(id, results));
            return results.All;
        }

        ServicePrincipal? principal = null;
        await results.RunAsync(CmekCheckName.RoleTrust, async () =>
            principal = await ApplicationAsync(request, results)
        );
        AzureVault? vault = null;
        await results.RunAsync(CmekCheckName.KeyProtected, async () => vault = await VaultAsync(request, id, results));
        var usable = await results.RunAsync(CmekCheckName.KeyUsable, () => KeyAsync(id, results));
        if (vault is not null && principal is not null)
            await results.RunAsync(CmekCheckName.KeyGranted, () => GrantAsync(request, id, vault, principal, results));
        if (!usable)
            return results.All;
        await results.RunAsync(CmekCheckName.KeyRotation, () => RotationAsync(request, id, results));
        if (request.TakenUpAt is not null)
            await results.RunAsync(CmekCheckName.VersionInUse, () => VersionsAsync(request, id, results));
        return results.All;
    }

    /// <summary>A key of before must still be there for what was written with it. That it has expired does not keep anybody from unwrapping.</summary>
    private async Task PastKeyAsync(AzureKeyId id, KeyChecks results)
    {
        var key = await _reader.FindAsync(id) ?? throw await MissingAsync(id);
        if (!key.Bundle.Attributes.Enabled)
            throw AzureErrors.KeyDisabled(id);
        results.Pass(CmekCheckName.PastKeyUsable, $"{id}, which data and backups of its time still need, is enabled.");
    }

    private async Task<ServicePrincipal?> ApplicationAsync(KeyCheckRequest request, KeyChecks results)
    {
        var region = request.Spec.Region;
        var applicationId = AzureRoles.ApplicationId(request.Cluster);
        if (await new AzureRoles(clients, calls).FindAsync(applicationId) is not { } principal)
        {
            throw AzureErrors.ConsentMissing(
                request.Cluster.Name,
                request.Spec.AuthPrincipal,
                clients.Cloud.ConsentUrl(request.Spec.AuthPrincipal, applicationId)
            );
        }

        var differences = AzureRoles.Differences(principal, request.Cluster, null);
        if (differences.Count == 0)
            results.Pass(
                CmekCheckName.RoleTrust,
                $"'{principal.DisplayName}' is in the tenant {request.Spec.AuthPrincipal}, and may sign in."
            );
        else
            results.Fail(CmekCheckName.RoleTrust, AzureErrors.RoleDiffers(request.Cluster, applicationId, differences));
        return principal;
    }

    private async Task<AzureVault> VaultAsync(KeyCheckRequest request, AzureKeyId id, KeyChecks results)
    {
        var region = request.Spec.Region;
        var vault = (await new AzureVaults(clients, calls).FindAsync(id, null, request.Spec.AuthPrincipal))!;
        if (!vault.HasSoftDelete || !vault.HasPurgeProtection)
            results.Warn(
                CmekCheckName.KeyProtected,
                vault.HasSoftDelete ? "PurgeProtectionOff" : "SoftDeleteOff",
                $"The vault {vault.Name} has no {(vault.HasSoftDelete ? "purge protection" : "soft delete")}: a key that is {(vault.HasSoftDelete ? "deleted and purged" : "deleted")} is gone, and the cluster's data with it.",
                $"az keyvault update --name {vault.Name} --enable-purge-protection true"
            );
        else
            results.Pass(
                CmekCheckName.KeyProtected,
                $"The vault {vault.Name} keeps deleted keys, and lets nobody purge them."
            );
        if (!vault.HasPublicAccess)
            results.Fail(CmekCheckName.KeyReachable, AzureErrors.KeyVaultPrivate(vault.Name));
        else if (vault.HasFirewall)
            results.Warn(
                CmekCheckName.KeyReachable,
                "KeyVaultFirewalled",
                $"The firewall of the vault {vault.Name} lets in only what is listed; CockroachDB Cloud's addresses must be among them.",
                $"az keyvault network-rule list --name {vault.Name}"
            );
        if (!vault.IsIn(region))
            results.Warn(
                CmekCheckName.KeyLocation,
                "KeyElsewhere",
                $"The key lives in '{vault.Location}', the nodes in '{region}': it works, but depends on two regions.",
                $"New-CrdbCmekKey -VaultName <a vault in {region}>"
            );
        return vault;
    }

    private async Task KeyAsync(AzureKeyId id, KeyChecks results)
    {
        var key = await _reader.FindAsync(id) ?? throw await MissingAsync(id);

        var now = calls.Context.Time.GetUtcNow();
        var faults = AzureKeyFaults.OfKey(key, now).ToList();
        foreach (var fault in faults.Skip(1))
            results.Fail(CmekCheckName.KeyUsable, fault);
        if (faults.Count > 0)
            throw faults[0];
        results.Pass(CmekCheckName.KeyUsable, $"{id} is an {key.Bundle.Key.Kty} key and enabled.");
        if (key.Bundle.Attributes.ExpiresOn is { } end && end - now < Near)
            results.Warn(
                CmekCheckName.KeyExpiry,
                "KeyExpiresSoon",
                $"{id} expires on {end:yyyy-MM-dd}: from then on nothing can be wrapped with it.",
                $"az keyvault key set-attributes --id {id} --expires <a later date>   (or Invoke-CrdbCmekRotation)"
            );
    }

    private async Task GrantAsync(
        KeyCheckRequest request,
        AzureKeyId id,
        AzureVault vault,
        ServicePrincipal principal,
        KeyChecks results
    )
    {
        var region = request.Spec.Region;
        var access = await new AzureGrants(clients, calls).ReadAsync(vault, id.Name, principal.Id);
        if (access.Missing.Count > 0)
            results.Fail(
                CmekCheckName.KeyGranted,
                AzureErrors.KeyNotGranted(id, AzureNames.Application(request.Cluster), access.Missing)
            );
        else
            results.Pass(
                CmekCheckName.KeyGranted,
                $"{(vault.UsesRoles ? "Roles let" : "The vault's access policies let")} '{principal.DisplayName}' use {id}."
            );
        if (access.Wider.Count > 0)
            results.Warn(
                CmekCheckName.KeyPolicyNarrow,
                "KeyPolicyWide",
                $"'{principal.DisplayName}' may do more on {vault.Name} than CMEK needs: {string.Join(", ", access.Wider)}. The documentation's steps ask for that much.",
                vault.UsesRoles
                    ? $"az role assignment create --role \"{KeyVaultRoles.Narrowest}\" --assignee-object-id {principal.Id} --assignee-principal-type ServicePrincipal --scope {vault.Id}, and some minutes later az role assignment delete of the wider one"
                    : $"az keyvault set-policy --name {vault.Name} --object-id {principal.Id} --key-permissions {string.Join(" ", GrantedAccess.NeededPermissions)}"
            );
    }

    /// <summary>A version that Key Vault makes by itself has another URI, which CockroachDB does not learn of.</summary>
    private async Task RotationAsync(KeyCheckRequest request, AzureKeyId id, KeyChecks results)
    {
        if ((await _reader.FindRotationPolicyAsync(id.WithoutVersion))?.Rotation is not { } rotation)
            return;
        var when = rotation.Trigger.TimeAfterCreate is { } after
            ? $"{after} after the last"
            : $"{rotation.Trigger.TimeBeforeExpiry} before it expires";
        results.Warn(
            CmekCheckName.KeyRotation,
            "RotatesByItself",
            $"Key Vault makes a new version of {id.WithoutVersion} by itself, {when}; CockroachDB does not follow.",
            $"Get-CrdbCluster {request.Cluster.Name} | Invoke-CrdbCmekRotation -Wait   (on a schedule: it takes up what is there)"
        );
    }

    private async Task VersionsAsync(KeyCheckRequest request, AzureKeyId id, KeyChecks results)
    {
        var region = request.Spec.Region;
        var rotation = new AzureKeyRotation(clients, calls);
        var versions = await rotation.VersionsAsync(id);
        if (rotation.Newer(versions, [id.Version ?? ""]) is { } newer)
            results.Warn(
                CmekCheckName.VersionInUse,
                "VersionNotTakenUp",
                $"{newer} is newer than what the cluster uses: CockroachDB does not follow by itself.",
                $"Get-CrdbCluster {request.Cluster.Name} | Invoke-CrdbCmekRotation -Wait"
            );
        else
            results.Pass(CmekCheckName.VersionInUse, $"The cluster uses the newest version of {id.WithoutVersion}.");
        var current = versions
            .Where(v => v.Id.Version == id.Version)
            .Select(v => v.Attributes.Created ?? 0)
            .FirstOrDefault();
        if (
            versions.Where(v => (v.Attributes.Created ?? 0) < current && !v.Attributes.Enabled).ToList() is
            { Count: > 0 } disabled
        )
            results.Warn(
                CmekCheckName.OldVersionsUsable,
                "OldVersionsDisabled",
                $"Older versions of {id.WithoutVersion} are disabled: {string.Join(", ", disabled.Select(v => v.Id.Version))}. Data and backups that were written with them cannot be read.",
                $"az keyvault key set-attributes --id {disabled[0].Id} --enabled true   (unless no cluster ever used it)"
            );
    }

    private async Task<CmekException> MissingAsync(AzureKeyId id) =>
        await _reader.FindDeletedAsync(id.WithoutVersion) is { } deleted
            ? AzureErrors.KeySoftDeleted(
                id,
                deleted.ScheduledPurgeDate is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null
            )
            : AzureErrors.KeyNotFound(id);
}
