using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>
/// Reads who may use a key and who may act as the service account: the policies of the resource and of everything
/// above it, roles, deny policies, and Policy Troubleshooter where these do not decide.
/// </summary>
internal sealed class GcpAccessReader(GcpClients clients, GcpCalls calls, SharedReads? shared = null)
{
    private const string KeyPermission = "cloudkms.cryptoKeys.getIamPolicy";
    private const string RingPermission = "cloudkms.keyRings.getIamPolicy";
    private const string AccountPermission = "iam.serviceAccounts.getIamPolicy";

    private readonly GcpPolicies _policies = new(clients, calls);
    private readonly GcpHierarchy _hierarchy = new(clients, calls, shared ?? new SharedReads());
    private readonly GcpTroubleshooting _troubleshooting = new(clients, calls);

    private DateTimeOffset Now => calls.Context.Time.GetUtcNow();

    /// <summary>The access of an account to a key.</summary>
    /// <exception cref="CmekException">KeyNotFound.</exception>
    public async Task<GcpReading> ReadKeyAsync(GcpKeyName name, ServiceAccountEmail account)
    {
        var reading = GcpReading.OfKey(name, account, await ReadScopeAsync(name), Now);
        return await DecideAsync(reading, $"//cloudkms.googleapis.com/{name}");
    }

    /// <summary>The same by the policies of the key and its ring alone.</summary>
    /// <param name="name">The key.</param>
    /// <param name="account">The account.</param>
    /// <param name="key">The key's policy.</param>
    /// <param name="ring">The ring's policy; null when it is not needed or could not be read.</param>
    public async Task<GcpReading> ReadOwnAsync(
        GcpKeyName name,
        ServiceAccountEmail account,
        IamPolicy key,
        IamPolicy? ring
    )
    {
        List<GcpPlace> places = [KeyPlace(name, new(key, KeyPermission))];
        if (ring is not null)
            places.Add(RingPlace(name.Ring, new(ring, RingPermission)));
        var scope = new GcpScope(places, [], [], await _hierarchy.ReadRolesAsync(places));
        return GcpReading.OfKey(name, account, scope, Now);
    }

    /// <summary>Whether CockroachDB Cloud may act as an account, and who else may.</summary>
    public async Task<GcpReading> ReadTrustAsync(CrdbCluster cluster, ServiceAccountEmail account)
    {
        var above = _hierarchy.ReadAsync(account.Project);
        var policy = await _hierarchy.TryAsync($"The IAM policy of {account}", AccountPermission, () =>
            _policies.ReadAsync(account.Resource)
        );
        var (higher, denies, unknown) = await above;
        List<GcpPlace> places = [AccountPlace(account, policy), .. higher];
        var scope = new GcpScope(places, denies, Listed(unknown), await _hierarchy.ReadRolesAsync(places));
        var reading = GcpReading.OfTrust(account, GcpNames.ClusterAccount(cluster), scope, Now);
        return await DecideAsync(reading, $"//iam.googleapis.com/{account.Resource}");
    }

    /// <summary>The same by the account's own policy alone, which is what a write of that policy can change.</summary>
    public async Task<GcpReading> ReadOwnTrustAsync(CrdbCluster cluster, ServiceAccountEmail account, IamPolicy policy)
    {
        List<GcpPlace> places = [AccountPlace(account, new(policy, AccountPermission))];
        var scope = new GcpScope(places, [], [], await _hierarchy.ReadRolesAsync(places));
        return GcpReading.OfTrust(account, GcpNames.ClusterAccount(cluster), scope, Now);
    }

    /// <summary>The policies that decide about a key.</summary>
    /// <exception cref="CmekException">KeyNotFound.</exception>
    public async Task<GcpScope> ReadScopeAsync(GcpKeyName name)
    {
        var above = _hierarchy.ReadAsync(name.Project);
        var ring = _hierarchy.TryAsync($"The IAM policy of {name.Ring}", RingPermission, () =>
            _policies.ReadAsync(name.Ring.ToString())
        );
        var key = _hierarchy.TryAsync($"The IAM policy of {name}", KeyPermission, () => ReadKeyPolicyAsync(name));
        await Task.WhenAll(above, ring, key);
        var (places, denies, unknown) = await above;
        List<GcpPlace> all = [KeyPlace(name, await key), RingPlace(name.Ring, await ring), .. places];
        return new GcpScope(all, denies, Listed(unknown), await _hierarchy.ReadRolesAsync(all));
    }

    /// <summary>gcloud's commands for the policy of a key.</summary>
    public static GcpPlaceCommand CommandOf(GcpKeyName name) => new("kms keys", name.ToGcloudOptions(""));

    private static GcpPlace KeyPlace(GcpKeyName name, GcpRead<IamPolicy> policy) =>
        new(GcpLevel.Resource, "the key", CommandOf(name), policy.Value) { Permission = policy.Needs };

    private static GcpPlace RingPlace(GcpRingName ring, GcpRead<IamPolicy> policy) =>
        new(
            GcpLevel.KeyRing,
            $"key ring {ring.Id}",
            new GcpPlaceCommand("kms keyrings", ring.ToGcloudOptions()),
            policy.Value
        )
        {
            Permission = policy.Needs,
        };

    private async Task<IamPolicy> ReadKeyPolicyAsync(GcpKeyName name)
    {
        try
        {
            return await _policies.ReadAsync(name.ToString());
        }
        catch (GcpException error) when (error.Code == 404)
        {
            throw GcpErrors.KeyNotFound(name);
        }
    }

    private async Task<GcpReading> DecideAsync(GcpReading reading, string resource) =>
        reading.Access.Verdict == CmekAccessVerdict.Unknown
            ? reading with
            {
                Access = await _troubleshooting.DecideAsync(reading.Access, reading.Account, resource, reading.Needed),
            }
            : reading;

    private static GcpPlace AccountPlace(ServiceAccountEmail account, GcpRead<IamPolicy> policy) =>
        new(
            GcpLevel.Resource,
            $"service account {account}",
            new GcpPlaceCommand(
                "iam service-accounts",
                $"{ShellQuote.PowerShell(account.Text)} --project {ShellQuote.PowerShell(account.Project)}"
            ),
            policy.Value
        )
        {
            Permission = policy.Needs,
        };

    private static IReadOnlyList<UnreadPlace> Listed(UnreadPlace? unread) => unread is null ? [] : [unread];
}
