using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Requests to the provider, in the words of the cmdlets' parameters.</summary>
internal static class AzureRequests
{
    /// <summary>The same request with a parameter of New-CrdbCmekKey.</summary>
    public static KeyRequest With(this KeyRequest request, string parameter, object value) =>
        request with
        {
            Options = request.Options.With(parameter, value),
        };

    /// <summary>The same request with a parameter of New-CrdbCmekRole.</summary>
    public static RoleRequest With(this RoleRequest request, string parameter, object value) =>
        request with
        {
            Options = request.Options.With(parameter, value),
        };

    public static KeyRequest InKeyVault(this KeyRequest request, params string[] names) =>
        request.With("KeyVaultName", names);

    /// <summary>The same request for an existing key.</summary>
    public static KeyRequest Importing(this KeyRequest request, string keyUri, bool grant = false) =>
        request with
        {
            KeyUris = [keyUri],
            Grant = grant,
        };

    /// <summary>The key in force of each region, and the past ones.</summary>
    public static IReadOnlyList<CmekRegionSpec> Specs(this CmekInfo info) =>
        [
            .. info.Regions.SelectMany(r =>
                r.Keys.Select(k => CmekRegionSpec.Create(r.Region, k.KeyType, k.KeyUri, k.AuthPrincipal))
            ),
        ];

    public static RotationRequest Rotation(CrdbCluster cluster, CmekInfo info, bool newKey = false) =>
        new()
        {
            Cluster = cluster,
            Regions = info.Regions,
            NewKey = newKey,
        };

    public static RevocationRequest Revocation(
        CrdbCluster cluster,
        CmekInfo info,
        CmekRevocationMethod method = CmekRevocationMethod.Default
    ) =>
        new()
        {
            Cluster = cluster,
            Keys = info.Specs(),
            Method = method,
        };

    /// <summary>A check of the key that a region uses.</summary>
    public static KeyCheckRequest Check(CrdbCluster cluster, CmekInfo info, string region) =>
        new()
        {
            Cluster = cluster,
            Spec = info.Specs().Single(s => s.Region == region),
            TakenUpAt = info.Regions[0].Keys[0].CreatedAt,
        };

    /// <summary>The path of a key's URI: keys/name/version.</summary>
    public static string PathOf(string keyUri) => new Uri(keyUri).AbsolutePath.TrimStart('/');

    /// <summary>The name in a key's URI.</summary>
    public static string NameOf(string keyUri) => PathOf(keyUri).Split('/')[1];
}
