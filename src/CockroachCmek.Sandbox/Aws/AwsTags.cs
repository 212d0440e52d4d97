using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>What KMS and IAM refuse about tags.</summary>
internal static class AwsTags
{
    private const int Most = 50;

    /// <summary>Adds the tags of a request to KMS.</summary>
    /// <exception cref="AwsException">TagException or ValidationException.</exception>
    public static void Add(IDictionary<string, string> tags, JsonArray? given)
    {
        var added = (given ?? [])
            .Select(t => (Key: KmsRequest.Text(t!.AsObject(), "TagKey"), Value: (string?)t["TagValue"] ?? ""))
            .ToList();
        for (var at = 0; at < added.Count; at++)
        {
            RequireLength(added[at].Key, 128, $"tags.{at + 1}.member.tagKey");
            RequireLength(added[at].Value, 256, $"tags.{at + 1}.member.tagValue");
        }

        if (added.Any(t => t.Key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)))
            throw new AwsException("TagException", "Tags beginning with aws: are reserved");
        if (added.Select(t => t.Key).Distinct().Count() < added.Count)
            throw new AwsException("TagException", "Duplicate tag keys");
        if (tags.Keys.Union(added.Select(t => t.Key)).Count() > Most)
            throw new AwsException("TagException", "Too many tags");
        foreach (var (key, value) in added)
            tags[key] = value;
    }

    /// <summary>Checks the tags of a request to IAM, where keys have no case.</summary>
    /// <exception cref="AwsException">InvalidInput or ValidationError.</exception>
    public static void CheckIam(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> all)
    {
        if (keys.Distinct(StringComparer.OrdinalIgnoreCase).Count() < keys.Count)
            throw new AwsException(
                "InvalidInput",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            );
        if (all.Count > Most)
            throw new AwsException(
                "ValidationError",
                "1 validation error detected: Value at 'tags' failed to satisfy constraint: "
                    + $"Member must have length less than or equal to {Most}"
            );
    }

    private static void RequireLength(string text, int most, string member)
    {
        if (text.Length > most)
            throw new AwsException(
                "ValidationException",
                $"1 validation error detected: Value '{text}' at '{member}' failed to satisfy constraint: "
                    + $"Member must have length less than or equal to {most}"
            );
    }
}
