namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// Keys whose material comes from outside. The sandbox's Vault is the only importer, so the wrapping of the material on its way
/// (GetParametersForImport, ImportKeyMaterial) is left out; the permissions that it takes are asked for.
/// </summary>
internal sealed partial class KmsService
{
    /// <summary>A new key of origin EXTERNAL with the account's default policy, enabled.</summary>
    /// <exception cref="AwsFault">AccessDeniedException.</exception>
    public KmsKey Import(Caller caller, string region, byte[] material, string description, bool multiRegion)
    {
        AuthorizeAccount(caller, "CreateKey", region);
        var (policy, principals) = CheckedPolicy(caller, null, bypass: false);
        var id = multiRegion ? "mrk-" + Guid.NewGuid().ToString("N") : Guid.NewGuid().ToString("D");
        var key = new KmsKey(region, accountId, id, new KmsMaterial(id, clock.UtcNow, material), clock.UtcNow)
        {
            Policy = policy,
            PolicyPrincipals = principals,
            MultiRegion = multiRegion,
            Origin = "EXTERNAL",
            Description = description,
        };
        Authorize(caller, "GetParametersForImport", key);
        Authorize(caller, "ImportKeyMaterial", key);
        data.Keys.Add(key);
        return key;
    }

    /// <summary>Whether a key is there and not on its way out.</summary>
    public bool IsUsable(string region, string id) =>
        data.Keys.Any(k => k.Region == region && k.Id == id && k.DeletionDate is null);

    /// <summary>Whether an alias is taken.</summary>
    public bool HasAlias(string region, string name) => data.Aliases.ContainsKey((region, name));
}
