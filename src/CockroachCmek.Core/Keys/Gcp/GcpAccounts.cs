namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Looks at service accounts, those that were made moments ago included, and at who may act as them.</summary>
internal sealed class GcpAccounts(GcpClients clients, GcpCalls calls)
{
    private readonly GcpPolicyWriter _policies = new(calls);

    /// <summary>The account, or null. After a creation that may have happened it is not seen at once: 404, and 403 too (magic-modules issue 14447).</summary>
    public async Task<ServiceAccount?> FindAsync(ServiceAccountEmail account, bool patient)
    {
        try
        {
            return patient
                ? await calls.RetryUntilPropagatedAsync(
                    () => GetAsync(account),
                    f => f is GcpFault { Code: 403 or 404 },
                    TimeSpan.FromSeconds(30),
                    GcpPolicyWriter.Pause
                )
                : await GetAsync(account);
        }
        catch (GcpFault fault) when (fault.Code == 404)
        {
            return null;
        }
    }

    /// <summary>A new account is there once three looks in a row find it: the first may meet a replica that has it, and the next one that has not.</summary>
    public Task SeenAsync(ServiceAccountEmail account) =>
        calls.PollUntilAsync(
            async () =>
            {
                try
                {
                    for (var look = 1; look <= 3; look++)
                    {
                        if (look > 1)
                            await calls.Context.Time.Delay(TimeSpan.FromSeconds(2), calls.Context.CancellationToken);
                        await GetAsync(account);
                    }

                    return true;
                }
                catch (GcpFault fault) when (fault.Code is 400 or 403 or 404)
                {
                    return false;
                }
            },
            GcpPolicyWriter.Propagation,
            TimeSpan.FromSeconds(2),
            () => GcpErrors.ServiceAccountNotSeen(account.Text)
        );

    /// <summary>Makes sure that an account can be used, before anything is written for it. Who may not look goes on where it is said so: the binding tells.</summary>
    /// <exception cref="CmekException">ServiceAccountNotFound, ServiceAccountDisabled.</exception>
    public async Task RequireAsync(CrdbCluster cluster, ServiceAccountEmail account, bool mayBeUnreadable)
    {
        try
        {
            var found = await FindAsync(account, patient: false)
                ?? throw GcpErrors.ServiceAccountNotFound(account.Text, cluster.Name);
            if (found.Disabled == true)
                throw GcpErrors.ServiceAccountDisabled(account.Text);
        }
        catch (GcpFault fault) when (fault.Code == 403 && mayBeUnreadable)
        {
            calls.Context.Log.Verbose($"Whether the service account {account} exists may not be read.");
        }
    }

    /// <summary>Who may act as the account.</summary>
    public Task<IamPolicy> PolicyAsync(ServiceAccountEmail account, bool patient) =>
        patient
            ? calls.RetryUntilPropagatedAsync(
                () => PolicyAsync(account, patient: false),
                f => f is GcpFault { Code: 403 or 404 },
                GcpPolicyWriter.Propagation,
                GcpPolicyWriter.Pause
            )
            : _policies.ReadAsync(clients.Iam, "IAM", account.Resource);

    /// <summary>What keeps CockroachDB Cloud from acting as the account, in words; empty when nothing does.</summary>
    public static IReadOnlyList<string> Missing(CrdbCluster cluster, IamPolicy policy, DateTimeOffset now)
    {
        var user = GcpNames.KmsUser(cluster);
        return policy.Grants(GcpNames.TrustRole, $"serviceAccount:{user}", now) switch
        {
            Granted.Yes => [],
            Granted.Conditionally =>
            [
                $"it lets {user} act as it only under a condition ({string.Join(", ", policy.ConditionsOf($"serviceAccount:{user}"))})",
            ],
            _ => [$"it does not let {user} act as it ({GcpNames.TrustRole})"],
        };
    }

    /// <summary>Who else may make tokens for the account, and so use the key as CockroachDB does.</summary>
    public static IReadOnlyList<string> Others(CrdbCluster cluster, IamPolicy policy) =>
        [
            .. policy
                .MembersOf(GcpNames.TrustRole)
                .Where(m =>
                    m != $"serviceAccount:{GcpNames.KmsUser(cluster)}"
                    && !m.StartsWith("deleted:", StringComparison.Ordinal)
                ),
        ];

    private Task<ServiceAccount> GetAsync(ServiceAccountEmail account) =>
        calls.ReadAsync("IAM", "serviceAccounts.get", account.Text, c =>
            clients.Iam.GetServiceAccountAsync(account.Resource, c)
        );
}
