using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>A vault's data plane, keys only: {vault}.vault.azure.net.</summary>
internal sealed class KeyVaultService(AzureWorld world, string defaultVault) : IAzureService
{
    private static readonly string[] Versions = ["2025-07-01", "7.6", "7.5", "7.4"];

    private readonly KeyStore _keys = new(world);

    public AzureAnswer Answer(AzureRequest request)
    {
        var vault = request.IsLoopback
            ? world.Vault(defaultVault)
            : world.Vaults.FirstOrDefault(v => v.HostName == request.HostName);
        // In life such a name does not resolve.
        if (vault is null || !vault.IsRegistered(world.Now))
            throw new AzureFault(404, "VaultNotFound", $"There is no vault at {request.HostName}.");
        var caller = Authenticate(vault, request);
        if (!Versions.Contains(request.Query("api-version") ?? ""))
            throw new AzureFault(
                400,
                "BadParameter",
                $"The specified version ({request.Query("api-version")}) is not recognized. Consider using the latest supported version ({Versions[0]})."
            );

        var path = request.Segments;
        var name = path.Count > 1 ? path[1] : "";
        void Require(VaultAction action) => Authorize(vault, caller, action, name.Length > 0 ? name : null);
        switch ((request.Method, path.Count > 0 ? path[0].ToLowerInvariant() : "", path.Count))
        {
            case ("GET", "keys", 1):
                Require(VaultAction.List);
                return Page(request, vault, _keys.Active(vault).Select(k => KeyWire.Item(vault, k)));
            case ("GET", "keys", 2):
                Require(VaultAction.Get);
                return AzureAnswer.Ok(KeyWire.Bundle(vault, _keys.Find(vault, name), null));
            case ("PATCH", "keys", 2 or 3):
                Require(VaultAction.Update);
                return AzureAnswer.Ok(
                    _keys.Update(vault, name, path.Count > 2 ? path[2] : null, request.Body("BadParameter"))
                );
            case ("PUT", "keys", 2):
                Require(VaultAction.Import);
                return AzureAnswer.Ok(_keys.Import(vault, name, request.Body("BadParameter")));
            case ("DELETE", "keys", 2):
                Require(VaultAction.Delete);
                return AzureAnswer.Ok(_keys.Delete(vault, name));
            case ("GET", "keys", 3):
                return Read(request, vault, name, path[2], Require);
            case ("PUT", "keys", 3) when path[2].Equals("rotationpolicy", StringComparison.OrdinalIgnoreCase):
                Require(VaultAction.SetRotationPolicy);
                return AzureAnswer.Ok(
                    KeyWire.RotationPolicy(vault, _keys.SetRotation(vault, name, request.Body("BadParameter")))
                );
            case ("POST", "keys", 3) when path[2].ToLowerInvariant() is "create" or "rotate":
                return Make(request, vault, name, path[2].ToLowerInvariant(), Require);
            case ("POST", "keys", 3):
                return Use(request, vault, name, null, path[2], Require);
            case ("POST", "keys", 4):
                return Use(request, vault, name, path[2], path[3], Require);
            case ("GET", "deletedkeys", 1):
                Require(VaultAction.List);
                return Page(
                    request,
                    vault,
                    _keys.Deleted(vault).Select(k => KeyWire.WithDeletion(vault, k, KeyWire.Item(vault, k)))
                );
            case ("GET", "deletedkeys", 2):
                Require(VaultAction.Get);
                return AzureAnswer.Ok(KeyWire.DeletedBundle(vault, _keys.FindDeleted(vault, name)));
            case ("DELETE", "deletedkeys", 2):
                Require(VaultAction.Purge);
                _keys.Purge(vault, name);
                return AzureAnswer.NoContent;
            case ("POST", "deletedkeys", 3) when path[2].Equals("recover", StringComparison.OrdinalIgnoreCase):
                Require(VaultAction.Recover);
                return AzureAnswer.Ok(_keys.Recover(vault, name));
            default:
                throw new AzureFault(404, "NotFound", $"The sandbox has no resource {request.Method} {request.Path}.");
        }
    }

    public JsonObject Describe(AzureFault fault)
    {
        var error = new JsonObject { ["code"] = fault.Code, ["message"] = fault.Message };
        if (fault.Inner is { } inner)
            error["innererror"] = new JsonObject { ["code"] = inner };
        return new JsonObject { ["error"] = error };
    }

    /// <summary>
    /// No token, or one of no use here: 401 with the challenge that tells a client where to get one. The sandbox says its own address to clients that
    /// came by it, and the production name to all others.
    /// </summary>
    private ServicePrincipal Authenticate(AzureVault vault, AzureRequest request)
    {
        AzureFault Challenge(string message)
        {
            var login = request.IsLoopback && request.Host.Length > 0 ? request.Host : "login.microsoftonline.com";
            return new AzureFault(401, "Unauthorized", message)
            {
                Headers =
                [
                    new(
                        "WWW-Authenticate",
                        $"Bearer authorization=\"https://{login}/{vault.TenantId}\", resource=\"{AzureDirectory.VaultAudience}\""
                    ),
                ],
            };
        }

        if (request.Token is null)
            throw Challenge("AKV10000: Request is missing a Bearer or PoP token.");
        var token = world.Directory.Token(request.Token)
            ?? throw Challenge("AKV10046: The token has expired or was not issued here.");
        if (token.Audience != AzureDirectory.VaultAudience)
            throw Challenge(
                $"AKV10022: Invalid audience. Expected {AzureDirectory.VaultAudience}, found: {token.Audience}."
            );
        return AzureDirectory.Same(token.Principal.TenantId, vault.TenantId)
            ? token.Principal
            : throw Challenge(
                $"AKV10032: Invalid issuer. Expected https://sts.windows.net/{vault.TenantId}/, found https://sts.windows.net/{token.Principal.TenantId}/."
            );
    }

    private void Authorize(AzureVault vault, ServicePrincipal caller, VaultAction action, string? key)
    {
        if (VaultAccess.Judge(world, vault, caller, action, key) is { } refusal)
            throw refusal;
    }

    private AzureAnswer Read(
        AzureRequest request,
        AzureVault vault,
        string name,
        string what,
        Action<VaultAction> require
    )
    {
        switch (what.ToLowerInvariant())
        {
            case "versions":
                require(VaultAction.List);
                // A key that is not there has no versions: an empty list, not 404.
                return Page(
                    request,
                    vault,
                    _keys.TryFind(vault, name) is { } key ? key.Versions.Select(v => KeyWire.Item(vault, key, v)) : []
                );
            case "rotationpolicy":
                require(VaultAction.GetRotationPolicy);
                return AzureAnswer.Ok(KeyWire.RotationPolicy(vault, _keys.Find(vault, name)));
            default:
                require(VaultAction.Get);
                var found = _keys.Find(vault, name);
                return AzureAnswer.Ok(KeyWire.Bundle(vault, found, KeyStore.Version(found, what)));
        }
    }

    private AzureAnswer Make(
        AzureRequest request,
        AzureVault vault,
        string name,
        string verb,
        Action<VaultAction> require
    )
    {
        require(verb == "create" ? VaultAction.Create : VaultAction.Rotate);
        return AzureAnswer.Ok(
            verb == "create" ? _keys.Create(vault, name, request.Body("BadParameter")) : _keys.Rotate(vault, name)
        );
    }

    private AzureAnswer Use(
        AzureRequest request,
        AzureVault vault,
        string name,
        string? version,
        string verb,
        Action<VaultAction> require
    )
    {
        var (operation, action) = verb.ToLowerInvariant() switch
        {
            "encrypt" => ("encrypt", VaultAction.Encrypt),
            "decrypt" => ("decrypt", VaultAction.Decrypt),
            "wrapkey" => ("wrapKey", VaultAction.Wrap),
            "unwrapkey" => ("unwrapKey", VaultAction.Unwrap),
            _ => throw new AzureFault(404, "NotFound", $"The sandbox has no operation {verb}."),
        };
        require(action);
        var body = request.Body("BadParameter");
        var key = _keys.Find(vault, name);
        var used = version is null ? key.Latest : KeyStore.Version(key, version);
        var value = Base64Url.Decode(
            body.Text("value") ?? throw new AzureFault(400, "BadParameter", "Property value is required.")
        ) ?? throw new AzureFault(400, "BadParameter", "Property value is no base64url.");
        var algorithm = body.Text("alg") ?? throw new AzureFault(400, "BadParameter", "Property alg is required.");
        var result = operation is "encrypt" or "wrapKey"
            ? KeyCryptography.Conceal(used, operation, algorithm, value, world.Now)
            : KeyCryptography.Reveal(used, operation, algorithm, value);
        return AzureAnswer.Ok(
            new JsonObject { ["kid"] = KeyWire.Id(vault, key, used), ["value"] = Base64Url.Encode(result) }
        );
    }

    private static AzureAnswer Page(AzureRequest request, AzureVault vault, IEnumerable<JsonObject> items)
    {
        var size = 25;
        if (
            request.Query("maxresults") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > 25)
        )
            throw new AzureFault(400, "BadParameter", "maxresults must be between 1 and 25.");
        var start = 0;
        if (
            request.Query("$skiptoken") is { } token
            && !int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out start)
        )
            throw new AzureFault(400, "BadParameter", "The skip token is invalid.");
        var all = items.ToList();
        var host = request.IsLoopback ? request.Host : vault.HostName;
        var next =
            start + size < all.Count
                ? $"https://{host}{request.Path}?api-version={request.Query("api-version")}&$skiptoken={start + size}&maxresults={size}"
                : null;
        return AzureAnswer.Ok(
            new JsonObject { ["value"] = new JsonArray([.. all.Skip(start).Take(size)]), ["nextLink"] = next }
        );
    }
}
