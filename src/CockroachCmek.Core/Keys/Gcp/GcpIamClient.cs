using System.Net.Http;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>IAM v1 over REST. Source of paths, methods and fields: the discovery document of iam v1.</summary>
internal sealed class GcpIamClient(GcpRest rest) : IGcpIam
{
    public Task<ServiceAccount> GetServiceAccountAsync(string name, CancellationToken cancellationToken) =>
        rest.SendAsync<ServiceAccount>(HttpMethod.Get, $"v1/{name}", null, cancellationToken);

    public Task<ServiceAccount> CreateServiceAccountAsync(
        string project,
        string accountId,
        string displayName,
        string description,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<ServiceAccount>(
            HttpMethod.Post,
            $"v1/projects/{project}/serviceAccounts",
            new JsonObject
            {
                ["accountId"] = accountId,
                ["serviceAccount"] = new JsonObject { ["displayName"] = displayName, ["description"] = description },
            },
            cancellationToken
        );

    public Task<ServiceAccount> PatchServiceAccountAsync(
        string name,
        string displayName,
        string description,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<ServiceAccount>(
            new HttpMethod("PATCH"),
            $"v1/{name}",
            new JsonObject
            {
                ["serviceAccount"] = new JsonObject { ["displayName"] = displayName, ["description"] = description },
                ["updateMask"] = "displayName,description",
            },
            cancellationToken
        );

    public Task EnableServiceAccountAsync(string name, CancellationToken cancellationToken) =>
        rest.SendAsync<JsonObject>(HttpMethod.Post, $"v1/{name}:enable", new JsonObject(), cancellationToken);

    public Task DisableServiceAccountAsync(string name, CancellationToken cancellationToken) =>
        rest.SendAsync<JsonObject>(HttpMethod.Post, $"v1/{name}:disable", new JsonObject(), cancellationToken);

    public Task<IReadOnlyList<string>> TestIamPermissionsAsync(
        string resource,
        IReadOnlyList<string> permissions,
        CancellationToken cancellationToken
    ) => GcpPermissionTest.SendAsync(rest, resource, permissions, cancellationToken);

    public Task<IamRole> GetRoleAsync(string name, CancellationToken cancellationToken) =>
        rest.SendAsync<IamRole>(HttpMethod.Get, $"v1/{name}", null, cancellationToken);

    public Task<IamRole> CreateRoleAsync(
        string project,
        string roleId,
        string title,
        string description,
        IReadOnlyList<string> permissions,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<IamRole>(
            HttpMethod.Post,
            $"v1/projects/{project}/roles",
            new JsonObject
            {
                ["roleId"] = roleId,
                ["role"] = new JsonObject
                {
                    ["title"] = title,
                    ["description"] = description,
                    ["includedPermissions"] = new JsonArray([.. permissions.Select(p => (JsonNode)p)]),
                    ["stage"] = "GA",
                },
            },
            cancellationToken
        );

    public async Task<IReadOnlyList<ServiceAccountKey>> ListServiceAccountKeysAsync(
        string account,
        CancellationToken cancellationToken
    ) =>
        (
            await rest.SendAsync<KeyList>(
                HttpMethod.Get,
                $"v1/{account}/keys?keyTypes=USER_MANAGED",
                null,
                cancellationToken
            )
        ).Keys
        ?? [];

    public Task<ServiceAccountKey> CreateServiceAccountKeyAsync(string account, CancellationToken cancellationToken) =>
        rest.SendAsync<ServiceAccountKey>(
            HttpMethod.Post,
            $"v1/{account}/keys",
            new JsonObject
            {
                ["privateKeyType"] = "TYPE_GOOGLE_CREDENTIALS_FILE",
                ["keyAlgorithm"] = "KEY_ALG_RSA_2048",
            },
            cancellationToken
        );

    public Task<JsonObject> DeleteServiceAccountKeyAsync(string name, CancellationToken cancellationToken) =>
        rest.SendAsync<JsonObject>(HttpMethod.Delete, $"v1/{name}", null, cancellationToken);

    // The list leaves the rules out, so each policy is read. Source: the discovery document of iam v2.
    public async Task<IReadOnlyList<JsonObject>> ReadDenyPoliciesAsync(
        string resource,
        CancellationToken cancellationToken
    )
    {
        var attachment = Uri.EscapeDataString($"cloudresourcemanager.googleapis.com/{resource}");
        var policies = new List<JsonObject>();
        for (var page = ""; ; )
        {
            var list = await rest.SendAsync<JsonObject>(
                HttpMethod.Get,
                $"v2/policies/{attachment}/denypolicies{(page.Length > 0 ? $"?pageToken={GcpRest.Escape(page)}" : "")}",
                null,
                cancellationToken
            );
            foreach (var policy in (list["policies"] as JsonArray ?? []).OfType<JsonObject>())
                policies.Add(
                    await rest.SendAsync<JsonObject>(
                        HttpMethod.Get,
                        $"v2/policies/{attachment}/denypolicies/{((string?)policy["name"] ?? "").Split('/').Last()}",
                        null,
                        cancellationToken
                    )
                );
            page = (string?)list["nextPageToken"] ?? "";
            if (page.Length == 0)
                return policies;
        }
    }

    // POST without a body here; KMS reads a policy with GET.
    public async Task<IamPolicy> GetIamPolicyAsync(string resource, CancellationToken cancellationToken) =>
        new(
            await rest.SendAsync<JsonObject>(
                HttpMethod.Post,
                $"v1/{resource}:getIamPolicy?options.requestedPolicyVersion=3",
                null,
                cancellationToken
            )
        );

    public async Task<IamPolicy> SetIamPolicyAsync(
        string resource,
        IamPolicy policy,
        CancellationToken cancellationToken
    ) =>
        new(
            await rest.SendAsync<JsonObject>(
                HttpMethod.Post,
                $"v1/{resource}:setIamPolicy",
                new JsonObject { ["policy"] = policy.ToRequest() },
                cancellationToken
            )
        );

    private sealed record KeyList(List<ServiceAccountKey>? Keys);
}
