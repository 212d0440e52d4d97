using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>A service account, with the API's own names.</summary>
internal sealed record ServiceAccount(
    string? Name,
    string? Email,
    string? UniqueId,
    string? DisplayName,
    string? Description,
    bool? Disabled
);

/// <summary>A custom role.</summary>
internal sealed record IamRole(string? Name, string? Title, List<string>? IncludedPermissions, bool? Deleted);

/// <summary>A key of a service account. Only the response to its creation holds the private half.</summary>
internal sealed record ServiceAccountKey(string? Name, string? PrivateKeyData)
{
    /// <summary>Keeps the private half out of every text.</summary>
    public override string ToString() => Name ?? "";
}

/// <summary>
/// The operations of IAM that CMEK needs, named as in the vendor's SDK, which can replace this once its package can be
/// restored.
/// </summary>
internal interface IGcpIam : IGcpPolicies
{
    Task<ServiceAccount> GetServiceAccountAsync(string name, CancellationToken cancellationToken);

    Task<ServiceAccount> CreateServiceAccountAsync(
        string project,
        string accountId,
        string displayName,
        string description,
        CancellationToken cancellationToken
    );

    Task<ServiceAccount> PatchServiceAccountAsync(
        string name,
        string displayName,
        string description,
        CancellationToken cancellationToken
    );

    Task EnableServiceAccountAsync(string name, CancellationToken cancellationToken);

    /// <summary>Tokens that were issued are rejected from then on too.</summary>
    Task DisableServiceAccountAsync(string name, CancellationToken cancellationToken);

    Task<IamRole> GetRoleAsync(string name, CancellationToken cancellationToken);

    Task<IamRole> CreateRoleAsync(
        string project,
        string roleId,
        string title,
        string description,
        IReadOnlyList<string> permissions,
        CancellationToken cancellationToken
    );

    /// <summary>The keys that people created. Google renews its own.</summary>
    Task<IReadOnlyList<ServiceAccountKey>> ListServiceAccountKeysAsync(
        string account,
        CancellationToken cancellationToken
    );

    /// <summary>The private half comes as a credential file, in base64.</summary>
    Task<ServiceAccountKey> CreateServiceAccountKeyAsync(string account, CancellationToken cancellationToken);

    Task<JsonObject> DeleteServiceAccountKeyAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// The deny policies of projects/…, folders/… or organizations/…, each with its rules. Needs
    /// iam.denypolicies.list and iam.denypolicies.get.
    /// </summary>
    Task<IReadOnlyList<JsonObject>> ReadDenyPoliciesAsync(string resource, CancellationToken cancellationToken);
}
