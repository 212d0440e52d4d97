using System.Net.Http;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Cloud KMS v1 over REST. Source of paths, methods and fields: the discovery document of cloudkms v1.
/// </summary>
internal sealed class GcpKmsClient(GcpRest rest) : IGcpKms
{
    private static readonly HttpMethod Patch = new("PATCH");

    public Task<KmsLocation> GetLocationAsync(string name, CancellationToken cancellationToken) =>
        GetAsync<KmsLocation>(name, cancellationToken);

    public async Task<IReadOnlyList<KmsLocation>> ListLocationsAsync(
        string project,
        CancellationToken cancellationToken
    ) =>
        await ListAsync(
            token => GetAsync<LocationPage>($"projects/{project}/locations?pageSize=500{token}", cancellationToken),
            page => page.Locations,
            page => page.NextPageToken
        );

    public async Task<IReadOnlyList<KmsKeyRing>> ListKeyRingsAsync(
        string location,
        CancellationToken cancellationToken
    ) =>
        await ListAsync(
            token => GetAsync<RingPage>($"{location}/keyRings?pageSize=1000{token}", cancellationToken),
            page => page.KeyRings,
            page => page.NextPageToken
        );

    public Task<IReadOnlyList<string>> TestIamPermissionsAsync(
        string resource,
        IReadOnlyList<string> permissions,
        CancellationToken cancellationToken
    ) => GcpPermissionTest.SendAsync(rest, resource, permissions, cancellationToken);

    public Task<CryptoKeyVersion> RestoreCryptoKeyVersionAsync(string name, CancellationToken cancellationToken) =>
        PostAsync<CryptoKeyVersion>($"{name}:restore", new JsonObject(), cancellationToken);

    public Task<KmsKeyRing> GetKeyRingAsync(string name, CancellationToken cancellationToken) =>
        GetAsync<KmsKeyRing>(name, cancellationToken);

    public Task<KmsKeyRing> CreateKeyRingAsync(
        string location,
        string keyRingId,
        CancellationToken cancellationToken
    ) => PostAsync<KmsKeyRing>($"{location}/keyRings?keyRingId={keyRingId}", new JsonObject(), cancellationToken);

    public Task<CryptoKey> GetCryptoKeyAsync(string name, CancellationToken cancellationToken) =>
        GetAsync<CryptoKey>(name, cancellationToken);

    public async Task<IReadOnlyList<CryptoKey>> ListCryptoKeysAsync(
        string keyRing,
        CancellationToken cancellationToken
    ) =>
        await ListAsync(
            token => GetAsync<KeyPage>($"{keyRing}/cryptoKeys?pageSize=1000{token}", cancellationToken),
            page => page.CryptoKeys,
            page => page.NextPageToken
        );

    public Task<CryptoKey> CreateCryptoKeyAsync(
        string keyRing,
        string cryptoKeyId,
        CryptoKey key,
        CancellationToken cancellationToken
    ) => PostAsync<CryptoKey>($"{keyRing}/cryptoKeys?cryptoKeyId={cryptoKeyId}", key, cancellationToken);

    public Task<CryptoKey> UpdateCryptoKeyAsync(
        CryptoKey key,
        string updateMask,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<CryptoKey>(
            Patch,
            $"v1/{key.Name}?updateMask={GcpRest.Escape(updateMask)}",
            key with
            {
                Name = null,
            },
            cancellationToken
        );

    public Task<CryptoKey> UpdateCryptoKeyPrimaryVersionAsync(
        string name,
        string versionId,
        CancellationToken cancellationToken
    ) =>
        PostAsync<CryptoKey>(
            $"{name}:updatePrimaryVersion",
            new JsonObject { ["cryptoKeyVersionId"] = versionId },
            cancellationToken
        );

    public async Task<IReadOnlyList<CryptoKeyVersion>> ListCryptoKeyVersionsAsync(
        string key,
        CancellationToken cancellationToken
    ) =>
        await ListAsync(
            token => GetAsync<VersionPage>($"{key}/cryptoKeyVersions?pageSize=1000{token}", cancellationToken),
            page => page.CryptoKeyVersions,
            page => page.NextPageToken
        );

    public Task<CryptoKeyVersion> CreateCryptoKeyVersionAsync(string key, CancellationToken cancellationToken) =>
        PostAsync<CryptoKeyVersion>($"{key}/cryptoKeyVersions", new JsonObject(), cancellationToken);

    public Task<CryptoKeyVersion> UpdateCryptoKeyVersionStateAsync(
        string name,
        string state,
        CancellationToken cancellationToken
    ) =>
        rest.SendAsync<CryptoKeyVersion>(
            Patch,
            $"v1/{name}?updateMask=state",
            new JsonObject { ["state"] = state },
            cancellationToken
        );

    // GET here; IAM reads a policy with POST.
    public async Task<IamPolicy> GetIamPolicyAsync(string resource, CancellationToken cancellationToken) =>
        new(await GetAsync<JsonObject>($"{resource}:getIamPolicy?options.requestedPolicyVersion=3", cancellationToken));

    public async Task<IamPolicy> SetIamPolicyAsync(
        string resource,
        IamPolicy policy,
        CancellationToken cancellationToken
    ) =>
        new(
            await PostAsync<JsonObject>(
                $"{resource}:setIamPolicy",
                new JsonObject { ["policy"] = policy.ToRequest() },
                cancellationToken
            )
        );

    private Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) =>
        rest.SendAsync<T>(HttpMethod.Get, $"v1/{path}", null, cancellationToken);

    private Task<T> PostAsync<T>(string path, object body, CancellationToken cancellationToken) =>
        rest.SendAsync<T>(HttpMethod.Post, $"v1/{path}", body, cancellationToken);

    private static async Task<List<TItem>> ListAsync<TPage, TItem>(
        Func<string, Task<TPage>> get,
        Func<TPage, IReadOnlyList<TItem>?> items,
        Func<TPage, string?> next
    )
    {
        var all = new List<TItem>();
        var token = "";
        do
        {
            var page = await get(token);
            all.AddRange(items(page) ?? []);
            token = next(page) is { Length: > 0 } more ? $"&pageToken={GcpRest.Escape(more)}" : "";
        } while (token.Length > 0);

        return all;
    }

    private sealed record LocationPage(List<KmsLocation>? Locations, string? NextPageToken);

    private sealed record RingPage(List<KmsKeyRing>? KeyRings, string? NextPageToken);

    private sealed record KeyPage(List<CryptoKey>? CryptoKeys, string? NextPageToken);

    private sealed record VersionPage(List<CryptoKeyVersion>? CryptoKeyVersions, string? NextPageToken);
}
