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
            if (Check(context, request, actions, out var version, out var log) is { } refusal)
                return new KeyUse(null, refusal);
            try
            {
                var bytes = work(version!, context.Now);
                log!(actions[0], 200, "");
                return new KeyUse(bytes, null);
            }
            catch (AzureException error)
            {
                log!(actions[0], error.Status, error.Message);
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
        out KeyVaultKeyVersion? version,
        out Action<KeyVaultAction, int, string>? log
    )
    {
        (version, log) = (null, null);
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
        log = (action, status, reason) =>
            Log(context, keyVault, principal, action, $"{keyName}/{id}", status, reason, request.At);
        foreach (var action in actions)
            if (KeyVaultAccess.Check(context, keyVault, principal, action, keyName) is { } refusal)
            {
                log(action, refusal.Status, refusal.Message);
                return Explain(context, keyVault, principal, action, refusal);
            }

        var key = new KeyVaultKeys(context).TryFind(keyVault, keyName);
        version = key?.Versions.FirstOrDefault(v => v.Id == id);
        var missing =
            key is null ? $"The key {keyName} does not exist in the vault {keyVault.Name}, or is deleted."
            : version is null ? $"The key {key.Name} in the vault {keyVault.Name} has no version {id}."
            : version.IsRsa ? null
            : $"The key {request.Uri} is of type {version.Kty}: an RSA key is needed.";
        if (missing is not null)
            log(actions[0], version is null ? 404 : 400, missing);
        return missing;
    }

    /// <summary>
    /// What the key vault logs: the request, and before it one without a token, which clients send to learn the
    /// authority.
    /// </summary>
    private static void Log(
        AzureContext context,
        KeyVault keyVault,
        ServicePrincipal principal,
        KeyVaultAction action,
        string version,
        int status,
        string reason,
        DateTimeOffset? at
    )
    {
        var path = $"keys/{version}/{action.Policy.ToLowerInvariant()}?api-version=7.4";
        context.AuditLog.Add(keyVault, null, "Authentication", path, 401, "AKV10000: Request is missing a token.", at);
        var operation = action == KeyVaultAction.Wrap ? "KeyWrap" : "KeyUnwrap";
        context.AuditLog.Add(keyVault, principal, operation, path, status, reason, at);
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
