using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>An error that Vault returns: an HTTP status and a list of sentences, which can be empty.</summary>
internal sealed class VaultException(int status, params string[] errors) : Exception(string.Join(" ", errors))
{
    public SandboxResponse ToResponse() =>
        new(
            status,
            Encoding.UTF8.GetBytes(
                new JsonObject { ["errors"] = new JsonArray([.. errors.Select(e => (JsonNode)e)]) }.ToJsonString()
            ),
            "application/json"
        );

    /// <summary>The token's policies do not allow it.</summary>
    public static VaultException Denied() => new(403, "1 error occurred:\n\t* permission denied\n\n");

    /// <summary>An unknown or expired token. Vault does not distinguish them.</summary>
    public static VaultException BadToken() =>
        new(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n");

    public static VaultException NotFound() => new(404);

    public static VaultException NoRoute(string path) =>
        new(404, $"no handler for route \"{path}\". route entry not found.");

    public static VaultException UnsupportedPath() => new(404, "1 error occurred:\n\t* unsupported path\n\n");

    public static VaultException UnsupportedOperation() => new(405, "1 error occurred:\n\t* unsupported operation\n\n");

    public static VaultException Invalid(string sentence) => new(400, sentence);

    /// <summary>The cloud refused a request of Vault.</summary>
    public static VaultException RefusedByCloud(string sentence) => new(502, sentence);
}
