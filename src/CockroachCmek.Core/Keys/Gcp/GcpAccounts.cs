using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Reads service accounts, those created moments ago included, and who may act as them.</summary>
internal sealed class GcpAccounts(GcpClients clients, GcpCalls calls)
{
    private readonly GcpPolicies _policies = new(clients, calls);

    /// <summary>The account; null without one.</summary>
    /// <param name="account">The account's address.</param>
    /// <param name="mayBeNew">
    /// True when the account may have been created moments ago: until it is known everywhere Google Cloud returns 404,
    /// or 403 (magic-modules issue 14447).
    /// </param>
    public async Task<ServiceAccount?> FindAsync(ServiceAccountEmail account, bool mayBeNew = false)
    {
        try
        {
            return mayBeNew
                ? await calls.RetryUntilPropagatedAsync(
                    () => GetAsync(account),
                    e => e is GcpException { Code: 403 or 404 },
                    TimeSpan.FromSeconds(30),
                    GcpPolicies.Pause
                )
                : await GetAsync(account);
        }
        catch (GcpException error) when (error.Code == 404)
        {
            return null;
        }
    }

    /// <summary>
    /// Waits until three reads in a row find a new account: the first may meet a replica that has it, the next one
    /// that has not.
    /// </summary>
    /// <exception cref="CmekException">ServiceAccountNotSeen.</exception>
    public Task WaitUntilKnownAsync(ServiceAccountEmail account)
    {
        var pause = TimeSpan.FromSeconds(2);
        return calls.PollUntilAsync(
            async () =>
            {
                try
                {
                    await GetAsync(account);
                    for (var again = 0; again < 2; again++)
                    {
                        await calls.Context.Time.Delay(pause, calls.Context.CancellationToken);
                        await GetAsync(account);
                    }

                    return true;
                }
                catch (GcpException error) when (error.Code is 400 or 403 or 404)
                {
                    return false;
                }
            },
            GcpPolicies.Propagation,
            pause,
            () => GcpErrors.ServiceAccountNotSeen(account.Text)
        );
    }

    /// <summary>Ensures that an account can be used, before anything is written for it.</summary>
    /// <exception cref="CmekException">ServiceAccountNotFound, ServiceAccountDisabled.</exception>
    public async Task RequireUsableAsync(CrdbCluster cluster, ServiceAccountEmail account)
    {
        try
        {
            ThrowUnlessUsable(cluster, account, await FindAsync(account));
        }
        catch (GcpException error) when (error.Code == 403)
        {
            // The binding will be refused if there is no such account.
            calls.Context.Host.Verbose($"The credentials are not allowed to read the service account {account}.");
        }
    }

    /// <exception cref="CmekException">ServiceAccountNotFound, ServiceAccountDisabled.</exception>
    public static void ThrowUnlessUsable(CrdbCluster cluster, ServiceAccountEmail account, ServiceAccount? found)
    {
        if (found is null)
            throw GcpErrors.ServiceAccountNotFound(account.Text, cluster.Name);
        if (found.Disabled == true)
            throw GcpErrors.ServiceAccountDisabled(account.Text);
    }

    /// <summary>The policy that says who may act as the account.</summary>
    public Task<IamPolicy> ReadPolicyAsync(ServiceAccountEmail account, bool mayBeNew = false) =>
        mayBeNew
            ? calls.RetryUntilPropagatedAsync(
                () => _policies.ReadAsync(account.Resource),
                e => e is GcpException { Code: 403 or 404 },
                GcpPolicies.Propagation,
                GcpPolicies.Pause
            )
            : _policies.ReadAsync(account.Resource);

    /// <summary>
    /// Why CockroachDB Cloud surely cannot act as the account, as a part of a sentence; null when it may.
    /// </summary>
    public static string? TrustProblem(CrdbCluster cluster, KeyAccess trust)
    {
        var trusted = GcpNames.ClusterAccount(cluster);
        return trust.Verdict switch
        {
            CmekAccessVerdict.Denied => $"{string.Join("; ", trust.Denials)}, so {trusted} cannot act as it",
            CmekAccessVerdict.NotGranted => $"it does not let {trusted} act as it ({GcpNames.TrustRole})",
            _ => null,
        };
    }

    private Task<ServiceAccount> GetAsync(ServiceAccountEmail account) =>
        calls.ReadAsync("IAM", "serviceAccounts.get", account.Text, c =>
            clients.Iam.GetServiceAccountAsync(account.Resource, c)
        );
}
