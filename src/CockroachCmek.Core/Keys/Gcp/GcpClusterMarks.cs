using System.Text.RegularExpressions;
using CockroachCmek.Core.Access;

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

    /// <summary>Reads the labels of the key, and name and description of the account.</summary>
    public async Task<ClusterMarks> ReadAsync(CmekRegionSpec spec)
    {
        var name = GcpKeyName.Parse(spec.KeyUri);
        var account = ServiceAccountEmail.Parse(spec.AuthPrincipal);
        var ofKey = new GcpKeyReader(clients, calls).FindIfAllowedAsync(name);
        var unread = new List<UnreadPlace>();
        var shown = await FindAccountAsync(account, unread);
        var (_, key) = await ofKey;
        if (key is null)
            unread.Add(
                new(
                    $"the labels of {name}",
                    "cloudkms.cryptoKeys.get",
                    $"gcloud kms keys describe {name.ToGcloudOptions()}"
                )
            );
        ClusterMark?[] marks =
        [
            ClusterMark.OfName(account.Name),
            ClusterMark.Of(key?.Labels, GcpLabels.ClusterId, GcpLabels.ClusterName),
            ClusterId.Match(shown?.Description ?? "") is { Success: true } match
                ? new ClusterMark(match.Value, "")
                : null,
        ];
        ClusterMark[] found = [.. marks.OfType<ClusterMark>()];
        return new ClusterMarks(found, unread, found.Length > 0 || key is not null || shown is not null);
    }

    /// <summary>An account that does not exist has no mark.</summary>
    private async Task<ServiceAccount?> FindAccountAsync(ServiceAccountEmail account, List<UnreadPlace> unread)
    {
        try
        {
            return await calls.FindAsync("IAM", "serviceAccounts.get", account.Text, c =>
                clients.Iam.GetServiceAccountAsync(account.Resource, c)
            );
        }
        catch (GcpException error) when (error.Code == 403)
        {
            unread.Add(
                new(
                    $"the description of {account}",
                    "iam.serviceAccounts.get",
                    $"gcloud iam service-accounts describe {ShellQuote.PowerShell(account.Text)}"
                )
            );
            return null;
        }
    }
}
