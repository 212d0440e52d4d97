namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Builds the module's public objects from what Google Cloud returns.</summary>
internal static class GcpModels
{
    /// <summary>A region's key.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="region">The region.</param>
    /// <param name="name">The key's name.</param>
    /// <param name="key">The key; null when it is only planned.</param>
    /// <param name="outcome">What became of it.</param>
    public static CmekKey Key(
        KeyRequest request,
        string region,
        GcpKeyName name,
        CryptoKey? key,
        CmekOutcome outcome
    ) =>
        new()
        {
            Cluster = request.Cluster,
            Region = region,
            KeyType = GcpCustomerCloud.KeyTypeName,
            KeyUri = name.ToString(),
            AuthPrincipal = request.AuthPrincipal,
            Name = name.Id,
            Location = name.Location,
            State = StateOf(key),
            Origin = key is null ? CmekKeyOrigin.Cloud : GcpKeyOrigins.Of(name, key).Kind,
            RotationPeriodInDays = request.RotationPeriodInDays,
            Outcome = outcome,
        };

    /// <summary>A key as Cloud KMS shows it.</summary>
    public static KeyDescription Describe(GcpKeyName name, CryptoKey key) =>
        new()
        {
            Origin = GcpKeyOrigins.Of(name, key),
            State = StateOf(key),
            Name = name.Id,
            Location = name.Location,
            CreatedAt = key.CreateTime,
        };

    /// <summary>
    /// The state of the primary version, in the form of the other clouds: DESTROY_SCHEDULED is DestroyScheduled.
    /// </summary>
    private static string StateOf(CryptoKey? key) =>
        string.Concat(
            (key?.Primary?.State ?? "")
                .Split('_')
                .Where(w => w.Length > 0)
                .Select(w => char.ToUpperInvariant(w[0]) + w.Substring(1).ToLowerInvariant())
        );

    /// <summary>The rotated regions with the keys that they are to use from now on.</summary>
    /// <param name="request">The rotation.</param>
    /// <param name="keyUri">The new URI of a key in use.</param>
    public static IReadOnlyList<CmekRegionSpec> RegionSpecs(
        RotationRequest request,
        Func<CmekKeyInfo, string> keyUri
    ) =>
        [
            .. request.Regions.Select(r =>
                CmekRegionSpec.Create(r.Region, r.Keys[0].KeyType, keyUri(r.Keys[0]), r.Keys[0].AuthPrincipal)
            ),
        ];
}
