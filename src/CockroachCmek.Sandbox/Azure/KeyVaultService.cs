using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>The data plane of Key Vault for keys, at {name}.vault.azure.net: authentication and errors.</summary>
internal sealed class KeyVaultService(AzureContext context, string defaultKeyVault) : IAzureService
{
    private static readonly string[] Versions = ["2025-07-01", "7.6", "7.5", "7.4"];

    public AzureResponse Handle(AzureRequest request)
    {
        // In production a host name that is not registered does not resolve.
        var keyVault = request.IsLoopback
            ? context.FindKeyVault(defaultKeyVault)
            : context.FindKeyVaultAt(request.HostName);
        if (keyVault is null)
            throw new AzureException(404, "VaultNotFound", $"There is no vault at {request.HostName}.");
        ServicePrincipal? caller = null;
        try
        {
            caller = Authenticate(keyVault, request);
            var response = Handle(keyVault, caller, request);
            context.AuditLog.Add(keyVault, caller, request, response.Status, response.Body);
            return response;
        }
        catch (AzureException error)
        {
            context.AuditLog.Add(keyVault, caller, request, error.Status, reason: error.Message);
            throw;
        }
    }

    private AzureResponse Handle(KeyVault keyVault, ServicePrincipal caller, AzureRequest request)
    {
        var version = request.Query("api-version");
        if (!Versions.Contains(version ?? ""))
            throw AzureException.BadParameter(
                $"The specified version ({version}) is not recognized. "
                    + $"Consider using the latest supported version ({Versions[0]})."
            );
        return new KeyVaultCall(context, request, keyVault, caller).Handle();
    }

    public JsonObject ErrorBody(AzureException error)
    {
        var body = new JsonObject { ["code"] = error.Code, ["message"] = error.Message };
        if (error.Inner is { } inner)
            body["innererror"] = new JsonObject { ["code"] = inner };
        return new JsonObject { ["error"] = body };
    }

    private ServicePrincipal Authenticate(KeyVault keyVault, AzureRequest request)
    {
        if (request.Token is null)
            throw Challenge(keyVault, request, "AKV10000: Request is missing a Bearer or PoP token.");
        var token = context.Directory.Token(request.Token)
            ?? throw Challenge(keyVault, request, "AKV10046: The token has expired or was not issued here.");
        const string Expected = AzureDirectory.KeyVaultAudience;
        if (token.Audience != Expected)
            throw Challenge(
                keyVault,
                request,
                $"AKV10022: Invalid audience. Expected {Expected}, found: {token.Audience}."
            );
        var tenant = token.Principal.TenantId;
        return AzureDirectory.Same(tenant, keyVault.TenantId)
            ? token.Principal
            : throw Challenge(
                keyVault,
                request,
                $"AKV10032: Invalid issuer. Expected https://sts.windows.net/{keyVault.TenantId}/, "
                    + $"found https://sts.windows.net/{tenant}/."
            );
    }

    /// <summary>
    /// 401 with the challenge that names the authority to get a token from: the sandbox's own address for clients
    /// that use it, the production name for all others.
    /// </summary>
    private static AzureException Challenge(KeyVault keyVault, AzureRequest request, string message)
    {
        var login = request.IsLoopback && request.Host.Length > 0 ? request.Host : "login.microsoftonline.com";
        var challenge =
            $"Bearer authorization=\"https://{login}/{keyVault.TenantId}\", "
            + $"resource=\"{AzureDirectory.KeyVaultAudience}\"";
        return new AzureException(401, "Unauthorized", message) { Headers = [new("WWW-Authenticate", challenge)] };
    }
}
