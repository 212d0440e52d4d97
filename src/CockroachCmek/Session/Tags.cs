using System.Collections;
using System.Globalization;

namespace CockroachCmek.Session;

/// <summary>Converts the hashtable of -Tag, for example @{ team = 'db' }.</summary>
internal static class Tags
{
    public static IReadOnlyDictionary<string, string> From(Hashtable? tags) =>
        tags is null
            ? new Dictionary<string, string>()
            : tags.Cast<DictionaryEntry>()
                .ToDictionary(
                    tag => Convert.ToString(tag.Key, CultureInfo.InvariantCulture) ?? "",
                    tag => Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? ""
                );
}
