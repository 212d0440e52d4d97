using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// One mount of the key management engine: keys, providers and distributions. Where HashiCorp's pages do not say what a refusal reads like,
/// the sentence is ours and the status is theirs.
/// </summary>
internal sealed class KeyManagementEngine(
    SandboxClock clock,
    IReadOnlyList<IKeyDistributor> clouds,
    KeyManagementData data,
    bool knowsReplicas
)
{
    private const string NamePattern = @"^\w(([\w.-]+)?\w)?$";

    /// <summary>Whether a write to the path is an update; policies tell create from update.</summary>
    public bool Exists(string path) =>
        path.Split('/') switch
        {
            ["key", var name] => data.Keys.ContainsKey(name),
            ["kms", var kms] => data.Providers.ContainsKey(kms),
            ["kms", var kms, "key", var name] => Distribution(kms, name) is not null,
            _ => true,
        };

    public VaultAnswer Answer(VaultOperation operation, string path, VaultFields fields)
    {
        var parts = path.Split('/');
        if (parts.Where((_, i) => i % 2 == 1).Any(name => !Regex.IsMatch(name, NamePattern)))
            throw VaultFault.UnsupportedPath();
        return (parts, operation) switch
        {
            (["key"], VaultOperation.List) => VaultAnswer.Keys(data.Keys.Keys),
            (["key", var name], VaultOperation.Read) => new VaultAnswer(Found(data.Keys, name).Describe(knowsReplicas)),
            (["key", var name], VaultOperation.Write) => WriteKey(name, fields),
            (["key", var name], VaultOperation.Delete) => DeleteKey(name),
            (["key", var name, "rotate"], VaultOperation.Write) => Rotate(name),
            (["key", var name, "kms"], VaultOperation.List) => VaultAnswer.Keys(
                Found(data.Keys, name).Distribution is { } d ? [d.Kms.Name] : []
            ),
            (["kms"], VaultOperation.List) => VaultAnswer.Keys(data.Providers.Keys),
            (["kms", var kms], VaultOperation.Read) => Describe(Found(data.Providers, kms)),
            (["kms", var kms], VaultOperation.Write) => WriteProvider(kms, fields),
            (["kms", var kms], VaultOperation.Delete) => DeleteProvider(kms),
            (["kms", var kms, "key"], VaultOperation.List) => VaultAnswer.Keys(
                data.Keys.Values.Where(k => k.Distribution?.Kms.Name == kms).Select(k => k.Name)
            ),
            (["kms", var kms, "key", var name], VaultOperation.Read) => new VaultAnswer(
                (Distribution(kms, name) ?? throw VaultFault.NotFound()).Describe()
            ),
            (["kms", var kms, "key", var name], VaultOperation.Write) => Distribute(kms, name, fields),
            (["kms", var kms, "key", var name], VaultOperation.Delete) => Remove(kms, name),
            (["kms", var kms, "key", var name, "replicate"], VaultOperation.Write) when knowsReplicas => Replicate(
                kms,
                name
            ),
            (["kms", _, "key", _, "replicate"], _) when knowsReplicas => throw VaultFault.UnsupportedOperation(),
            (
                ["key"]
                    or ["key", _]
                    or ["key", _, "rotate" or "kms"]
                    or ["kms"]
                    or ["kms", _]
                    or ["kms", _, "key"]
                    or ["kms", _, "key", _],
                _
            ) => throw VaultFault.UnsupportedOperation(),
            _ => throw VaultFault.UnsupportedPath(),
        };
    }

    private VaultAnswer WriteKey(string name, VaultFields fields)
    {
        var type = fields.Text("type");
        var (minimum, deletion) = (fields.Number("min_enabled_version"), fields.Flag("deletion_allowed"));
        var replicas = knowsReplicas ? fields.List("replica_regions") : null;
        if (!data.Keys.TryGetValue(name, out var key))
        {
            type ??= "rsa-2048";
            if (!VaultMaterial.Types.Contains(type))
                throw VaultFault.Invalid($"invalid key type \"{type}\"");
            key = new VaultKey(name, type, [.. (replicas ?? []).Distinct()]);
            key.Rotate(clock.UtcNow);
        }
        else if (type is not null && type != key.Type)
            throw VaultFault.Invalid($"type of key \"{name}\" cannot be changed from \"{key.Type}\"");
        else if (replicas is not null && !replicas.OrderBy(r => r).SequenceEqual(key.ReplicaRegions.OrderBy(r => r)))
            throw VaultFault.Invalid($"replica_regions of key \"{name}\" cannot be changed");

        if (minimum is { } version)
            Limit(key, version);
        key.DeletionAllowed = deletion ?? key.DeletionAllowed;
        data.Keys[name] = key;
        return VaultAnswer.Done;
    }

    private void Limit(VaultKey key, int minimum)
    {
        if (minimum < 0 || minimum > key.Latest)
            throw VaultFault.Invalid(
                $"min_enabled_version must be between 0 and the latest version of the key ({key.Latest})"
            );
        minimum = Math.Max(minimum, 1);
        if (key.Distribution is { } distribution)
        {
            foreach (var version in distribution.Versions.Where(v => v.Key < minimum != v.Key < key.MinEnabled))
                InCloud(distribution.Kms, cloud =>
                    cloud.SetEnabled(distribution, version.Value, version.Key >= minimum)
                );
        }

        key.MinEnabled = minimum;
    }

    private VaultAnswer DeleteKey(string name)
    {
        if (!data.Keys.TryGetValue(name, out var key))
            return VaultAnswer.Done;
        if (!key.DeletionAllowed)
            throw VaultFault.Invalid($"deletion is not allowed for key \"{name}\": deletion_allowed is false");
        if (key.Distribution is { } distribution)
            throw VaultFault.Invalid(
                $"key \"{name}\" must be removed from KMS provider \"{distribution.Kms.Name}\" before it can be deleted"
            );
        data.Keys.Remove(name);
        return VaultAnswer.Done;
    }

    /// <summary>The new version is Vault's at once. When the cloud then refuses it, Vault is a version ahead until the next rotation or distribution.</summary>
    private VaultAnswer Rotate(string name)
    {
        var key = data.Keys.TryGetValue(name, out var found)
            ? found
            : throw VaultFault.Invalid($"key \"{name}\" not found");
        key.Rotate(clock.UtcNow);
        if (key.Distribution is { } distribution)
            BringUp(key, distribution);
        return VaultAnswer.Done;
    }

    private static VaultAnswer Describe(KmsProvider kms) =>
        new(new JsonObject { ["key_collection"] = kms.Collection, ["provider"] = kms.Provider });

    private VaultAnswer WriteProvider(string name, VaultFields fields)
    {
        var (provider, collection, credentials) = (
            fields.Text("provider"),
            fields.Text("key_collection"),
            fields.Pairs("credentials")
        );
        if (!data.Providers.TryGetValue(name, out var kms))
        {
            if (string.IsNullOrEmpty(provider))
                throw VaultFault.Invalid("provider is required");
            if (clouds.All(c => c.Provider != provider))
                throw VaultFault.Invalid($"unsupported provider \"{provider}\"");
            if (string.IsNullOrEmpty(collection))
                throw VaultFault.Invalid("key_collection is required");
            data.Providers[name] = kms = new KmsProvider(name, provider!, collection!);
        }
        else if (provider is not null && provider != kms.Provider)
            throw VaultFault.Invalid($"provider of \"{name}\" cannot be changed from \"{kms.Provider}\"");
        else if (collection is not null && collection != kms.Collection)
            throw VaultFault.Invalid($"key_collection of \"{name}\" cannot be changed from \"{kms.Collection}\"");

        kms.Credentials = credentials ?? kms.Credentials;
        return VaultAnswer.Done;
    }

    private VaultAnswer DeleteProvider(string name)
    {
        if (data.Keys.Values.FirstOrDefault(k => k.Distribution?.Kms.Name == name) is { } key)
            throw VaultFault.Invalid(
                $"KMS provider \"{name}\" cannot be deleted: key \"{key.Name}\" is distributed to it"
            );
        data.Providers.Remove(name);
        return VaultAnswer.Done;
    }

    private VaultAnswer Distribute(string kmsName, string name, VaultFields fields)
    {
        var kms = data.Providers.TryGetValue(kmsName, out var provider)
            ? provider
            : throw VaultFault.Invalid($"KMS provider \"{kmsName}\" not found");
        var key = data.Keys.TryGetValue(name, out var found)
            ? found
            : throw VaultFault.Invalid($"key \"{name}\" not found");
        var purpose = fields.List("purpose")?.Distinct().OrderBy(p => p, StringComparer.Ordinal).ToList() ?? [];
        var protection = fields.Text("protection") ?? "hsm";
        if (purpose.Count == 0)
            throw VaultFault.Invalid("purpose is required");
        if (
            purpose.FirstOrDefault(p =>
                p is not ("encrypt" or "decrypt" or "sign" or "verify" or "wrap" or "unwrap")
            ) is
            { } unknown
        )
            throw VaultFault.Invalid($"invalid purpose \"{unknown}\"");
        if (protection is not ("hsm" or "software"))
            throw VaultFault.Invalid($"invalid protection \"{protection}\"");
        if (key.Distribution is { } there)
        {
            if (there.Kms.Name != kmsName)
                throw VaultFault.Invalid($"key \"{name}\" is already distributed to KMS provider \"{there.Kms.Name}\"");
            if (!there.Purpose.SequenceEqual(purpose) || there.Protection != protection)
                throw VaultFault.Invalid(
                    $"purpose and protection of key \"{name}\" cannot be changed after it has been distributed"
                );
            BringUp(key, there);
            return VaultAnswer.Done;
        }

        if (Cloud(kms).Refuse(key.Type, purpose, protection) is { } refusal)
            throw VaultFault.Invalid(refusal);
        data.LastSuffix = Math.Max(clock.UtcNow.ToUnixTimeSeconds(), data.LastSuffix + 1);
        BringUp(key, new KeyDistribution(kms, $"{name}-{data.LastSuffix}", purpose, protection, clock.UtcNow));
        return VaultAnswer.Done;
    }

    /// <summary>Distributes the versions that are not in the cloud yet, oldest first.</summary>
    private void BringUp(VaultKey key, KeyDistribution distribution)
    {
        foreach (var version in key.Versions.Where(v => !distribution.Versions.ContainsKey(v.Key)))
        {
            InCloud(distribution.Kms, cloud =>
            {
                var id = distribution.Versions[version.Key] = cloud.Import(key, distribution, version.Value.Material);
                key.Distribution = distribution;
                if (version.Key < key.MinEnabled)
                    cloud.SetEnabled(distribution, id, enabled: false);
            });
        }
    }

    private VaultAnswer Remove(string kms, string name)
    {
        if (Distribution(kms, name) is not { } distribution)
            return VaultAnswer.Done;
        InCloud(distribution.Kms, cloud => cloud.Remove(data.Keys[name], distribution));
        data.Keys[name].Distribution = null;
        return VaultAnswer.Done;
    }

    private VaultAnswer Replicate(string kms, string name)
    {
        var distribution = Distribution(kms, name)
            ?? throw VaultFault.Invalid($"key \"{name}\" is not distributed to KMS provider \"{kms}\"");
        if (distribution.Kms.Provider != "awskms")
            throw VaultFault.Invalid($"key replication is not supported by provider \"{distribution.Kms.Provider}\"");
        if (data.Keys[name].ReplicaRegions.Count == 0)
            throw VaultFault.Invalid($"key \"{name}\" has no replica_regions");
        InCloud(distribution.Kms, cloud => cloud.Replicate(data.Keys[name], distribution));
        return VaultAnswer.Done;
    }

    private KeyDistribution? Distribution(string kms, string name) =>
        data.Keys.TryGetValue(name, out var key) && key.Distribution is { } distribution && distribution.Kms.Name == kms
            ? distribution
            : null;

    private IKeyDistributor Cloud(KmsProvider kms) => clouds.Single(c => c.Provider == kms.Provider);

    private void InCloud(KmsProvider kms, Action<IKeyDistributor> act)
    {
        try
        {
            act(Cloud(kms));
        }
        catch (CloudRefusal refusal)
        {
            throw VaultFault.ThirdParty(refusal.Message);
        }
    }

    private static T Found<T>(SortedDictionary<string, T> things, string name) =>
        things.TryGetValue(name, out var thing) ? thing : throw VaultFault.NotFound();
}
