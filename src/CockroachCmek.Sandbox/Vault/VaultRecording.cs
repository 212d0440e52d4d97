using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>Takes secrets out of what is recorded of Vault: what clouds are signed in with, and tokens.</summary>
internal static class VaultRecording
{
    private const string Mark = "(redacted)";

    /// <summary>A name below which every text is a secret, or a text after name=.</summary>
    private static readonly HashSet<string> Secret = new(StringComparer.OrdinalIgnoreCase)
    {
        "credentials",
        "access_key",
        "secret_key",
        "session_token",
        "client_secret",
        "service_account_file",
        "private_key",
        "privateKeyData",
        "token",
        "client_token",
    };

    /// <summary>The only secret in an answer is the token that looks itself up.</summary>
    public static SandboxResponse Redacted(SandboxRequest request, SandboxResponse response)
    {
        if (response.Status != 200 || !request.Path.EndsWith("auth/token/lookup-self", StringComparison.Ordinal))
            return response;
        var answer = JsonNode.Parse(response.Body)!;
        answer["data"]!["id"] = Mark;
        return response with { Body = Encoding.UTF8.GetBytes(answer.ToJsonString()) };
    }

    public static byte[] Redacted(byte[] body)
    {
        if (body.Length == 0)
            return body;
        try
        {
            return Encoding.UTF8.GetBytes(Redacted(JsonNode.Parse(body), hide: false)?.ToJsonString() ?? "null");
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            // What cannot be read cannot be searched.
            return Encoding.UTF8.GetBytes(Mark);
        }
    }

    private static JsonNode? Redacted(JsonNode? node, bool hide) =>
        node switch
        {
            JsonObject map => new JsonObject(
                map.Select(m => new KeyValuePair<string, JsonNode?>(
                    m.Key,
                    Redacted(m.Value, hide || Secret.Contains(m.Key))
                ))
            ),
            JsonArray items => new JsonArray([.. items.Select(i => Redacted(i, hide))]),
            JsonValue value
                when hide
                    && value.TryGetValue<string>(out var text)
                    && text.IndexOf('=') is > 0 and var at
                    && !text.StartsWith("{", StringComparison.Ordinal)
                    && Secret.Contains(text.Substring(0, at)) => text.Substring(0, at) + "=" + Mark,
            JsonValue when hide => Mark,
            _ => node?.DeepClone(),
        };
}
