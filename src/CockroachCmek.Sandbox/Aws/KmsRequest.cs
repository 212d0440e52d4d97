using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// What the operations of KMS have in common: required members, pages, times, and the error for something missing.
/// </summary>
internal static class KmsRequest
{
    /// <exception cref="AwsException">ValidationException: the member is missing.</exception>
    public static string Text(JsonObject body, string name) =>
        (string?)body[name]
        ?? throw new AwsException(
            "ValidationException",
            $"1 validation error detected: Value null at '{name}' failed to satisfy constraint: "
                + "Member must not be null"
        );

    /// <summary>A page of a list, by Limit and Marker of the request.</summary>
    public static JsonObject Page(JsonObject body, string name, IEnumerable<JsonObject> items)
    {
        var start = (string?)body["Marker"] is { } marker && int.TryParse(marker, out var at) ? at : 0;
        var size = (int?)body["Limit"] ?? 50;
        var all = items.ToList();
        var more = start + size < all.Count;
        var page = new JsonObject { [name] = new JsonArray([.. all.Skip(start).Take(size)]), ["Truncated"] = more };
        if (more)
            page["NextMarker"] = (start + size).ToString(CultureInfo.InvariantCulture);
        return page;
    }

    /// <summary>Ends a dry run that would have succeeded.</summary>
    /// <exception cref="AwsException">DryRunOperationException.</exception>
    public static void EndDryRun(JsonObject body)
    {
        if ((bool?)body["DryRun"] == true)
            throw new AwsException(
                "DryRunOperationException",
                "The request would have succeeded, but the DryRun option is set."
            );
    }

    /// <summary>The expiry of imported material, as DescribeKey and ListKeyRotations show it.</summary>
    public static void AddExpiry(JsonObject json, DateTimeOffset? expires)
    {
        json["ExpirationModel"] = expires is null ? "KEY_MATERIAL_DOES_NOT_EXPIRE" : "KEY_MATERIAL_EXPIRES";
        if (expires is { } end)
            json["ValidTo"] = Epoch(end);
    }

    public static AwsException NotFound(string message) => new("NotFoundException", message);

    public static AwsException InvalidValue(string name) =>
        new("ValidationException", $"1 validation error detected: Value at '{name}' failed to satisfy constraint");

    public static double Epoch(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
