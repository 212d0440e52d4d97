using System.Text.Json;
using Azure.Core;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The keys of one Key Vault.</summary>
internal interface IKeyVaultKeys
{
    /// <summary>A version of a key, or the newest one. Disabled versions can be read too.</summary>
    Task<KeyBundle> GetAsync(string name, string? version, CancellationToken cancellationToken);

    /// <summary>Every key, without its version.</summary>
    Task<IReadOnlyList<KeyItem>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Every version, in no particular order.</summary>
    Task<IReadOnlyList<KeyItem>> ListVersionsAsync(string name, CancellationToken cancellationToken);

    /// <summary>Creates a key, or a new version of the key that has the name.</summary>
    Task<KeyBundle> CreateAsync(string name, KeyShape shape, CancellationToken cancellationToken);

    /// <summary>Changes state and tags of a version. Null leaves a value as it is.</summary>
    Task<KeyBundle> UpdateAsync(
        string name,
        string version,
        bool? enabled,
        IReadOnlyDictionary<string, string>? tags,
        CancellationToken cancellationToken
    );

    Task<KeyBundle> RotateAsync(string name, CancellationToken cancellationToken);

    Task<RotationPolicy> GetRotationPolicyAsync(string name, CancellationToken cancellationToken);

    Task UpdateRotationPolicyAsync(string name, RotationPolicy policy, CancellationToken cancellationToken);

    Task<DeletedKey> GetDeletedAsync(string name, CancellationToken cancellationToken);

    Task RecoverAsync(string name, CancellationToken cancellationToken);
}

/// <summary>Key Vault's REST API, in its newest stable version.</summary>
internal sealed class KeyVaultKeys(Uri keyVault, AzureRest rest) : IKeyVaultKeys
{
    private const string Version = "2025-07-01";

    public async Task<KeyBundle> GetAsync(string name, string? version, CancellationToken cancellationToken) =>
        Checked(
            await rest.GetAsync<KeyBundle>(
                At(version is null ? $"keys/{name}" : $"keys/{name}/{version}"),
                cancellationToken
            )
        );

    public Task<IReadOnlyList<KeyItem>> ListAsync(CancellationToken cancellationToken) =>
        rest.ListAsync<KeyItem>(At("keys"), cancellationToken);

    public Task<IReadOnlyList<KeyItem>> ListVersionsAsync(string name, CancellationToken cancellationToken) =>
        rest.ListAsync<KeyItem>(At($"keys/{name}/versions"), cancellationToken);

    public async Task<KeyBundle> CreateAsync(string name, KeyShape shape, CancellationToken cancellationToken) =>
        Checked(
            await rest.SendAsync<KeyBundle>(
                RequestMethod.Post,
                At($"keys/{name}/create"),
                new
                {
                    kty = shape.Kty,
                    key_size = shape.Size,
                    key_ops = shape.Operations,
                    attributes = new { enabled = true, exp = shape.ExpiresOn?.ToUnixTimeSeconds() },
                    tags = shape.Tags,
                },
                cancellationToken
            )
        );

    public async Task<KeyBundle> UpdateAsync(
        string name,
        string version,
        bool? enabled,
        IReadOnlyDictionary<string, string>? tags,
        CancellationToken cancellationToken
    ) =>
        Checked(
            await rest.SendAsync<KeyBundle>(
                RequestMethod.Patch,
                At($"keys/{name}/{version}"),
                new { attributes = enabled is null ? null : new { enabled }, tags },
                cancellationToken
            )
        );

    public async Task<KeyBundle> RotateAsync(string name, CancellationToken cancellationToken) =>
        Checked(
            await rest.SendAsync<KeyBundle>(RequestMethod.Post, At($"keys/{name}/rotate"), null, cancellationToken)
        );

    public Task<RotationPolicy> GetRotationPolicyAsync(string name, CancellationToken cancellationToken) =>
        rest.GetAsync<RotationPolicy>(At($"keys/{name}/rotationpolicy"), cancellationToken);

    public Task UpdateRotationPolicyAsync(string name, RotationPolicy policy, CancellationToken cancellationToken) =>
        rest.SendAsync<RotationPolicy>(RequestMethod.Put, At($"keys/{name}/rotationpolicy"), policy, cancellationToken);

    public Task<DeletedKey> GetDeletedAsync(string name, CancellationToken cancellationToken) =>
        rest.GetAsync<DeletedKey>(At($"deletedkeys/{name}"), cancellationToken);

    public Task RecoverAsync(string name, CancellationToken cancellationToken) =>
        rest.SendAsync<KeyBundle>(RequestMethod.Post, At($"deletedkeys/{name}/recover"), null, cancellationToken);

    private Uri At(string path) => new(keyVault, $"{path}?api-version={Version}");

    private static KeyBundle Checked(KeyBundle? bundle) =>
        bundle is { Key.Kid.Length: > 0, Attributes: not null }
            ? bundle
            : throw new JsonException("the response is not a key");
}
