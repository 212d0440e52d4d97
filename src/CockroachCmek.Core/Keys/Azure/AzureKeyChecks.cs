using CockroachCmek.Core.Cmek;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Live checks of a region's key, vault and application. Reads only; what may not be read is Unknown.</summary>
internal sealed class AzureKeyChecks(AzureClients clients, AzureCalls calls)
{
    private static readonly TimeSpan Near = TimeSpan.FromDays(30);

    private readonly AzureKeyReader _reader = new(clients, calls);

    public async Task<IReadOnlyList<CmekCheck>> CheckAsync(KeyCheckRequest request)
    {
        var results = new CheckList(request.Cluster);
        var region = request.Spec.Region;
        if (Parsed(request.Spec, results) is not { } id)
            return results.All;
        if (request.IsPast)
        {
            await UnlessDeniedAsync("PastKeyReadable", region, results, () => PastKeyAsync(id, region, results));
            return results.All;
        }

        ServicePrincipal? principal = null;
        await UnlessDeniedAsync("ApplicationReadable", region, results, async () =>
            principal = await ApplicationAsync(request, results)
        );
        AzureVault? vault = null;
        await UnlessDeniedAsync("VaultReadable", region, results, async () =>
            vault = await VaultAsync(request, id, results)
        );
        var usable = false;
        await UnlessDeniedAsync("KeyReadable", region, results, async () =>
            usable = await KeyAsync(id, region, results)
        );
        if (vault is not null && principal is not null)
            await UnlessDeniedAsync("GrantReadable", region, results, () =>
                GrantAsync(request, id, vault, principal, results)
            );
        if (!usable)
            return results.All;
        await UnlessDeniedAsync("RotationReadable", region, results, () => RotationAsync(request, id, results));
        if (request.TakenUpAt is not null)
            await UnlessDeniedAsync("VersionsReadable", region, results, () => VersionsAsync(request, id, results));
        return results.All;
    }

    private AzureKeyId? Parsed(CmekRegionSpec spec, CheckList results)
    {
        try
        {
            return AzureKeyId.Parse(spec.KeyUri, clients.Cloud);
        }
        catch (CmekException fault)
        {
            Report(results, spec.Region, fault);
            return null;
        }
    }

    /// <summary>A key of before must still be there for what was written with it. That it has expired does not keep anybody from unwrapping.</summary>
    private async Task PastKeyAsync(AzureKeyId id, string region, CheckList results)
    {
        if (await _reader.FindAsync(id) is not { } key)
            Report(results, region, await MissingAsync(id));
        else if (!key.Bundle.Attributes.Enabled)
            Report(results, region, Errors.KeyDisabled(id));
        else
            results.Pass("PastKeyUsable", region, $"{id}, which data and backups of its time still need, is enabled.");
    }

    private async Task<ServicePrincipal?> ApplicationAsync(KeyCheckRequest request, CheckList results)
    {
        var region = request.Spec.Region;
        var applicationId = AzureRoles.ApplicationId(request.Cluster);
        if (await new AzureRoles(clients, calls).FindAsync(applicationId) is not { } principal)
        {
            Report(
                results,
                region,
                Errors.ConsentMissing(
                    request.Cluster.Name,
                    request.Spec.AuthPrincipal,
                    clients.Cloud.ConsentUrl(request.Spec.AuthPrincipal, applicationId)
                )
            );
            return null;
        }

        var differences = AzureRoles.Differences(principal, request.Cluster, null);
        if (differences.Count == 0)
            results.Pass(
                "Application",
                region,
                $"'{principal.DisplayName}' is in the tenant {request.Spec.AuthPrincipal}, and may sign in."
            );
        else
            Report(results, region, Errors.RoleDiffers(request.Cluster, applicationId, differences));
        return principal;
    }

    private async Task<AzureVault> VaultAsync(KeyCheckRequest request, AzureKeyId id, CheckList results)
    {
        var region = request.Spec.Region;
        var vault = (await new AzureVaults(clients, calls).FindAsync(id, null, request.Spec.AuthPrincipal))!;
        if (!vault.HasSoftDelete || !vault.HasPurgeProtection)
            results.Warn(
                vault.HasSoftDelete ? "PurgeProtectionOff" : "SoftDeleteOff",
                region,
                $"The vault {vault.Name} has no {(vault.HasSoftDelete ? "purge protection" : "soft delete")}: a key that is {(vault.HasSoftDelete ? "deleted and purged" : "deleted")} is gone, and the cluster's data with it.",
                $"az keyvault update --name {vault.Name} --enable-purge-protection true"
            );
        else
            results.Pass(
                "VaultProtected",
                region,
                $"The vault {vault.Name} keeps deleted keys, and lets nobody purge them."
            );
        if (!vault.HasPublicAccess)
            results.Fail(
                nameof(Errors.VaultFirewalled),
                region,
                $"Only private endpoints lead to the vault {vault.Name}; CockroachDB Cloud comes from outside.",
                $"az keyvault update --name {vault.Name} --public-network-access Enabled"
            );
        else if (vault.HasFirewall)
            results.Warn(
                "VaultWalled",
                region,
                $"The firewall of the vault {vault.Name} lets in only what is listed; CockroachDB Cloud's addresses must be among them.",
                $"az keyvault network-rule list --name {vault.Name}"
            );
        if (!vault.IsIn(region))
            results.Warn(
                "KeyElsewhere",
                region,
                $"The key lives in '{vault.Location}', the nodes in '{region}': it works, but depends on two regions.",
                $"New-CrdbCmekKey -VaultName <a vault in {region}>"
            );
        return vault;
    }

    private async Task<bool> KeyAsync(AzureKeyId id, string region, CheckList results)
    {
        if (await _reader.FindAsync(id) is not { } key)
        {
            Report(results, region, await MissingAsync(id));
            return false;
        }

        var now = calls.Context.Time.GetUtcNow();
        var faults = AzureKeyFaults.OfKey(key, now).ToList();
        foreach (var fault in faults)
            Report(results, region, fault);
        if (faults.Count > 0)
            return false;
        results.Pass("KeyUsable", region, $"{id} is an {key.Bundle.Key.Kty} key and enabled.");
        if (key.Bundle.Attributes.ExpiresOn is { } end && end - now < Near)
            results.Warn(
                "KeyExpiresSoon",
                region,
                $"{id} expires on {end:yyyy-MM-dd}: from then on nothing can be wrapped with it.",
                $"az keyvault key set-attributes --id {id} --expires <a later date>   (or Invoke-CrdbCmekRotation)"
            );
        return true;
    }

    private async Task GrantAsync(
        KeyCheckRequest request,
        AzureKeyId id,
        AzureVault vault,
        ServicePrincipal principal,
        CheckList results
    )
    {
        var region = request.Spec.Region;
        var access = await new AzureGrants(clients, calls).ReadAsync(vault, id.Name, principal.Id);
        if (access.Missing.Count > 0)
            Report(results, region, Errors.KeyNotGranted(id, AzureNames.Application(request.Cluster), access.Missing));
        else
            results.Pass(
                "KeyGranted",
                region,
                $"{(vault.UsesRoles ? "Roles let" : "The vault's access policies let")} '{principal.DisplayName}' use {id}."
            );
        if (access.Wider.Count > 0)
            results.Warn(
                "KeyPolicyWide",
                region,
                $"'{principal.DisplayName}' may do more on {vault.Name} than CMEK needs: {string.Join(", ", access.Wider)}. The documentation's steps ask for that much.",
                vault.UsesRoles
                    ? $"az role assignment create --role \"{KeyVaultRoles.Narrowest}\" --assignee-object-id {principal.Id} --assignee-principal-type ServicePrincipal --scope {vault.Id}, and some minutes later az role assignment delete of the wider one"
                    : $"az keyvault set-policy --name {vault.Name} --object-id {principal.Id} --key-permissions {string.Join(" ", GrantedAccess.NeededPermissions)}"
            );
    }

    /// <summary>A version that Key Vault makes by itself has another URI, which CockroachDB does not learn of.</summary>
    private async Task RotationAsync(KeyCheckRequest request, AzureKeyId id, CheckList results)
    {
        if ((await _reader.FindRotationPolicyAsync(id.WithoutVersion))?.Rotation is not { } rotation)
            return;
        var when = rotation.Trigger.TimeAfterCreate is { } after
            ? $"{after} after the last"
            : $"{rotation.Trigger.TimeBeforeExpiry} before it expires";
        results.Warn(
            "RotatesByItself",
            request.Spec.Region,
            $"Key Vault makes a new version of {id.WithoutVersion} by itself, {when}; CockroachDB does not follow.",
            $"Get-CrdbCluster {request.Cluster.Name} | Invoke-CrdbCmekRotation -Wait   (on a schedule: it takes up what is there)"
        );
    }

    private async Task VersionsAsync(KeyCheckRequest request, AzureKeyId id, CheckList results)
    {
        var region = request.Spec.Region;
        var rotation = new AzureKeyRotation(clients, calls);
        var versions = await rotation.VersionsAsync(id);
        if (rotation.Newer(versions, [id.Version ?? ""]) is { } newer)
            results.Warn(
                "VersionNotTakenUp",
                region,
                $"{newer} is newer than what the cluster uses: CockroachDB does not follow by itself.",
                $"Get-CrdbCluster {request.Cluster.Name} | Invoke-CrdbCmekRotation -Wait"
            );
        else
            results.Pass("VersionTakenUp", region, $"The cluster uses the newest version of {id.WithoutVersion}.");
        var current = versions
            .Where(v => v.Id.Version == id.Version)
            .Select(v => v.Attributes.Created ?? 0)
            .FirstOrDefault();
        if (
            versions.Where(v => (v.Attributes.Created ?? 0) < current && !v.Attributes.Enabled).ToList() is
            { Count: > 0 } disabled
        )
            results.Warn(
                "OldVersionsDisabled",
                region,
                $"Older versions of {id.WithoutVersion} are disabled: {string.Join(", ", disabled.Select(v => v.Id.Version))}. Data and backups that were written with them cannot be read.",
                $"az keyvault key set-attributes --id {disabled[0].Id} --enabled true   (unless no cluster ever used it)"
            );
    }

    private async Task<CmekException> MissingAsync(AzureKeyId id) =>
        await _reader.FindDeletedAsync(id.WithoutVersion) is { } deleted
            ? Errors.KeySoftDeleted(
                id,
                deleted.ScheduledPurgeDate is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null
            )
            : Errors.KeyNotFound(id);

    private static async Task UnlessDeniedAsync(string check, string region, CheckList results, Func<Task> read)
    {
        try
        {
            await read();
        }
        catch (AzureFault fault) when (fault.Status == 403)
        {
            var known = AzureCalls.Map(fault, region);
            results.Unknown(check, region, fault.Message, known.RecommendedAction);
        }
        catch (CmekException fault) when (fault.Kind == CmekErrorKind.PermissionDenied)
        {
            results.Unknown(check, region, fault.Message, fault.RecommendedAction);
        }
        catch (CmekException fault) when (fault.Kind is CmekErrorKind.NotFound or CmekErrorKind.InvalidArgument)
        {
            Report(results, region, fault);
        }
    }

    private static void Report(CheckList results, string region, CmekException fault) =>
        results.Fail(fault.ErrorId, region, fault.Message, fault.RecommendedAction);
}
