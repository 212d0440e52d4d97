using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Writes of Cloud KMS. Whatever has happened already, in a run before or in one whose answer was lost, is success.</summary>
internal sealed class GcpKeyWriter(GcpClients clients, GcpCalls calls, GcpKeyReader reader)
{
    private const string Service = "KMS";
    private const int Rounds = 3;

    public async Task CreateRingAsync(GcpKeyName name)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                await calls.WriteAsync(Service, "keyRings.create", name.RingName, c =>
                    clients.Kms.CreateKeyRingAsync(name.LocationName, name.Ring, c)
                );
                return;
            }
            catch (GcpFault fault) when (fault.Status == "ALREADY_EXISTS")
            {
                return;
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                if (await reader.HasRingAsync(name))
                    return;
                if (round == Rounds)
                    throw;
            }
        }
    }

    /// <summary>Makes a key. One that is there is taken when it is the cluster's own.</summary>
    /// <exception cref="CmekException">KeyNameRetired, KeyNameTaken.</exception>
    public async Task<CryptoKey> CreateKeyAsync(GcpKeyName name, CryptoKey key, CrdbCluster cluster)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return await calls.WriteAsync(Service, "cryptoKeys.create", name.ToString(), c =>
                    clients.Kms.CreateCryptoKeyAsync(name.RingName, name.Id, key, c)
                );
            }
            catch (GcpFault fault) when (fault.Status == "ALREADY_EXISTS")
            {
                // The name is taken, and yet no key has it: it was deleted.
                var holder = await reader.GetAsync(name) ?? throw GcpErrors.KeyNameRetired(name, fault);
                var owner =
                    holder.Labels is { } labels && labels.TryGetValue(GcpNames.ClusterIdLabel, out var id) ? id : null;
                return owner == cluster.Id ? holder : throw GcpErrors.KeyNameTaken(name, owner);
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                calls.Context.Log.Verbose(
                    $"The answer to cryptoKeys.create {name} was lost; looking whether it happened."
                );
                if (await reader.GetAsync(name) is { } made)
                    return made;
                if (round == Rounds)
                    throw;
            }
        }
    }

    /// <summary>Adds bindings to a key's policy, and touches nothing else of it.</summary>
    public Task<bool> GrantAsync(GcpKeyName name, IReadOnlyList<JsonObject> bindings, ServiceAccountEmail account) =>
        new GcpPolicyWriter(calls).ChangeAsync(
            clients.Kms,
            Service,
            name.ToString(),
            policy => bindings.Aggregate(false, (changed, binding) => policy.Add(binding) | changed),
            fault => GcpPolicyWriter.IsUnseen(fault, account.Text)
        );

    public Task RotateEveryAsync(GcpKeyName name, TimeSpan period) =>
        UpdateAsync(
            name,
            new CryptoKey { RotationPeriod = GcpNames.Seconds(period), NextRotationTime = NextRotation(period) },
            "rotationPeriod,nextRotationTime",
            key => GcpNames.Duration(key.RotationPeriod) == period
        );

    public Task LabelAsync(GcpKeyName name, Dictionary<string, string> labels) =>
        UpdateAsync(name, new CryptoKey { Labels = labels }, "labels", key =>
            key.Labels is { } there
            && there.Count == labels.Count
            && labels.All(l => there.TryGetValue(l.Key, out var value) && value == l.Value)
        );

    /// <summary>RFC 3339; without it a rotation period is refused.</summary>
    public string NextRotation(TimeSpan period) =>
        calls
            .Context.Time.GetUtcNow()
            .Add(period)
            .UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private async Task UpdateAsync(GcpKeyName name, CryptoKey change, string mask, Func<CryptoKey, bool> isDone)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                await calls.WriteAsync(Service, $"cryptoKeys.patch {mask}", name.ToString(), c =>
                    clients.Kms.UpdateCryptoKeyAsync(change with { Name = name.ToString() }, mask, c)
                );
                return;
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                if (await reader.GetAsync(name) is { } key && isDone(key))
                    return;
                if (round == Rounds)
                    throw;
            }
        }
    }
}
