using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// The clusters that a key and its service account are marked for: by the key's labels, and by the description and the
/// name of the account, which has no labels.
/// </summary>
internal sealed class GcpClusterMarks(GcpClients clients, GcpCalls calls)
{
    private static readonly Regex ClusterId = new(
        @"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b",
        RegexOptions.CultureInvariant
    );

    /// <returns>Null when neither the key nor the account could be read.</returns>
    public async Task<IReadOnlyList<ClusterMark>?> ReadAsync(CmekRegionSpec spec)
    {
        var account = ServiceAccountEmail.Parse(spec.AuthPrincipal);
        var ofKey = new GcpKeyReader(clients, calls).FindIfAllowedAsync(GcpKeyName.Parse(spec.KeyUri));
        var shown = await FindAccountAsync(account);
        var (_, key) = await ofKey;
        ClusterMark?[] marks =
        [
            ClusterMark.OfName(account.Name),
            ClusterMark.Of(key?.Labels, GcpLabels.ClusterId, GcpLabels.ClusterName),
            ClusterId.Match(shown?.Description ?? "") is { Success: true } match
                ? new ClusterMark(match.Value, "")
                : null,
        ];
        ClusterMark[] found = [.. marks.OfType<ClusterMark>()];
        return found.Length == 0 && key is null && shown is null ? null : found;
    }

    private async Task<ServiceAccount?> FindAccountAsync(ServiceAccountEmail account)
    {
        try
        {
            return await calls.FindAsync("IAM", "serviceAccounts.get", account.Text, c =>
                clients.Iam.GetServiceAccountAsync(account.Resource, c)
            );
        }
        catch (GcpException error) when (error.Code == 403)
        {
            return null;
        }
    }
}
