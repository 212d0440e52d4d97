using System.Globalization;
using System.Text.Json;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// Reads Vault's responses. Where HashiCorp's documentation and recorded servers differ, both forms are accepted.
/// Throws FormatException for any other.
/// </summary>
internal static class VaultJson
{
    public static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object
        && item.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>An array of texts, or one comma-separated text; empty when the member is missing.</summary>
    public static IReadOnlyList<string> Texts(JsonElement item, string name)
    {
        if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(name, out var value))
            return [];
        return value.ValueKind switch
        {
            JsonValueKind.String => [.. value.GetString()!.Split(',').Select(t => t.Trim()).Where(t => t.Length > 0)],
            JsonValueKind.Array =>
            [
                .. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!),
            ],
            _ => [],
        };
    }

    public static IReadOnlyList<string> Keys(JsonElement content) => Texts(Data(content), "keys");

    /// <summary>Newer servers list the mounts in "data", older ones beside it.</summary>
    public static IReadOnlyDictionary<string, string> Mounts(JsonElement content)
    {
        var mounts =
            content.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object ? data : content;
        return mounts
            .EnumerateObject()
            .Where(m => m.Name.EndsWith("/", StringComparison.Ordinal))
            .ToDictionary(m => m.Name.TrimEnd('/'), m => Text(m.Value, "type") ?? "");
    }

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Capabilities(
        JsonElement content,
        IReadOnlyList<string> paths
    )
    {
        var data =
            content.TryGetProperty("data", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : content;
        return paths.ToDictionary(p => p, p => Texts(data, p));
    }

    public static VaultKey Key(JsonElement content)
    {
        var data = Data(content);
        return new VaultKey(
            Text(data, "type") ?? throw new FormatException("the key has no type"),
            Number(data, "latest_version") ?? throw new FormatException("the key has no latest_version"),
            Number(data, "min_enabled_version") ?? 0,
            data.TryGetProperty("deletion_allowed", out var allowed) && allowed.ValueKind == JsonValueKind.True,
            // The API documentation has "keys"; servers send "versions".
            Numbered(
                data.TryGetProperty("versions", out var versions) ? versions
                    : data.TryGetProperty("keys", out versions) ? versions
                    : default,
                v =>
                    DateTimeOffset.TryParse(
                        Text(v, "creation_time"),
                        CultureInfo.InvariantCulture,
                        DateTimeStyles.AssumeUniversal,
                        out var time
                    )
                        ? time
                        : (DateTimeOffset?)null
            )
        );
    }

    public static VaultEntry Entry(JsonElement content)
    {
        var data = Data(content);
        return new VaultEntry(
            Text(data, "provider") ?? throw new FormatException("the entry has no provider"),
            Text(data, "key_collection") ?? ""
        );
    }

    public static VaultDistribution Distribution(JsonElement content)
    {
        var data = Data(content);
        return new VaultDistribution(
            Text(data, "name") ?? throw new FormatException("the distributed key has no name"),
            Texts(data, "purpose"),
            Text(data, "protection") ?? "",
            Numbered(data.TryGetProperty("versions", out var versions) ? versions : default, v =>
                v.ValueKind == JsonValueKind.String ? v.GetString()! : v.GetRawText()
            )
        );
    }

    private static JsonElement Data(JsonElement content) =>
        content.ValueKind == JsonValueKind.Object
        && content.TryGetProperty("data", out var data)
        && data.ValueKind == JsonValueKind.Object
            ? data
            : throw new FormatException("it has no data");

    private static int? Number(JsonElement item, string name) =>
        !item.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
        : value.ValueKind == JsonValueKind.String
        && int.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            ? number
        : null;

    private static Dictionary<int, T> Numbered<T>(JsonElement map, Func<JsonElement, T> read)
    {
        var items = new Dictionary<int, T>();
        if (map.ValueKind != JsonValueKind.Object)
            return items;
        foreach (var item in map.EnumerateObject())
            if (int.TryParse(item.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                items[number] = read(item.Value);
        return items;
    }
}
