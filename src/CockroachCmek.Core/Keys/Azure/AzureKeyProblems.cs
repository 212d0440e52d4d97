namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Reasons why a key does not suit CMEK, found before anything is written. Each is the error that the user would see.
/// </summary>
internal static class AzureKeyProblems
{
    /// <summary>Problems with the key's type, operations, state and dates.</summary>
    public static IEnumerable<CmekException> KeyProblems(FoundKey key, DateTimeOffset now)
    {
        var (material, attributes) = (key.Bundle.Key, key.Bundle.Attributes);
        if (!material.IsRsa)
            yield return AzureErrors.KeyNotRsa(key.Id, material.Kty);
        else if (MissingOperations(material) is { Count: > 0 } missing)
            yield return AzureErrors.KeyOperationsMissing(key.Id, missing);
        if (!attributes.Enabled)
            yield return AzureErrors.KeyDisabled(key.Id);
        if (attributes.ExpiresOn is { } end && end <= now)
            yield return AzureErrors.KeyExpired(key.Id, end);
        if (attributes.NotBefore is { } begin && begin > now)
            yield return AzureErrors.KeyNotEnabled(key.Id, begin);
    }

    /// <summary>
    /// How an existing key differs from the requested options, in words. A key cannot be changed in these respects.
    /// </summary>
    public static IReadOnlyList<string> Differences(FoundKey key, AzureKeyOptions options)
    {
        var material = key.Bundle.Key;
        var differences = new List<string>();
        if (options.KeySize is { } size && material.Size is { } actual && actual != size)
            differences.Add($"it has {actual} bits, not {size}");
        if (options.ProtectionLevel is { } level && material.IsRsa && material.ProtectionLevel != level)
            differences.Add($"it is kept in {NameOf(material.ProtectionLevel)}, not {NameOf(level)}");
        return differences;
    }

    private static List<string> MissingOperations(KeyMaterial material) =>
        material.Operations is { } operations ? [.. new[] { "wrapKey", "unwrapKey" }.Except(operations)] : [];

    private static string NameOf(CmekProtectionLevel level) =>
        level == CmekProtectionLevel.Hsm ? "hardware" : "software";
}
