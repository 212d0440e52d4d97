using CockroachCmek.Core.Access;
using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Checks a region's key, Key Vault, application and grant. Reads only; a check that lacks permission reports Unknown.
/// </summary>
internal sealed class AzureKeyChecks(AzureClients clients, AzureCalls calls, KeyCheckRequest request)
{
    private readonly KeyChecks _results = new(request.Cluster, request.Spec.Region, error =>
        calls.Context.CancellationToken.IsCancellationRequested
            ? null
            : AzureCalls.TranslateRead(error, request.Spec.KeyUri)
    );

    public async Task<IReadOnlyList<CmekCheck>> CheckAsync()
    {
        AzureKeyId? id = null;
        await _results.RunAsync(CmekCheckName.KeyUri, () =>
        {
            id = AzureKeyId.Parse(request.Spec.KeyUri, clients.Cloud);
            return Task.CompletedTask;
        });
        if (id is null)
            return _results.All;
        var versions = new AzureVersionChecks(clients, calls, request.Cluster, id, _results, request.Rules);
        if (request.IsPast)
        {
            await _results.RunAsync(CmekCheckName.PastKeyUsable, versions.CheckPastKeyAsync);
            return _results.All;
        }

        ServicePrincipal? principal = null;
        var isDenied = false;
        await _results.RunAsync(CmekCheckName.RoleTrust, async () =>
        {
            try
            {
                principal = await CheckApplicationAsync();
            }
            catch (AzureException error) when (error.Status == 403)
            {
                isDenied = true;
                throw;
            }
        });
        AzureKeyVault? keyVault = null;
        await _results.RunAsync(CmekCheckName.KeyProtected, async () => keyVault = await CheckKeyVaultAsync(id));
        var isUsable = await _results.RunAsync(CmekCheckName.KeyUsable, versions.CheckKeyAsync);
        if (keyVault is not null && principal is not null)
            await _results.RunAsync(CmekCheckName.KeyGranted, () => CheckGrantAsync(id, keyVault, principal));
        else if (isDenied)
            ReportUnknownGrant(id, AzureUnread.Application(AzureApplications.ApplicationId(request.Cluster)));
        else if (principal is not null && IsUnknown(CmekCheckName.KeyProtected))
            ReportUnknownGrant(id, AzureUnread.KeyVault(id.KeyVaultName));
        if (!isUsable)
            return _results.All;
        await _results.RunAsync(CmekCheckName.KeyRotation, versions.CheckRotationPolicyAsync);
        if (request.TakenUpAt is not null)
            await _results.RunAsync(CmekCheckName.VersionInUse, versions.CheckVersionsAsync);
        return _results.All;
    }

    private async Task<ServicePrincipal> CheckApplicationAsync()
    {
        var tenantId = request.Spec.AuthPrincipal;
        var applicationId = AzureApplications.ApplicationId(request.Cluster);
        if (await new AzureApplications(clients, calls).FindAsync(applicationId) is not { } principal)
        {
            var consentUrl = clients.Cloud.ConsentUrl(tenantId, applicationId);
            throw AzureErrors.ConsentMissing(request.Cluster.Name, tenantId, consentUrl);
        }

        var differences = AzureApplications.Differences(principal, request.Cluster, null);
        if (differences.Count == 0)
            _results.Pass(
                CmekCheckName.RoleTrust,
                $"'{principal.DisplayName}' is in tenant {tenantId}, and its sign-in is enabled."
            );
        else
            _results.Fail(
                CmekCheckName.RoleTrust,
                AzureErrors.RoleDiffers(request.Cluster, applicationId, differences)
            );
        return principal;
    }

    private async Task<AzureKeyVault> CheckKeyVaultAsync(AzureKeyId id)
    {
        var keyVault = await new AzureKeyVaults(clients, calls).FindAsync(id, request.Spec.AuthPrincipal);
        CheckProtection(keyVault);
        CheckNetwork(keyVault);
        CheckLocation(keyVault);
        return keyVault;
    }

    private void CheckProtection(AzureKeyVault keyVault)
    {
        var remedy = $"az keyvault update --name {keyVault.Name} --enable-purge-protection true";
        if (!keyVault.HasSoftDelete)
            _results.Warn(
                CmekCheckName.KeyProtected,
                "SoftDeleteOff",
                $"The Key Vault {keyVault.Name} has no soft delete: a deleted key is lost, "
                    + "and the cluster's data with it.",
                remedy
            );
        else if (!keyVault.HasPurgeProtection)
            _results.Warn(
                CmekCheckName.KeyProtected,
                "PurgeProtectionOff",
                $"The Key Vault {keyVault.Name} has no purge protection: a key that is deleted and purged is lost, "
                    + "and the cluster's data with it.",
                remedy
            );
        else
            _results.Pass(
                CmekCheckName.KeyProtected,
                $"The Key Vault {keyVault.Name} keeps deleted keys, and nobody can purge them."
            );
        // Without both, a deleted key can be gone at once, which KeyProtected says.
        if (keyVault.HasSoftDelete && keyVault.HasPurgeProtection)
            _results.DeletionWindow(
                TimeSpan.FromDays(keyVault.SoftDeleteDays),
                $"The Key Vault {keyVault.Name} keeps a deleted key for {keyVault.SoftDeleteDays} days.",
                request.Rules,
                "az keyvault create --retention-days 90   (it cannot be changed: rotate to a key in another Key Vault)"
            );
    }

    private void CheckNetwork(AzureKeyVault keyVault)
    {
        if (!keyVault.HasPublicAccess)
            _results.Fail(CmekCheckName.KeyReachable, AzureErrors.KeyVaultPrivate(keyVault.Name));
        else if (keyVault.HasFirewall)
            _results.Warn(
                CmekCheckName.KeyReachable,
                nameof(AzureErrors.KeyVaultFirewalled),
                $"The firewall of the Key Vault {keyVault.Name} admits listed addresses only. "
                    + "CockroachDB Cloud's addresses must be among them.",
                $"az keyvault network-rule list --name {keyVault.Name}"
            );
        else
            _results.Pass(
                CmekCheckName.KeyReachable,
                $"The Key Vault {keyVault.Name} accepts connections from all networks."
            );
    }

    private void CheckLocation(AzureKeyVault keyVault)
    {
        var region = request.Spec.Region;
        if (keyVault.IsIn(region))
            _results.Pass(CmekCheckName.KeyLocation, $"The key is in {keyVault.Location}.");
        else
            _results.Warn(
                CmekCheckName.KeyLocation,
                "KeyElsewhere",
                $"The key is in {keyVault.Location}, the nodes are in {region}. "
                    + "It works, but depends on both locations.",
                $"New-CrdbCmekKey -KeyVaultName <a Key Vault in {region}>"
            );
    }

    private async Task CheckGrantAsync(AzureKeyId id, AzureKeyVault keyVault, ServicePrincipal principal)
    {
        var access = await new AzureGrants(clients, calls).ReadAsync(
            keyVault,
            id.Name,
            principal.Id,
            AzureNames.Application(request.Cluster)
        );
        _results.Report(
            access.Answer,
            Advice(id, access.VerifyCommand, NarrowingCommand(id, keyVault, principal, access.Answer))
        );
        _results.Duties(
            AzureAccessReview.Lines(access.Reading, null),
            access.Answer,
            keyVault.UsesRoles
                ? "the role assignments on the Key Vault; those above it are not read"
                : "the access policies of the Key Vault",
            request.Cluster.Name
        );
    }

    private bool IsUnknown(string check) =>
        _results.All.Any(c => c.Check == check && c.Status == CmekCheckStatus.Unknown);

    /// <summary>
    /// Without the application's object id, nobody's access can be told from its own, and without the Key Vault, its
    /// grants are not known.
    /// </summary>
    private void ReportUnknownGrant(AzureKeyId id, UnreadPlace unread)
    {
        var access = new KeyAccess
        {
            Key = id.WithoutVersion.ToString(),
            Principal = AzureNames.Application(request.Cluster),
            Verdict = CmekAccessVerdict.Unknown,
            Unread = [unread],
        };
        _results.Report(access, Advice(id, unread.Command, unread.Command));
    }

    private static AccessAdvice Advice(AzureKeyId id, string verify, string narrow) =>
        new(
            answer =>
                answer.Verdict == CmekAccessVerdict.Denied
                    ? AzureErrors.KeyUseDenied(id, answer)
                    : AzureErrors.KeyNotGranted(id, answer),
            verify,
            narrow,
            // A deleted principal in an assignment does no harm on Azure, and only Graph could tell it.
            StaleCommand: ""
        );

    /// <summary>
    /// Narrows the application's own access first; else shows what others have, for people to decide.
    /// </summary>
    private static string NarrowingCommand(
        AzureKeyId id,
        AzureKeyVault keyVault,
        ServicePrincipal principal,
        KeyAccess access
    ) =>
        access.Wider.All(w => w.Who != access.Principal)
            ? keyVault.UsesRoles
                ? $"az role assignment list --scope {ShellQuote.PowerShell(keyVault.KeyScope(id.Name))} "
                    + "--include-inherited, and az role assignment delete --ids for what is not needed"
                : $"az keyvault show --name {keyVault.Name} --query properties.accessPolicies, "
                    + "and az keyvault delete-policy --object-id for who does not need it"
            : keyVault.UsesRoles
                ? $"az role assignment create --role \"{KeyVaultRoles.Narrowest}\" --assignee-object-id {principal.Id} "
                    + $"--assignee-principal-type ServicePrincipal --scope {ShellQuote.PowerShell(keyVault.Id)}, "
                    + "and some minutes later az role assignment delete for the wider role"
                : $"az keyvault set-policy --name {keyVault.Name} --object-id {principal.Id} "
                    + $"--key-permissions {string.Join(" ", AzurePolicyEntry.Needed)}";
}
