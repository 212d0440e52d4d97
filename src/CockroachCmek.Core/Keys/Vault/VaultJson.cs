using System.Globalization;
using System.Text.Json;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Reads Vault's answers. Where HashiCorp's pages and recorded servers differ, both are taken. Throws FormatException for what is neither.</summary>
internal static class VaultJson
{
    public static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object
        && item.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>A list of texts, or texts with commas between them; empty when there is none.</summary>
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

    public static IReadOnlyList<string> Keys(JsonElement answer) => Texts(Data(answer), "keys");

    /// <summary>Older servers have the mounts beside "data", newer in it too.</summary>
    public static IReadOnlyDictionary<string, string> Mounts(JsonElement answer)
    {
        var mounts =
            answer.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object ? data : answer;
        return mounts
            .EnumerateObject()
            .Where(m => m.Name.EndsWith("/", StringComparison.Ordinal))
            .ToDictionary(m => m.Name.TrimEnd('/'), m => Text(m.Value, "type") ?? "");
    }

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Capabilities(
        JsonElement answer,
        IReadOnlyList<string> paths
    )
    {
        var data =
            answer.TryGetProperty("data", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : answer;
        return paths.ToDictionary(p => p, p => Texts(data, p));
    }

    public static VaultKey Key(JsonElement answer)
    {
        var data = Data(answer);
        return new VaultKey(
            Text(data, "type") ?? throw new FormatException("a key without a type"),
            Number(data, "latest_version") ?? throw new FormatException("a key without latest_version"),
            Number(data, "min_enabled_version") ?? 0,
            data.TryGetProperty("deletion_allowed", out var allowed) && allowed.ValueKind == JsonValueKind.True,
            // The API's page calls them keys; servers send versions.
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

    public static VaultEntry Entry(JsonElement answer)
    {
        var data = Data(answer);
        return new VaultEntry(
            Text(data, "provider") ?? throw new FormatException("an entry without a provider"),
            Text(data, "key_collection") ?? ""
        );
    }

    public static VaultDistribution Distribution(JsonElement answer)
    {
        var data = Data(answer);
        return new VaultDistribution(
            Text(data, "name") ?? throw new FormatException("a distributed key without a name"),
            Texts(data, "purpose"),
            Text(data, "protection") ?? "",
            Numbered(data.TryGetProperty("versions", out var versions) ? versions : default, v =>
                v.ValueKind == JsonValueKind.String ? v.GetString()! : v.GetRawText()
            )
        );
    }

    private static JsonElement Data(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object
        && answer.TryGetProperty("data", out var data)
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
