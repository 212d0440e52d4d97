using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>A refusal in Vault's terms: an HTTP status and a list of sentences, which is empty where there is nothing to say.</summary>
internal sealed class VaultFault(int status, params string[] errors) : Exception(string.Join(" ", errors))
{
    public SandboxResponse ToResponse() =>
        new(
            status,
            Encoding.UTF8.GetBytes(
                new JsonObject { ["errors"] = new JsonArray([.. errors.Select(e => (JsonNode)e)]) }.ToJsonString()
            ),
            "application/json"
        );

    /// <summary>No policy of the token allows it.</summary>
    public static VaultFault Denied() => new(403, "1 error occurred:\n\t* permission denied\n\n");

    /// <summary>A token that does not exist, or no longer: Vault forgets tokens when they expire.</summary>
    public static VaultFault BadToken() => new(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n");

    public static VaultFault NotFound() => new(404);

    public static VaultFault NoRoute(string path) =>
        new(404, $"no handler for route \"{path}\". route entry not found.");

    public static VaultFault UnsupportedPath() => new(404, "1 error occurred:\n\t* unsupported path\n\n");

    public static VaultFault UnsupportedOperation() => new(405, "1 error occurred:\n\t* unsupported operation\n\n");

    public static VaultFault Invalid(string sentence) => new(400, sentence);

    /// <summary>The cloud's KMS refused what Vault asked of it.</summary>
    public static VaultFault ThirdParty(string sentence) => new(502, sentence);
}
