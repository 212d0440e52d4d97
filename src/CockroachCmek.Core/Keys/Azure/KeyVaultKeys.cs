using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Azure.Core;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The keys of one vault.</summary>
internal interface IKeyVaultKeys
{
    /// <summary>A version of a key; the newest where none is named. A disabled one is read too.</summary>
    Task<KeyBundle> GetAsync(string name, string? version, CancellationToken cancellationToken);

    /// <summary>Every version, in no order.</summary>
    Task<IReadOnlyList<KeyItem>> ListVersionsAsync(string name, CancellationToken cancellationToken);

    /// <summary>Makes a key; where there is one of the name, a version of it.</summary>
    Task<KeyBundle> CreateAsync(string name, KeyShape shape, CancellationToken cancellationToken);

    /// <summary>Changes what is not null.</summary>
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

/// <summary>What a new key is to be like.</summary>
internal sealed record KeyShape(string Kty, int Size, IReadOnlyDictionary<string, string> Tags)
{
    public IReadOnlyList<string> Operations { get; init; } = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];

    public DateTimeOffset? ExpiresOn { get; init; }
}

/// <summary>A version of a key.</summary>
internal sealed record KeyBundle(KeyMaterial Key, KeyAttributes Attributes)
{
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

internal sealed record KeyMaterial(string Kid, string Kty)
{
    [JsonPropertyName("key_ops")]
    public IReadOnlyList<string>? Operations { get; init; }

    /// <summary>The modulus of an RSA key.</summary>
    public string? N { get; init; }

    /// <summary>Bits of the modulus; null of a key that has none.</summary>
    public int? Size => N is { Length: > 0 } n ? n.TrimEnd('=').Length * 6 / 64 * 64 : null; // a leading zero byte is none of the key
}

/// <summary>Times are seconds since 1970.</summary>
internal sealed record KeyAttributes
{
    public bool Enabled { get; init; }

    public long? Created { get; init; }

    public long? Exp { get; init; }

    public long? Nbf { get; init; }

    public DateTimeOffset? CreatedOn => Created is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null;

    public DateTimeOffset? ExpiresOn => Exp is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null;

    public DateTimeOffset? NotBefore => Nbf is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null;
}

/// <summary>A version in a list.</summary>
internal sealed record KeyItem(string Kid, KeyAttributes Attributes);

/// <summary>A key that can still be recovered.</summary>
internal sealed record DeletedKey(string? RecoveryId, long? ScheduledPurgeDate);

/// <summary>When Key Vault makes a new version by itself.</summary>
internal sealed record RotationPolicy
{
    public IReadOnlyList<LifetimeAction>? LifetimeActions { get; init; }

    public JsonObject? Attributes { get; init; }

    /// <summary>The part that rotates; null when nothing does.</summary>
    [JsonIgnore]
    public LifetimeAction? Rotation =>
        LifetimeActions?.FirstOrDefault(a =>
            string.Equals(a.Action.Type, "Rotate", StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>A new version so many days after the last.</summary>
    public static RotationPolicy Every(int days) =>
        new()
        {
            LifetimeActions =
            [
                new LifetimeAction(
                    new LifetimeTrigger { TimeAfterCreate = $"P{days}D" },
                    new LifetimeActionType("Rotate")
                ),
            ],
            Attributes = [],
        };
}

internal sealed record LifetimeAction(LifetimeTrigger Trigger, LifetimeActionType Action);

/// <summary>Durations as of ISO 8601, days, months or years only.</summary>
internal sealed record LifetimeTrigger
{
    public string? TimeAfterCreate { get; init; }

    public string? TimeBeforeExpiry { get; init; }
}

internal sealed record LifetimeActionType(string Type);

/// <summary>Key Vault's REST API, 2025-07-01: the newest stable.</summary>
internal sealed class KeyVaultKeys(Uri vault, AzureRest rest) : IKeyVaultKeys
{
    private const string Version = "2025-07-01";

    public async Task<KeyBundle> GetAsync(string name, string? version, CancellationToken cancellationToken) =>
        Checked(
            await rest.GetAsync<KeyBundle>(
                At(version is null ? $"keys/{name}" : $"keys/{name}/{version}"),
                cancellationToken
            )
        );

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

    private Uri At(string path) => new(vault, $"{path}?api-version={Version}");

    private static KeyBundle Checked(KeyBundle? bundle) =>
        bundle is { Key.Kid.Length: > 0, Attributes: not null }
            ? bundle
            : throw new JsonException("the answer is no key");
}
