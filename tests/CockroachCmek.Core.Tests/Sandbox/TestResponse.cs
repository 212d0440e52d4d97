using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>A response of the sandbox. A body that is not JSON is the member "text".</summary>
internal sealed record TestResponse(int Status, JsonObject Body)
{
    public HttpResponseHeaders? Headers { get; init; }

    /// <summary>
    /// The error in the service's own terms: Azure's code, Google's status, OAuth's error or Vault's first sentence.
    /// Empty for a success.
    /// </summary>
    public string Error =>
        (Body["error"] ?? Body["errors"]) switch
        {
            JsonObject error => (error["status"] ?? error["innererror"]?["code"] ?? error["code"])!.ToString(),
            JsonArray errors => (string?)errors.FirstOrDefault() ?? "",
            var code => code?.ToString() ?? "",
        };

    /// <summary>Status and error, for example "404 KeyNotFound".</summary>
    public string Refusal => $"{Status} {Error}";

    public string ErrorMessage => Text("error", "message");

    /// <summary>The items of a list in the shape that all of Azure shares.</summary>
    public JsonArray Items => Body["value"]!.AsArray();

    /// <summary>A member of the body; empty if it is missing.</summary>
    public string Text(params string[] path) =>
        path.Aggregate((JsonNode?)Body, (node, name) => (node as JsonObject)?[name])?.ToString() ?? "";

    public static async Task<TestResponse> ReadAsync(HttpResponseMessage message)
    {
        var text = await message.Content.ReadAsStringAsync();
        var body =
            text.StartsWith('{') ? JsonNode.Parse(text)!.AsObject()
            : text.Length > 0 ? new JsonObject { ["text"] = text }
            : [];
        return new TestResponse((int)message.StatusCode, body) { Headers = message.Headers };
    }
}
