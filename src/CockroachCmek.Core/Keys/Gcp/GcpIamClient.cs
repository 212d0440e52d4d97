using System.Net.Http;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>A service account as IAM tells it.</summary>
internal sealed record ServiceAccount(string? Name, string? Email, string? UniqueId, string? DisplayName, string? Description, bool? Disabled);

/// <summary>The operations of IAM that CMEK needs, named as in the vendor's SDK, which can replace this when its package can be had.</summary>
internal interface IGcpIam : IGcpPolicies
{
    Task<ServiceAccount> GetServiceAccountAsync(string name, CancellationToken cancellationToken);

    Task<ServiceAccount> CreateServiceAccountAsync(string project, string accountId, string displayName, string description, CancellationToken cancellationToken);

    Task<ServiceAccount> PatchServiceAccountAsync(string name, string displayName, string description, CancellationToken cancellationToken);

    Task EnableServiceAccountAsync(string name, CancellationToken cancellationToken);
}

/// <summary>IAM v1 over REST. Paths, methods and fields: the discovery document of iam v1.</summary>
internal sealed class GcpIamClient(GcpRest rest) : IGcpIam
{
    public Task<ServiceAccount> GetServiceAccountAsync(string name, CancellationToken cancellationToken) => rest.SendAsync<ServiceAccount>(HttpMethod.Get, $"v1/{name}", null, cancellationToken);

    public Task<ServiceAccount> CreateServiceAccountAsync(string project, string accountId, string displayName, string description, CancellationToken cancellationToken) =>
        rest.SendAsync<ServiceAccount>(
            HttpMethod.Post,
            $"v1/projects/{project}/serviceAccounts",
            new JsonObject { ["accountId"] = accountId, ["serviceAccount"] = new JsonObject { ["displayName"] = displayName, ["description"] = description } },
            cancellationToken);

    public Task<ServiceAccount> PatchServiceAccountAsync(string name, string displayName, string description, CancellationToken cancellationToken) =>
        rest.SendAsync<ServiceAccount>(
            new HttpMethod("PATCH"),
            $"v1/{name}",
            new JsonObject { ["serviceAccount"] = new JsonObject { ["displayName"] = displayName, ["description"] = description }, ["updateMask"] = "displayName,description" },
            cancellationToken);

    public Task EnableServiceAccountAsync(string name, CancellationToken cancellationToken) => rest.SendAsync<JsonObject>(HttpMethod.Post, $"v1/{name}:enable", new JsonObject(), cancellationToken);

    // POST without a body, where KMS has GET.
    public async Task<IamPolicy> GetIamPolicyAsync(string resource, CancellationToken cancellationToken) =>
        new(await rest.SendAsync<JsonObject>(HttpMethod.Post, $"v1/{resource}:getIamPolicy?options.requestedPolicyVersion=3", null, cancellationToken));

    public async Task<IamPolicy> SetIamPolicyAsync(string resource, IamPolicy policy, CancellationToken cancellationToken) =>
        new(await rest.SendAsync<JsonObject>(HttpMethod.Post, $"v1/{resource}:setIamPolicy", new JsonObject { ["policy"] = policy.ToWire() }, cancellationToken));
}
