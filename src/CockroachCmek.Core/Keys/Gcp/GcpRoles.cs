using System.Text.RegularExpressions;
using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// The service account through which CockroachDB Cloud uses the keys. The documentation calls it "cross-tenant"; it is
/// an ordinary one, with a binding that lets the cluster's account at Cockroach Labs create tokens for it. It is never
/// created twice, and changed only on request.
/// </summary>
internal sealed class GcpRoles(GcpClients clients, GcpCalls calls)
{
    private static readonly Regex NameForm = new(@"\A[a-z][a-z0-9-]{4,28}[a-z0-9]\z", RegexOptions.CultureInvariant);
    private static readonly Regex ClusterIdForm = new(
        @"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b",
        RegexOptions.CultureInvariant
    );

    private readonly GcpAccounts _accounts = new(clients, calls);
    private readonly GcpPolicies _policies = new(clients, calls);
    private readonly GcpAccessReader _access = new(clients, calls);

    public async Task<CmekRole> EnsureAsync(RoleRequest request)
    {
        var account = await NameAsync(request);
        if (await _accounts.FindAsync(account) is { } found)
            return await ReconcileAsync(request, account, found, isNew: false);
        var trusted = GcpNames.ClusterAccount(request.Cluster);
        var action = $"Create service account, and let {trusted} act as it ({GcpNames.TrustRole})";
        if (!await ConfirmAsync(account, action))
            return Result(request, account, CmekOutcome.Planned);

        var (settled, isCreated) = await CreateAsync(request.Cluster, account);
        if (!isCreated)
            return await ReconcileAsync(request, account, settled, isNew: true);
        await _accounts.WaitUntilKnownAsync(account);
        await TrustAsync(request, account, isNew: true, untrusted: []);
        return Result(request, account, CmekOutcome.Created);
    }

    private async Task<ServiceAccountEmail> NameAsync(RoleRequest request)
    {
        var cluster = request.Cluster;
        if (cluster.AccountId.Length == 0)
            throw Errors.ClusterHasNoAccount(cluster, "Google Cloud project");
        var name = request.Name ?? GcpNames.Default(cluster);
        if (!NameForm.IsMatch(name))
            throw GcpErrors.NameMalformed(
                name,
                "a service account has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter"
            );
        var project = GcpRoleOptions.From(request.Options).Project;
        return ServiceAccountEmail.Of(
            name,
            await clients.ResolveProjectAsync(project, known: null, calls.Context.CancellationToken)
        );
    }

    /// <summary>
    /// Creates the account. One that exists by then, by a lost response or another run, is returned as it is.
    /// </summary>
    private async Task<(ServiceAccount Account, bool IsCreated)> CreateAsync(
        CrdbCluster cluster,
        ServiceAccountEmail account
    )
    {
        var isCreated = false;
        var settled = await calls.SettleAsync(
            $"serviceAccounts.create {account}",
            async () =>
            {
                var created = await calls.WriteAsync("IAM", "serviceAccounts.create", account.Text, c =>
                    clients.Iam.CreateServiceAccountAsync(
                        account.Project,
                        account.Name,
                        DisplayName(cluster),
                        Description(cluster),
                        c
                    )
                );
                isCreated = true;
                return created;
            },
            () => _accounts.FindAsync(account, mayBeNew: true),
            GcpCalls.ReadIfExists
        );
        return (settled, isCreated);
    }

    /// <summary>Completes an existing account, and on request corrects it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="account">The account's address.</param>
    /// <param name="found">The account.</param>
    /// <param name="isNew">
    /// True when its creation was confirmed in this run, so that what is missing needs no question.
    /// </param>
    private async Task<CmekRole> ReconcileAsync(
        RoleRequest request,
        ServiceAccountEmail account,
        ServiceAccount found,
        bool isNew
    )
    {
        var cluster = request.Cluster;
        var policy = await _accounts.ReadPolicyAsync(account, mayBeNew: isNew);
        var trust = await _access.ReadOwnTrustAsync(cluster, account, policy);
        var state = new AccountState(
            IsDisabled: found.Disabled == true,
            ServedCluster: ClusterIdForm.Match(found.Description ?? "") is { Success: true } match ? match.Value : null,
            trust
        );
        if (state.OwnerOtherThan(cluster) is { } owner)
            throw GcpErrors.RoleBelongsToAnother(account, cluster.Name, owner);
        var differences = state.DifferencesFor(cluster);
        if (differences.Count == 0 && trust.IsAllowed)
            return Result(request, account, isNew ? CmekOutcome.Created : CmekOutcome.Existing);
        if (differences.Count > 0 && !request.Update)
            throw GcpErrors.RoleDiffers(account, cluster.Name, differences);
        if (!isNew && !await ConfirmAsync(account, state.ActionsFor(cluster)))
            return Result(request, account, CmekOutcome.Planned);

        if (state.IsDisabled)
            await EnableAsync(account);
        await TrustAsync(request, account, isNew, [.. trust.Wider.Select(w => w.Binding)]);
        if (state.ServedCluster != cluster.Id)
            await calls.WriteAsync("IAM", "serviceAccounts.patch", account.Text, c =>
                clients.Iam.PatchServiceAccountAsync(account.Resource, DisplayName(cluster), Description(cluster), c)
            );
        return Result(request, account, isNew ? CmekOutcome.Created : CmekOutcome.Updated);
    }

    private Task EnableAsync(ServiceAccountEmail account) =>
        calls.WriteAsync<object?>("IAM", "serviceAccounts.enable", account.Text, async c =>
        {
            await clients.Iam.EnableServiceAccountAsync(account.Resource, c);
            return null;
        });

    /// <summary>Lets CockroachDB Cloud act as the account, and other members no longer.</summary>
    private async Task TrustAsync(
        RoleRequest request,
        ServiceAccountEmail account,
        bool isNew,
        IReadOnlyList<GcpBinding> untrusted
    )
    {
        var trusted = GcpNames.ClusterAccount(request.Cluster);
        try
        {
            await _policies.ChangeAsync(
                account.Resource,
                policy =>
                {
                    var isChanged = policy.Add(IamPolicy.Binding(GcpNames.TrustRole, trusted.Member));
                    var surplus = untrusted
                        .SelectMany(u => policy.BindingsOf(u.Member).Where(b => (string?)b["role"] == u.Role))
                        .ToList();
                    return surplus.Aggregate(isChanged, (changed, binding) => policy.Remove(binding) | changed);
                },
                error => isNew && (error.Code is 403 or 404 || GcpPolicies.IsUnknownMember(error, account.Text))
            );
        }
        catch (GcpException error) when (GcpPolicies.IsUnknownMember(error, trusted.Text))
        {
            throw GcpErrors.ClusterAccountMissing(request.Cluster.Name, trusted.Text, error);
        }
    }

    private Task<bool> ConfirmAsync(ServiceAccountEmail account, string action) =>
        calls.Context.Host.ConfirmAsync(account.Resource, action, calls.Context.CancellationToken);

    /// <summary>Up to 100 characters.</summary>
    private static string DisplayName(CrdbCluster cluster)
    {
        var name = $"CockroachDB Cloud CMEK {cluster.Name}";
        return name.Length > 100 ? name.Substring(0, 100) : name;
    }

    /// <summary>
    /// Up to 256 bytes. The cluster's id in it tells a later run whose account it is: service accounts have no labels.
    /// </summary>
    private static string Description(CrdbCluster cluster) =>
        $"CockroachDB Cloud uses the CMEK of cluster {cluster.Name} ({cluster.Id}) through this account.";

    private static CmekRole Result(RoleRequest request, ServiceAccountEmail account, CmekOutcome outcome) =>
        new()
        {
            Cluster = request.Cluster,
            Name = account.Name,
            AuthPrincipal = account.Text,
            TrustedPrincipal = GcpNames.ClusterAccount(request.Cluster).Text,
            Outcome = outcome,
        };

    /// <summary>What matters of an existing account.</summary>
    /// <param name="IsDisabled">Nobody can act as it.</param>
    /// <param name="ServedCluster">The cluster id in its description; null without one.</param>
    /// <param name="Trust">Who may act as it, by its own policy.</param>
    private sealed record AccountState(bool IsDisabled, string? ServedCluster, GcpReading Trust)
    {
        private bool IsTrusted => Trust.IsAllowed;

        /// <summary>
        /// The other cluster whose account at Cockroach Labs may act as this one, for people; null without one.
        /// </summary>
        public string? OwnerOtherThan(CrdbCluster cluster)
        {
            var other = Trust
                .Wider.Select(w => w.Binding.Member)
                .FirstOrDefault(m =>
                    m.StartsWith($"serviceAccount:{GcpNames.ClusterAccountPrefix}", StringComparison.Ordinal)
                );
            return other is null ? null
                : ServedCluster is { } id && id != cluster.Id ? $"the cluster {id} ({other})"
                : $"the cluster of {other}";
        }

        /// <summary>What is wrong with the account, as parts of a sentence.</summary>
        public IReadOnlyList<string> DifferencesFor(CrdbCluster cluster)
        {
            var differences = new List<string>();
            if (IsDisabled)
                differences.Add("it is disabled");
            if (ServedCluster is not null && ServedCluster != cluster.Id)
                differences.Add($"its description says that it serves the cluster {ServedCluster}");
            // An account for this cluster without the binding is from an interrupted run, which only has to be
            // finished. One that somebody narrowed is not widened without being asked.
            if (Trust.Narrowed is [var narrowed, ..])
                differences.Add(
                    $"it lets {GcpNames.ClusterAccount(cluster)} act as it only under a condition "
                        + $"({narrowed.ConditionText})"
                );
            else if (ServedCluster != cluster.Id && !IsTrusted)
                differences.Add($"it does not let {GcpNames.ClusterAccount(cluster)} act as it ({GcpNames.TrustRole})");
            differences.AddRange(
                Trust.Wider.Select(w => $"it also lets {w.Access.Who} act as it ({w.Access.What})").Distinct()
            );
            return differences;
        }

        /// <summary>What an update does, for the question about it.</summary>
        public string ActionsFor(CrdbCluster cluster)
        {
            var actions = new List<string>();
            if (IsDisabled)
                actions.Add("enable the service account");
            if (!IsTrusted)
                actions.Add($"let {GcpNames.ClusterAccount(cluster)} act as it ({GcpNames.TrustRole})");
            actions.AddRange(
                Trust.Wider.Select(w => $"let {w.Binding.Member} no longer act as it ({w.Binding.Role})").Distinct()
            );
            if (ServedCluster != cluster.Id)
                actions.Add("describe it as this cluster's");
            var sentence = string.Join("; ", actions);
            return char.ToUpperInvariant(sentence[0]) + sentence.Substring(1);
        }
    }
}
