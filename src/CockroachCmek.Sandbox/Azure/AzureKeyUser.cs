using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>The sandbox's CockroachDB on Azure: as the cluster's application, in the customer's tenant, it wraps under exactly the version that the URI names.</summary>
internal sealed class AzureKeyUser(AzureSandbox azure) : IKeyUser
{
    private static readonly Regex KeyUri = new(
        "^https://([^/]+)/keys/([0-9a-zA-Z-]+)/([0-9a-f]{32})$",
        RegexOptions.CultureInvariant
    );

    public KeyUse Wrap(KeyUseRequest request, byte[] storeKey) =>
        Use(request, [VaultAction.Wrap, VaultAction.Unwrap], (version, now) =>
            KeyCryptography.Conceal(version, "wrapKey", KeyCryptography.Algorithm, storeKey, now)
        );

    public KeyUse Unwrap(KeyUseRequest request, byte[] wrapped) =>
        Use(request, [VaultAction.Unwrap], (version, _) =>
            KeyCryptography.Reveal(version, "unwrapKey", KeyCryptography.Algorithm, wrapped)
        );

    private KeyUse Use(
        KeyUseRequest request,
        VaultAction[] actions,
        Func<VaultKeyVersion, DateTimeOffset, byte[]> work
    ) =>
        azure.Locked(world =>
        {
            if (Check(world, request, actions, out var version) is { } refusal)
                return new KeyUse(null, refusal);
            try
            {
                return new KeyUse(work(version!, world.Now), null);
            }
            catch (AzureFault fault)
            {
                return new KeyUse(
                    null,
                    fault.Inner switch
                    {
                        "KeyDisabled" => $"The key version {request.Uri} is disabled.",
                        "KeyExpired" => $"The key version {request.Uri} has expired.",
                        "KeyNotYetValid" => $"The key version {request.Uri} is not valid yet.",
                        _ => $"The key version {request.Uri} cannot be used: {fault.Message}",
                    }
                );
            }
        });

    private static string? Check(
        AzureWorld world,
        KeyUseRequest request,
        VaultAction[] actions,
        out VaultKeyVersion? version
    )
    {
        version = null;
        var match = KeyUri.Match(request.Uri);
        if (!match.Success)
            return $"{request.Uri} is no key identifier with a version: https://<vault>.vault.azure.net/keys/<key>/<version>.";
        var tenant = request.AuthPrincipal;
        if (!world.Directory.Tenants.Contains(tenant))
            return $"There is no tenant {tenant}.";
        if (!world.ClusterApplications.TryGetValue(request.ClusterId, out var appId))
            return $"The cluster {request.ClusterId} has no application.";
        if (world.Directory.Principal(tenant, appId) is not { } principal)
            return $"The application {appId} has no service principal in the tenant {tenant}: an administrator has to consent to it first.";
        if (!principal.IsEnabled)
            return $"The service principal {principal.Id} of the application {appId} is disabled in the tenant {tenant}.";
        if (
            world.Vaults.FirstOrDefault(v => AzureDirectory.Same(v.HostName, match.Groups[1].Value)) is not { } vault
            || !vault.IsRegistered(world.Now)
        )
            return $"There is no vault {match.Groups[1].Value}.";
        if (!AzureDirectory.Same(vault.TenantId, tenant))
            return $"The vault {vault.Name} belongs to another tenant than {tenant}.";
        foreach (var action in actions)
            if (VaultAccess.Judge(world, vault, principal, action, match.Groups[2].Value) is { } refusal)
                return Explain(world, vault, principal, action, refusal);

        if (new KeyStore(world).TryFind(vault, match.Groups[2].Value) is not { } key)
            return $"The key {match.Groups[2].Value} does not exist in the vault {vault.Name}, or is deleted.";
        if (key.Versions.FirstOrDefault(v => v.Id == match.Groups[3].Value) is not { } found)
            return $"The key {key.Name} in the vault {vault.Name} has no version {match.Groups[3].Value}.";
        if (!found.IsRsa)
            return $"The key {request.Uri} is of type {found.Kty}: an RSA key is needed.";
        version = found;
        return null;
    }

    private static string Explain(
        AzureWorld world,
        AzureVault vault,
        ServicePrincipal principal,
        VaultAction action,
        AzureFault refusal
    )
    {
        var misplaced = world.Roles.Present.Any(a =>
            AzureDirectory.Same(a.PrincipalId, principal.Application.AppId) && a.Covers(vault.Id)
        );
        return refusal.Inner switch
        {
            "ForbiddenByFirewall" => $"The firewall of the vault {vault.Name} does not let the cluster in.",
            "ForbiddenByRbac" =>
                $"No role that has reached the vault {vault.Name} grants {action.Role} to the service principal {principal.Id}."
                    + (
                        misplaced
                            ? $" A role is assigned to {principal.Application.AppId}, which is the application's id, not the service principal's."
                            : ""
                    ),
            _ =>
                $"No access policy that has reached the vault {vault.Name} grants {action.Policy} on keys to the service principal {principal.Id}.",
        };
    }
}
