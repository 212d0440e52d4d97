using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>Lists in pages, which the caller follows by an opaque token.</summary>
internal static class CloudPage
{
    /// <param name="defaultSize">Items of a page when the caller does not say.</param>
    public static JsonObject Of(
        string name,
        IReadOnlyDictionary<string, string> query,
        IEnumerable<JsonObject> items,
        int defaultSize
    )
    {
        var limit =
            query.TryGetValue("pagination.limit", out var text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var asked)
            && asked > 0
                ? asked
                : defaultSize;
        var start = 0;
        if (
            query.TryGetValue("pagination.page", out var token)
            && token.Length > 0
            && !PageToken.TryRead(token, out start)
        )
            throw CloudException.InvalidArgument("invalid pagination.page");
        var all = items.ToList();
        if (query.TryGetValue("pagination.sort_order", out var order) && order == "DESC")
            all.Reverse();
        var page = all.Skip(start).Take(limit).ToList();
        var pagination = new JsonObject();
        if (start + page.Count < all.Count)
            pagination["next_page"] = PageToken.Write(start + page.Count);
        if (start > 0)
            pagination["previous_page"] = PageToken.Write(Math.Max(0, start - limit));
        return new JsonObject { [name] = new JsonArray([.. page]), ["pagination"] = pagination };
    }
}
