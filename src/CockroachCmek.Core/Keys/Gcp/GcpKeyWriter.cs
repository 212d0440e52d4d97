using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Writes to Cloud KMS. What an earlier run has done, or a call whose response was lost, counts as success.
/// </summary>
internal sealed class GcpKeyWriter(GcpClients clients, GcpCalls calls)
{
    private const string Service = "KMS";

    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpPolicies _policies = new(clients, calls);

    /// <summary>Creates a key ring, unless it exists.</summary>
    public Task CreateRingAsync(GcpRingName ring) =>
        calls.SettleAsync(
            $"keyRings.create {ring}",
            () =>
                calls.WriteAsync(Service, "keyRings.create", ring.ToString(), c =>
                    clients.Kms.CreateKeyRingAsync(ring.LocationName, ring.Id, c)
                ),
            () => _reader.FindRingAsync(ring),
            GcpCalls.ReadIfExists
        );

    /// <summary>Creates a key, or returns the cluster's own key of that name.</summary>
    /// <param name="onCreated">Called when this run has created it, and not another one.</param>
    /// <exception cref="CmekException">KeyNameRetired, KeyNameTaken.</exception>
    public async Task<CryptoKey> CreateKeyAsync(
        GcpKeyName name,
        CryptoKey key,
        CrdbCluster cluster,
        Action? onCreated = null
    )
    {
        CryptoKey created;
        try
        {
            created = await calls.SettleAsync(
                $"cryptoKeys.create {name}",
                async () =>
                {
                    var made = await calls.WriteAsync(Service, "cryptoKeys.create", name.ToString(), c =>
                        clients.Kms.CreateCryptoKeyAsync(name.Ring.ToString(), name.Id, key, c)
                    );
                    onCreated?.Invoke();
                    return made;
                },
                () => _reader.FindKeyAsync(name),
                GcpCalls.ReadIfExists
            );
        }
        catch (GcpException error) when (GcpCalls.IsAlreadyExists(error))
        {
            // The name is taken, but no key has it: that key was deleted.
            throw GcpErrors.KeyNameRetired(name, error);
        }

        var owner = GcpLabels.Read(created, GcpLabels.ClusterId);
        return owner == cluster.Id ? created : throw GcpErrors.KeyNameTaken(name, owner);
    }

    /// <summary>Adds bindings to a key's policy, and leaves the rest of it as it is.</summary>
    public Task GrantAsync(GcpKeyName name, IReadOnlyList<JsonObject> bindings, ServiceAccountEmail account) =>
        _policies.ChangeAsync(
            name.ToString(),
            policy => bindings.Aggregate(false, (isChanged, binding) => policy.Add(binding) | isChanged),
            error => GcpPolicies.IsUnknownMember(error, account.Text)
        );

    /// <summary>Lets Google Cloud rotate the key by itself.</summary>
    public Task SetRotationPeriodAsync(GcpKeyName name, TimeSpan period) =>
        UpdateAsync(
            name,
            new CryptoKey
            {
                RotationPeriod = GcpDuration.Format(period),
                NextRotationTime = GcpDuration.FormatTime(calls.Context.Time.GetUtcNow() + period),
            },
            "rotationPeriod,nextRotationTime",
            key => GcpDuration.Parse(key.RotationPeriod) == period
        );

    /// <summary>Replaces all labels of a key.</summary>
    public Task SetLabelsAsync(GcpKeyName name, Dictionary<string, string> labels) =>
        UpdateAsync(name, new CryptoKey { Labels = labels }, "labels", key =>
            key.Labels?.Count == labels.Count && labels.All(l => GcpLabels.Read(key, l.Key) == l.Value)
        );

    private Task UpdateAsync(GcpKeyName name, CryptoKey change, string mask, Func<CryptoKey, bool> isDone) =>
        calls.SettleAsync(
            $"cryptoKeys.patch {name}",
            () =>
                calls.WriteAsync(Service, $"cryptoKeys.patch {mask}", name.ToString(), c =>
                    clients.Kms.UpdateCryptoKeyAsync(change with { Name = name.ToString() }, mask, c)
                ),
            async () => await _reader.FindKeyAsync(name) is { } key && isDone(key) ? key : null
        );
}
