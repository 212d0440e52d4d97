namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Two runs may create a version of a key at the same moment; a key that is created twice has two versions as well.
/// Each run looks again after it has created its version. The older one counts; the run that created the other disables
/// it, as versions cannot be deleted.
/// </summary>
internal sealed class AzureRivals(AzureClients clients, AzureCalls calls)
{
    private readonly AzureKeyReader _reader = new(clients, calls);

    /// <summary>The version that counts.</summary>
    /// <param name="before">The versions that were there when this run found none to use.</param>
    /// <param name="own">The version that this run has just created.</param>
    public async Task<AzureKeyId> FindOldestAsync(AzureKeyId own, IReadOnlyCollection<string> before)
    {
        // Key Vault tells the age in seconds: the version decides within one.
        var oldest = (await _reader.ListVersionsAsync(own.WithoutVersion))
            .Where(v => v.Attributes.Enabled && !before.Contains(v.Id.Version!))
            .OrderBy(v => v.Attributes.Created ?? 0)
            .ThenBy(v => v.Id.Version, StringComparer.Ordinal)
            .FirstOrDefault();
        if (oldest is null || oldest.Id.Version == own.Version)
            return own;
        await calls.Context.Created.TakeBackAsync(
            Created(own),
            $"another run created version {oldest.Id.Version} at the same moment",
            calls.Context.Host
        );
        return oldest.Id;
    }

    /// <summary>Notes a version that this run has created, so that it can be taken back.</summary>
    public void Note(AzureKeyId version) => calls.Context.Created.Add(Created(version));

    private CreatedKey Created(AzureKeyId version) =>
        new(
            version.ToString(),
            uri => string.Equals(uri, version.ToString(), StringComparison.OrdinalIgnoreCase),
            () => DisableAsync(version),
            "It is disabled now",
            $"az keyvault key set-attributes --id {version} --enabled false"
        );

    private async Task DisableAsync(AzureKeyId version)
    {
        try
        {
            await new AzureKeyWriter(clients, calls, _reader).EnableAsync(version, enabled: false);
        }
        catch (Exception error) when (AzureCalls.Translate(error, version.ToString()) is { } translated)
        {
            throw translated;
        }
    }
}
