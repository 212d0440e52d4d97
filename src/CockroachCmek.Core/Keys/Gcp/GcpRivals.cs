namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Two runs may create a version of a key at the same moment. Each looks again after it has created its version. The
/// older one counts; the run that created the other disables it, as versions cannot be deleted at once.
/// </summary>
internal sealed class GcpRivals(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);

    /// <summary>The version that counts.</summary>
    /// <param name="before">The versions that were there when this run found none to use.</param>
    /// <param name="own">The version that this run has just created.</param>
    public async Task<CryptoKeyVersion> FindOldestAsync(
        GcpKeyName key,
        IReadOnlyList<CryptoKeyVersion> before,
        CryptoKeyVersion own
    )
    {
        var oldest = (await _reader.ListVersionsAsync(key))
            .Where(v => v.State is "ENABLED" or "PENDING_GENERATION" && before.All(b => b.Name != v.Name))
            .OrderBy(v => NumberOf(v))
            .FirstOrDefault();
        if (oldest is null || oldest.Name == own.Name)
            return own;
        var reason = $"another run created version {oldest.Id} at the same moment";
        await calls.Context.Created.TakeBackAsync(Created(key, own.Id, _ => false), reason, calls.Context.Host);
        return oldest;
    }

    /// <summary>Notes a key that this run has created, so that it can be taken back.</summary>
    public void Note(GcpKeyName key) => calls.Context.Created.Add(Created(key, "1", uri => uri == key.ToString()));

    private CreatedKey Created(GcpKeyName key, string version, Func<string, bool> isUsed) =>
        new(
            $"Version {version} of {key}",
            isUsed,
            () => DisableAsync(key, $"{key}/cryptoKeyVersions/{version}"),
            "It is disabled now",
            $"gcloud kms keys versions disable {version} --key {key.Id} --keyring {key.Ring.Id} --location {key.Ring.Location} --project {key.Ring.Project}"
        );

    private async Task DisableAsync(GcpKeyName key, string version)
    {
        try
        {
            await calls.SettleAsync(
                $"cryptoKeyVersions.patch {version}",
                () =>
                    calls.WriteAsync("KMS", "cryptoKeyVersions.patch DISABLED", version, c =>
                        clients.Kms.UpdateCryptoKeyVersionStateAsync(version, "DISABLED", c)
                    ),
                async () =>
                    (await _reader.ListVersionsAsync(key)).FirstOrDefault(v =>
                        v.Name == version && v.State == "DISABLED"
                    )
            );
        }
        catch (Exception error) when (calls.Translate(error, version) is { } translated)
        {
            throw translated;
        }
    }

    private static int NumberOf(CryptoKeyVersion version) =>
        int.TryParse(version.Id, out var number) ? number : int.MaxValue;
}
