using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>The identities of a cluster that exist in the customer's cloud. Reads only.</summary>
internal sealed class RoleInventory(CrdbCloudClient client)
{
    /// <summary>Reads the identities, with the keys that they are granted.</summary>
    /// <param name="search">What to look for; the identities that are known already are added.</param>
    /// <param name="keys">The cluster's cloud.</param>
    /// <param name="context">The run.</param>
    /// <returns>Empty when there is none.</returns>
    public async Task<IReadOnlyList<CmekRole>> ReadAsync(
        RoleSearch search,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        var listing = await KeyListing.ReadAsync(client, search.Cluster, keys, context);
        // On AWS a search of the KMS does not always tell the identity of a key.
        var named = listing.Keys.Select(k => k.AuthPrincipal).Where(p => p.Length > 0).Distinct();
        var roles = await keys.FindRolesAsync(search with { AuthPrincipals = [.. named] }, context);
        var grants = new GrantReadings(search.Cluster, keys, context);
        return await Task.WhenAll(roles.Select(r => WithGrantsAsync(r, listing.Keys, grants)));
    }

    private static async Task<CmekRole> WithGrantsAsync(
        CmekRole role,
        IReadOnlyList<CmekRegionSpec> keys,
        GrantReadings grants
    )
    {
        var each = keys.GroupBy(k => grants.ResourceOf(k.KeyUri)).Select(g => g.First()).ToList();
        var verdicts = await Task.WhenAll(
            each.Select(k => grants.ReadAsync(CmekRegionSpec.Create(k.Region, k.KeyType, k.KeyUri, role.AuthPrincipal)))
        );
        return role with
        {
            GrantedKeys =
            [
                .. each.Zip(verdicts, (k, v) => (k.KeyUri, Verdict: v))
                    .Where(k => k.Verdict == CmekAccessVerdict.Granted)
                    .Select(k => k.KeyUri)
                    .Distinct(),
            ],
        };
    }
}
