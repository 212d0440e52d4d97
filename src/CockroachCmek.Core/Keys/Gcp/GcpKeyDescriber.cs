namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Reads a key as Cloud KMS shows it.</summary>
internal sealed class GcpKeyDescriber(GcpClients clients, GcpCalls calls)
{
    public async Task<KeyDescription> ReadAsync(string keyUri)
    {
        if (GcpKeyName.TryParse(keyUri) is not { } name)
            return KeyDescription.Unread;
        var (missing, unread) = (Named(KeyDescription.Missing), Named(KeyDescription.Unread));
        try
        {
            return await new GcpKeyReader(clients, calls).FindKeyAsync(name) is { } key
                ? GcpModels.Describe(name, key)
                : missing;
        }
        catch (GcpException error) when (error.Code == 403)
        {
            calls.Context.Host.Verbose($"{keyUri} cannot be read. {error.Message}");
            return unread;
        }

        KeyDescription Named(KeyDescription known) => known with { Name = name.Id, Location = name.Location };
    }
}
