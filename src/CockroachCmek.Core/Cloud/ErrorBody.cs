using System.Text.Json;
using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Cloud;

/// <summary>
/// The body of an error of the CockroachDB Cloud API: google.rpc.Status, any {message}, or another text. The
/// specification only has a default response.
/// </summary>
/// <param name="Text">The API's own sentence.</param>
/// <param name="Code">The gRPC code; null when the body has none.</param>
/// <param name="Fields">
/// The fields that the request got wrong, where google.rpc.BadRequest names them (googleapis
/// google/rpc/error_details.proto).
/// </param>
internal sealed record ErrorBody(string Text, int? Code = null, params IReadOnlyList<string> Fields)
{
    /// <summary>INVALID_ARGUMENT: refused because of what the request contains, whatever the cluster's state.</summary>
    public const int InvalidArgument = 3;

    /// <summary>FAILED_PRECONDITION: refused because of the cluster's state.</summary>
    public const int FailedPrecondition = 9;

    /// <summary>Reads a body, whatever it is.</summary>
    public static ErrorBody Parse(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var status = document.RootElement;
            if (
                status.ValueKind == JsonValueKind.Object
                && status.TryGetProperty("message", out var message)
                && message.ValueKind == JsonValueKind.String
            )
                return new ErrorBody(
                    message.GetString()!,
                    status.TryGetProperty("code", out var code)
                    && code.ValueKind == JsonValueKind.Number
                    && code.TryGetInt32(out var number)
                        ? number
                        : null,
                    [.. FieldsOf(status)]
                );
        }
        catch (JsonException)
        {
            // A proxy's page, or an empty body.
        }

        return new ErrorBody(ServerText.OfPage(body));
    }

    private static IEnumerable<string> FieldsOf(JsonElement status) =>
        from detail in Items(status, "details")
        from violation in Items(detail, "field_violations").Concat(Items(detail, "fieldViolations"))
        where violation.ValueKind == JsonValueKind.Object
        let field = violation.TryGetProperty("field", out var name) ? name : default
        where field.ValueKind == JsonValueKind.String
        select field.GetString()!;

    private static IEnumerable<JsonElement> Items(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object
        && owner.TryGetProperty(name, out var list)
        && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().ToList()
            : [];
}
