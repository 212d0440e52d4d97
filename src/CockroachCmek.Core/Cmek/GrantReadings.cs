using System.Collections.Concurrent;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// Whether identities may use keys, in short. Versions of a key share its grants, so each key is read once for an
/// identity.
/// </summary>
internal sealed class GrantReadings(CrdbCluster cluster, ICmekKeyProvider keys, OperationContext context)
{
    private readonly ConcurrentDictionary<(string Key, string Principal), Lazy<Task<CmekAccessVerdict>>> _read = new();

    /// <summary>The verdict; Unknown where it could not be read, with a line in the verbose text.</summary>
    public Task<CmekAccessVerdict> ReadAsync(CmekRegionSpec spec) =>
        _read.GetOrAdd((ResourceOf(spec.KeyUri), spec.AuthPrincipal), _ => new(() => AskAsync(spec))).Value;

    /// <summary>The URI of a key without its version.</summary>
    public string ResourceOf(string keyUri) => (keys.Cloud.ParseKeyUri(keyUri)?.Resource ?? keyUri).ToLowerInvariant();

    private async Task<CmekAccessVerdict> AskAsync(CmekRegionSpec spec)
    {
        var (access, unread) = await KeyListing.TryAsync(() =>
            keys.ReadAccessAsync(new KeyAccessRequest { Cluster = cluster, Spec = spec }, context)
        );
        if (unread is not null)
            context.Host.Verbose($"The grants of {spec.KeyUri} could not be read. {unread.Message}");
        return access?.Verdict ?? CmekAccessVerdict.Unknown;
    }
}
