using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The changes of access on AWS: their kinds, and what their documents hold.</summary>
internal static class AwsAccessChange
{
    /// <summary>A Deny statement is added to the key policy. The document is the statement.</summary>
    public const string Deny = "KeyPolicyDeny";

    /// <summary>Grants are removed from the key policy. The document lists them with their positions.</summary>
    public const string Grant = "KeyPolicyGrant";

    /// <summary>The key is disabled. The document is the state before.</summary>
    public const string State = "KeyState";

    /// <param name="document">What is added or removed, as JSON.</param>
    public static CmekAccessChange Create(KeyInUse key, string kind, string action, string document, bool isDone) =>
        new()
        {
            Regions = key.Regions,
            KeyUri = key.Found.Metadata.Arn,
            AuthPrincipal = key.Role,
            Kind = kind,
            Target = key.Found.Metadata.Arn,
            Action = action,
            Document = document,
            State = isDone ? CmekAccessChangeState.Done : CmekAccessChangeState.Planned,
        };

    /// <summary>
    /// The document of a removed grant when the grant itself is not known: the module's own, at the end of the policy.
    /// </summary>
    public static string StandardGrant(string role) =>
        new JsonArray(
            new JsonObject { ["index"] = int.MaxValue, ["statement"] = KeyPolicyDocument.UseStatement(role) }
        ).ToJsonString();

    /// <summary>The document of a change.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public static T DocumentOf<T>(CmekAccessChange change)
        where T : JsonNode
    {
        try
        {
            return JsonNode.Parse(change.Document) as T
                ?? throw Errors.RevocationFileInvalid(change.Target, "it does not contain what was changed");
        }
        catch (JsonException error)
        {
            throw Errors.RevocationFileInvalid(change.Target, "what was changed is not JSON", error);
        }
    }

    /// <summary>The error for a change of another cloud or another version of the module.</summary>
    public static CmekException UnknownKind(CmekAccessChange change) =>
        Errors.RevocationFileInvalid(change.Target, $"AWS has no change of kind '{change.Kind}'");
}
