using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>Removes secrets from recordings of Vault: cloud credentials and tokens.</summary>
internal static class VaultRecording
{
    private const string Redaction = "(redacted)";

    /// <summary>Names whose value is a secret, in an object or in a string of the form name=value.</summary>
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

    /// <summary>The only secret in a response is the token in auth/token/lookup-self.</summary>
    public static SandboxResponse Redacted(SandboxRequest request, SandboxResponse response)
    {
        if (response.Status != 200 || !request.Path.EndsWith("auth/token/lookup-self", StringComparison.Ordinal))
            return response;
        var body = JsonNode.Parse(response.Body)!;
        body["data"]!["id"] = Redaction;
        return response with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) };
    }

    public static byte[] Redacted(byte[] body)
    {
        if (body.Length == 0)
            return body;
        try
        {
            return Encoding.UTF8.GetBytes(Redacted(JsonNode.Parse(body), hide: false)?.ToJsonString() ?? "null");
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            // A body that cannot be parsed cannot be searched for secrets.
            return Encoding.UTF8.GetBytes(Redaction);
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
                    && Secret.Contains(text.Substring(0, at)) => text.Substring(0, at) + "=" + Redaction,
            JsonValue when hide => Redaction,
            _ => node?.DeepClone(),
        };
}
