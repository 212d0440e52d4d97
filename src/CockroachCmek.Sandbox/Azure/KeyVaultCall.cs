using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>One authenticated request to a key vault's data plane.</summary>
internal sealed class KeyVaultCall(
    AzureContext context,
    AzureRequest request,
    KeyVault keyVault,
    ServicePrincipal caller
)
{
    private readonly KeyVaultKeys _keys = new(context);

    private IReadOnlyList<string> Path => request.Segments;

    /// <summary>The key's name; empty for requests about all keys.</summary>
    private string Name => Path.Count > 1 ? Path[1] : "";

    public AzureResponse Handle() =>
        (Path.Count > 0 ? Path[0].ToLowerInvariant() : "") switch
        {
            "keys" => HandleKeys(),
            "deletedkeys" => HandleDeletedKeys(),
            _ => throw NoResource(),
        };

    private AzureResponse HandleKeys()
    {
        var last = Path.Count > 2 ? Path[2].ToLowerInvariant() : "";
        switch ((request.Method, Path.Count, last))
        {
            case ("GET", 1, _):
                Require(KeyVaultAction.List);
                return Page(_keys.Active(keyVault).Select(k => KeyVaultJson.Item(keyVault, k)));
            case ("GET", 2, _):
                return Read(null);
            case ("PATCH", 2 or 3, _):
                Require(KeyVaultAction.Update);
                return AzureResponse.Ok(_keys.Update(keyVault, Name, Path.Count > 2 ? Path[2] : null, Body()));
            case ("PUT", 2, _):
                Require(KeyVaultAction.Import);
                return AzureResponse.Ok(_keys.Import(keyVault, Name, Body()));
            case ("DELETE", 2, _):
                Require(KeyVaultAction.Delete);
                return AzureResponse.Ok(_keys.Delete(keyVault, Name));
            case ("GET", 3, "versions"):
                return ListVersions();
            case ("GET", 3, "rotationpolicy"):
                Require(KeyVaultAction.GetRotationPolicy);
                return AzureResponse.Ok(KeyVaultJson.RotationPolicy(keyVault, _keys.Find(keyVault, Name)));
            case ("GET", 3, _):
                return Read(Path[2]);
            case ("PUT", 3, "rotationpolicy"):
                Require(KeyVaultAction.SetRotationPolicy);
                var key = _keys.SetRotation(keyVault, Name, Body());
                return AzureResponse.Ok(KeyVaultJson.RotationPolicy(keyVault, key));
            case ("POST", 3, "create"):
                Require(KeyVaultAction.Create);
                return AzureResponse.Ok(_keys.Create(keyVault, Name, Body()));
            case ("POST", 3, "rotate"):
                Require(KeyVaultAction.Rotate);
                return AzureResponse.Ok(_keys.Rotate(keyVault, Name));
            case ("POST", 3, _):
                return Use(null, Path[2]);
            case ("POST", 4, _):
                return Use(Path[2], Path[3]);
            default:
                throw NoResource();
        }
    }

    private AzureResponse HandleDeletedKeys()
    {
        switch ((request.Method, Path.Count))
        {
            case ("GET", 1):
                Require(KeyVaultAction.List);
                return Page(
                    _keys
                        .Deleted(keyVault)
                        .Select(k => KeyVaultJson.WithDeletion(keyVault, k, KeyVaultJson.Item(keyVault, k)))
                );
            case ("GET", 2):
                Require(KeyVaultAction.Get);
                return AzureResponse.Ok(KeyVaultJson.DeletedBundle(keyVault, _keys.FindDeleted(keyVault, Name)));
            case ("DELETE", 2):
                Require(KeyVaultAction.Purge);
                _keys.Purge(keyVault, Name);
                return AzureResponse.NoContent;
            case ("POST", 3) when AzureDirectory.Same(Path[2], "recover"):
                Require(KeyVaultAction.Recover);
                return AzureResponse.Ok(_keys.Recover(keyVault, Name));
            default:
                throw NoResource();
        }
    }

    private void Require(KeyVaultAction action)
    {
        if (KeyVaultAccess.Check(context, keyVault, caller, action, Name.Length > 0 ? Name : null) is { } refusal)
            throw refusal;
    }

    private JsonObject Body() => request.Body("BadParameter");

    private AzureResponse Read(string? version)
    {
        Require(KeyVaultAction.Get);
        var key = _keys.Find(keyVault, Name);
        return AzureResponse.Ok(
            KeyVaultJson.Bundle(keyVault, key, version is null ? null : KeyVaultKeys.Version(key, version))
        );
    }

    /// <summary>The versions of a key. For an unknown key the list is empty, not 404.</summary>
    private AzureResponse ListVersions()
    {
        Require(KeyVaultAction.List);
        return Page(
            _keys.TryFind(keyVault, Name) is { } key
                ? key.Versions.Select(v => KeyVaultJson.Item(keyVault, key, v))
                : []
        );
    }

    private AzureResponse Use(string? version, string verb)
    {
        var (operation, action) = verb.ToLowerInvariant() switch
        {
            "encrypt" => ("encrypt", KeyVaultAction.Encrypt),
            "decrypt" => ("decrypt", KeyVaultAction.Decrypt),
            "wrapkey" => ("wrapKey", KeyVaultAction.Wrap),
            "unwrapkey" => ("unwrapKey", KeyVaultAction.Unwrap),
            _ => throw new AzureException(404, "NotFound", $"The sandbox has no operation {verb}."),
        };
        Require(action);
        var body = Body();
        var key = _keys.Find(keyVault, Name);
        var used = version is null ? key.Latest : KeyVaultKeys.Version(key, version);
        var value = Base64Url.Decode(
            body.Text("value") ?? throw AzureException.BadParameter("Property value is required.")
        ) ?? throw AzureException.BadParameter("Property value is not base64url.");
        var algorithm = body.Text("alg") ?? throw AzureException.BadParameter("Property alg is required.");
        var result = operation is "encrypt" or "wrapKey"
            ? KeyCryptography.Encrypt(used, operation, algorithm, value, context.Now)
            : KeyCryptography.Decrypt(used, operation, algorithm, value);
        return AzureResponse.Ok(
            new JsonObject { ["kid"] = KeyVaultJson.Id(keyVault, key, used), ["value"] = Base64Url.Encode(result) }
        );
    }

    private AzureResponse Page(IEnumerable<JsonObject> items)
    {
        var size = 25;
        if (
            request.Query("maxresults") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > 25)
        )
            throw AzureException.BadParameter("maxresults must be between 1 and 25.");
        var start = 0;
        if (
            request.Query("$skiptoken") is { } token
            && !int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out start)
        )
            throw AzureException.BadParameter("The skip token is invalid.");
        var all = items.ToList();
        var host = request.IsLoopback ? request.Host : keyVault.HostName;
        var next =
            start + size < all.Count
                ? $"https://{host}{request.Path}?api-version={request.Query("api-version")}"
                    + $"&$skiptoken={start + size}&maxresults={size}"
                : null;
        return AzureResponse.Ok(
            new JsonObject { ["value"] = new JsonArray([.. all.Skip(start).Take(size)]), ["nextLink"] = next }
        );
    }

    private AzureException NoResource() =>
        new(404, "NotFound", $"The sandbox has no resource {request.Method} {request.Path}.");
}
