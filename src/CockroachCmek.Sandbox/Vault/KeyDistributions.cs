namespace CockroachCmek.Sandbox.Vault;

/// <summary>The distributions of a mount's keys to the KMS of clouds.</summary>
internal sealed class KeyDistributions(
    SandboxClock clock,
    IReadOnlyList<IKeyDistributor> clouds,
    KeyManagementData data
)
{
    private static readonly string[] Purposes = ["encrypt", "decrypt", "sign", "verify", "wrap", "unwrap"];

    public KeyDistribution? Find(string kms, string name) =>
        data.Keys.TryGetValue(name, out var key) && key.Distribution is { } distribution && distribution.Kms.Name == kms
            ? distribution
            : null;

    /// <summary>Distributes a key. A key that is distributed already gets its missing versions.</summary>
    public VaultResponse Add(string kmsName, string name, VaultFields fields)
    {
        var kms = data.Providers.TryGetValue(kmsName, out var provider)
            ? provider
            : throw VaultException.Invalid($"KMS provider \"{kmsName}\" not found");
        var key = data.FindKey(name);
        var purpose = ReadPurpose(fields);
        var protection = fields.Text("protection") ?? "hsm";
        if (protection is not ("hsm" or "software"))
            throw VaultException.Invalid($"invalid protection \"{protection}\"");
        if (key.Distribution is { } existing)
        {
            if (existing.Kms.Name != kmsName)
                throw VaultException.Invalid(
                    $"key \"{name}\" is already distributed to KMS provider \"{existing.Kms.Name}\""
                );
            if (!existing.Purpose.SequenceEqual(purpose) || existing.Protection != protection)
                throw VaultException.Invalid(
                    $"purpose and protection of key \"{name}\" cannot be changed after it has been distributed"
                );
            DistributeMissing(key, existing);
            return VaultResponse.Done;
        }

        if (Cloud(kms).WhyUnsupported(key.Type, purpose, protection) is { } reason)
            throw VaultException.Invalid(reason);
        data.LastSuffix = Math.Max(clock.UtcNow.ToUnixTimeSeconds(), data.LastSuffix + 1);
        var cloudName = $"{name}-{data.LastSuffix}";
        DistributeMissing(key, new KeyDistribution(kms, cloudName, purpose, protection, clock.UtcNow));
        return VaultResponse.Done;
    }

    /// <summary>Distributes the versions that are not in the cloud yet, oldest first.</summary>
    public void DistributeMissing(VaultKey key, KeyDistribution distribution)
    {
        foreach (var version in key.Versions.Where(v => !distribution.Versions.ContainsKey(v.Key)))
        {
            CallCloud(distribution.Kms, cloud =>
            {
                var id = distribution.Versions[version.Key] = cloud.Import(key, distribution, version.Value.Material);
                key.Distribution = distribution;
                if (version.Key < key.MinEnabled)
                    cloud.SetEnabled(distribution, id, enabled: false);
            });
        }
    }

    /// <summary>Sets min_enabled_version, which disables older versions in the cloud and enables newer ones.</summary>
    public void SetMinimum(VaultKey key, int minimum)
    {
        if (minimum < 0 || minimum > key.Latest)
            throw VaultException.Invalid(
                $"min_enabled_version must be between 0 and the latest version of the key ({key.Latest})"
            );
        minimum = Math.Max(minimum, 1);
        if (key.Distribution is { } distribution)
            foreach (var version in distribution.Versions.Where(v => v.Key < minimum != v.Key < key.MinEnabled))
                CallCloud(distribution.Kms, cloud =>
                    cloud.SetEnabled(distribution, version.Value, version.Key >= minimum)
                );
        key.MinEnabled = minimum;
    }

    public VaultResponse Remove(string kms, string name)
    {
        if (Find(kms, name) is not { } distribution)
            return VaultResponse.Done;
        CallCloud(distribution.Kms, cloud => cloud.Remove(data.Keys[name], distribution));
        data.Keys[name].Distribution = null;
        return VaultResponse.Done;
    }

    public VaultResponse Replicate(string kms, string name)
    {
        var distribution = Find(kms, name)
            ?? throw VaultException.Invalid($"key \"{name}\" is not distributed to KMS provider \"{kms}\"");
        if (distribution.Kms.Provider != "awskms")
            throw VaultException.Invalid(
                $"key replication is not supported by provider \"{distribution.Kms.Provider}\""
            );
        if (data.Keys[name].ReplicaRegions.Count == 0)
            throw VaultException.Invalid($"key \"{name}\" has no replica_regions");
        CallCloud(distribution.Kms, cloud => cloud.Replicate(data.Keys[name], distribution));
        return VaultResponse.Done;
    }

    private static List<string> ReadPurpose(VaultFields fields)
    {
        var purpose = fields.List("purpose")?.Distinct().OrderBy(p => p, StringComparer.Ordinal).ToList() ?? [];
        if (purpose.Count == 0)
            throw VaultException.Invalid("purpose is required");
        return purpose.FirstOrDefault(p => !Purposes.Contains(p)) is { } unknown
            ? throw VaultException.Invalid($"invalid purpose \"{unknown}\"")
            : purpose;
    }

    private IKeyDistributor Cloud(KmsProvider kms) => clouds.Single(c => c.Provider == kms.Provider);

    private void CallCloud(KmsProvider kms, Action<IKeyDistributor> work)
    {
        try
        {
            work(Cloud(kms));
        }
        catch (CloudRefusedException refusal)
        {
            throw VaultException.RefusedByCloud(refusal.Message);
        }
    }
}
