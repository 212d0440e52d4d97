using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Who may use a region's key: the verdict on the cluster's application, and the review of everybody.
/// </summary>
internal sealed class AzureAccessQuestions(AzureClients clients, AzureCalls calls, KeyAccessRequest request)
{
    private readonly AzureAccessReader _reader = new(clients, calls);

    /// <summary>What the application may do, and what stands in the way of the use or of a change.</summary>
    public async Task<KeyAccess> ReadAsync()
    {
        var (keyVault, key, application, unread) = await FindAsync();
        var reading = await _reader.ReadAsync(keyVault, key.Name, IdOf(application));
        var access = AzureAccessEvaluator.Evaluate(reading, AzureNames.Application(request.Cluster)).Answer;
        var (locks, unreadLocks) = await new AzureLocks(clients, calls).ReadAsync(keyVault.Id);
        access = access with
        {
            // A deleted key is asked for only where somebody may still use it.
            IsUnusable =
                (access.Verdict == CmekAccessVerdict.Granted || access.OpenUse.Count > 0)
                && await new AzureKeyReader(clients, calls).FindDeletedAsync(key.WithoutVersion) is not null,
            Obstacles =
            [
                .. access.Obstacles,
                .. application?.AccountEnabled == false
                    ? ["signing in as the application is disabled"]
                    : Array.Empty<string>(),
                .. locks.Select(AzureErrors.Describe),
                .. unreadLocks.Select(u => $"{u} could not be read"),
            ],
        };
        return unread is null
            ? access
            : access with
            {
                Verdict = CmekAccessVerdict.Unknown,
                Missing = [],
                // What seems to be somebody else's may be the application's.
                Wider = [],
                Unread = [unread, .. access.Unread],
            };
    }

    /// <summary>Everybody who has a right on the key.</summary>
    public async Task<IReadOnlyList<CmekAccess>> ReviewAsync()
    {
        var (keyVault, key, application, unread) = await FindAsync();
        var reading = await _reader.ReadAsync(keyVault, key.Name, IdOf(application), ofEverybody: true);
        return AzureAccessReview.Lines(reading, unread);
    }

    private async Task<(
        AzureKeyVault KeyVault,
        AzureKeyId Key,
        ServicePrincipal? Application,
        UnreadPlace? Unread
    )> FindAsync()
    {
        var key = AzureKeyId.Parse(request.Spec.KeyUri, clients.Cloud);
        var keyVault = await new AzureKeyVaults(clients, calls).FindAsync(key, request.Spec.AuthPrincipal);
        var owner = ChangeOwner.Of(request.Cluster, []);
        // A record or a manifest names the cluster's id alone, by which Cockroach Labs names the application.
        var isNamed = owner.ApplicationId is null && request.Cluster.Plan.Length == 0 && owner.Id.Length > 0;
        var shown = isNamed ? AzureNames.Application(owner.Id) : AzureApplications.ApplicationId(request.Cluster);
        try
        {
            var application = await new AzureApplications(clients, calls).FindAsync(owner);
            // It may have been accepted under another name.
            return (keyVault, key, application, application is null && isNamed ? AzureUnread.Application(shown) : null);
        }
        catch (AzureException error) when (error.Status == 403)
        {
            return (keyVault, key, null, AzureUnread.Application(shown));
        }
    }

    /// <summary>An application that is not in the tenant has no access.</summary>
    private static string IdOf(ServicePrincipal? application) => application?.Id ?? Guid.Empty.ToString("D");
}
