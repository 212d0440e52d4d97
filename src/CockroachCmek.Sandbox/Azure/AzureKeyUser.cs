using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// The sandbox's CockroachDB on Azure. As the cluster's application in the customer's tenant, it wraps with exactly the
/// key version that the URI names.
/// </summary>
internal sealed class AzureKeyUser(AzureSandbox azure) : IKeyUser
{
    private static readonly Regex KeyUri = new(
        "^https://([^/]+)/keys/([0-9a-zA-Z-]+)/([0-9a-f]{32})$",
        RegexOptions.CultureInvariant
    );

    public KeyUse Wrap(KeyUseRequest request, byte[] storeKey) =>
        Use(request, [KeyVaultAction.Wrap, KeyVaultAction.Unwrap], (version, now) =>
            KeyCryptography.Encrypt(version, "wrapKey", KeyCryptography.Algorithm, storeKey, now)
        );

    public KeyUse Unwrap(KeyUseRequest request, byte[] wrapped) =>
        Use(request, [KeyVaultAction.Unwrap], (version, _) =>
            KeyCryptography.Decrypt(version, "unwrapKey", KeyCryptography.Algorithm, wrapped)
        );

    private KeyUse Use(
        KeyUseRequest request,
        KeyVaultAction[] actions,
        Func<KeyVaultKeyVersion, DateTimeOffset, byte[]> work
    ) =>
        azure.Locked(context =>
        {
            if (Check(context, request, actions, out var version) is { } refusal)
                return new KeyUse(null, refusal);
            try
            {
                return new KeyUse(work(version!, context.Now), null);
            }
            catch (AzureException error)
            {
                return new KeyUse(
                    null,
                    error.Inner switch
                    {
                        "KeyDisabled" => $"The key version {request.Uri} is disabled.",
                        "KeyExpired" => $"The key version {request.Uri} has expired.",
                        "KeyNotYetValid" => $"The key version {request.Uri} is not valid yet.",
                        _ => $"The key version {request.Uri} cannot be used: {error.Message}",
                    }
                );
            }
        });

    private static string? Check(
        AzureContext context,
        KeyUseRequest request,
        KeyVaultAction[] actions,
        out KeyVaultKeyVersion? version
    )
    {
        version = null;
        var match = KeyUri.Match(request.Uri);
        if (!match.Success)
            return $"{request.Uri} is not a key identifier with a version: "
                + "https://<vault>.vault.azure.net/keys/<key>/<version>.";
        var tenant = request.AuthPrincipal;
        if (!context.Directory.Tenants.Contains(tenant))
            return $"There is no tenant {tenant}.";
        if (!context.ClusterApplications.TryGetValue(request.ClusterId, out var appId))
            return $"The cluster {request.ClusterId} has no application.";
        if (context.Directory.Principal(tenant, appId) is not { } principal)
            return $"The application {appId} has no service principal in the tenant {tenant}: "
                + "an administrator has to consent to it first.";
        if (!principal.IsEnabled)
            return $"The service principal {principal.Id} of the application {appId} "
                + $"is disabled in the tenant {tenant}.";
        var (host, keyName, id) = (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value);
        if (context.FindKeyVaultAt(host) is not { } keyVault)
            return $"There is no vault {host}.";
        if (!AzureDirectory.Same(keyVault.TenantId, tenant))
            return $"The vault {keyVault.Name} belongs to another tenant than {tenant}.";
        foreach (var action in actions)
            if (KeyVaultAccess.Check(context, keyVault, principal, action, keyName) is { } refusal)
                return Explain(context, keyVault, principal, action, refusal);

        if (new KeyVaultKeys(context).TryFind(keyVault, keyName) is not { } key)
            return $"The key {keyName} does not exist in the vault {keyVault.Name}, or is deleted.";
        version = key.Versions.FirstOrDefault(v => v.Id == id);
        return version is null ? $"The key {key.Name} in the vault {keyVault.Name} has no version {id}."
            : version.IsRsa ? null
            : $"The key {request.Uri} is of type {version.Kty}: an RSA key is needed.";
    }

    private static string Explain(
        AzureContext context,
        KeyVault keyVault,
        ServicePrincipal principal,
        KeyVaultAction action,
        AzureException refusal
    )
    {
        var who = $"the service principal {principal.Id}";
        var appId = principal.Application.AppId;
        var isMisplaced = context.Roles.Present.Any(a =>
            AzureDirectory.Same(a.PrincipalId, appId) && context.Scopes.Covers(a.Scope, keyVault.Id)
        );
        var hint = isMisplaced
            ? $" A role is assigned to {appId}, which is the application's id, not the service principal's."
            : "";
        return refusal.Inner switch
        {
            "ForbiddenByFirewall" => $"The firewall of the vault {keyVault.Name} does not let the cluster in.",
            "ForbiddenByConnection" => $"The vault {keyVault.Name} refuses public network access.",
            "ForbiddenByRbac"
                when context.Authorization.DecideData(principal.Id, action.Role, keyVault.Id).Deny is { } deny =>
                $"The deny assignment {deny.Name} on {deny.Scope} denies {action.Role} to {who}.",
            "ForbiddenByRbac" =>
                $"No role that has reached the vault {keyVault.Name} grants {action.Role} to {who}.{hint}",
            _ => $"No access policy that has reached the vault {keyVault.Name} "
                + $"grants {action.Policy} on keys to {who}.",
        };
    }
}
