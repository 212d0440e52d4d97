namespace CockroachCmek.Core.Keys.Azure;

/// <summary>What makes a key unfit for CMEK, before anything is written: each with the id and the next command that the user reads.</summary>
internal static class AzureKeyFaults
{
    /// <summary>Kind, state and time.</summary>
    public static IEnumerable<CmekException> OfKey(FoundKey key, DateTimeOffset now)
    {
        var (material, attributes) = (key.Bundle.Key, key.Bundle.Attributes);
        if (material.Kty is not ("RSA" or "RSA-HSM"))
            yield return AzureErrors.KeyNotRsa(key.Id, material.Kty);
        else if (
            material.Operations is { } operations
            && new[] { "wrapKey", "unwrapKey" }.Except(operations).ToList() is { Count: > 0 } missing
        )
            yield return AzureErrors.KeyOperationsMissing(key.Id, missing);
        if (!attributes.Enabled)
            yield return AzureErrors.KeyDisabled(key.Id);
        if (attributes.ExpiresOn is { } end && end <= now)
            yield return AzureErrors.KeyExpired(key.Id, end);
        if (attributes.NotBefore is { } begin && begin > now)
            yield return AzureErrors.KeyNotEnabled(key.Id, begin);
    }

    /// <summary>What a key that is there has that was asked otherwise; it cannot be changed.</summary>
    public static IReadOnlyList<string> Differences(FoundKey key, AzureKeyOptions options)
    {
        var material = key.Bundle.Key;
        var differences = new List<string>();
        if (options.KeySize is { } size && material.Size is { } has && has != size)
            differences.Add($"it has {has} bits, not {size}");
        if (
            options.ProtectionLevel is { } level
            && material.Kty is "RSA" or "RSA-HSM"
            && (material.Kty == "RSA-HSM") != (level == CmekProtectionLevel.Hsm)
        )
            differences.Add(
                $"it is kept in {(material.Kty == "RSA-HSM" ? "hardware" : "software")}, not {(level == CmekProtectionLevel.Hsm ? "hardware" : "software")}"
            );
        return differences;
    }
}
