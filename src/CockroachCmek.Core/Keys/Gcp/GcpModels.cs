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
            State = key?.Primary?.State ?? "",
            Origin = key is null ? CmekKeyOrigin.Cloud : GcpKeyOrigins.Of(name, key).Kind,
            RotationPeriodInDays = request.RotationPeriodInDays,
            Outcome = outcome,
        };

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
