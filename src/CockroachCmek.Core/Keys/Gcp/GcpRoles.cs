using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// The service account that CockroachDB Cloud acts as: found, compared, made. The page calls it "cross-tenant"; it is a usual one, with a binding that
/// lets the cluster's account at Cockroach Labs make tokens for it. Never a second one, never overwritten unless told to.
/// </summary>
internal sealed class GcpRoles(GcpClients clients, GcpCalls calls)
{
    private static readonly Regex NameForm = new("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", RegexOptions.CultureInvariant);
    private static readonly Regex ClusterIdForm = new(
        @"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b",
        RegexOptions.CultureInvariant
    );

    private readonly GcpAccounts _accounts = new(clients, calls);

    public async Task<CmekRole> EnsureAsync(RoleRequest request)
    {
        var cluster = request.Cluster;
        if (cluster.AccountId.Length == 0)
            throw Errors.ClusterHasNoAccount(cluster, "Google Cloud project");
        var name = request.Name ?? GcpNames.Default(cluster);
        if (!NameForm.IsMatch(name))
            throw GcpErrors.NameMalformed(
                name,
                "a service account has 6 to 30 lower-case letters, digits and -, and begins with a letter"
            );
        var account = ServiceAccountEmail.Of(
            name,
            await clients.ProjectAsync(
                GcpRoleOptions.From(request.Options).Project,
                known: null,
                calls.Context.CancellationToken
            )
        );
        // Further rounds settle a creation whose answer was lost, or that somebody else won.
        for (var round = 1; ; round++)
        {
            if (await _accounts.FindAsync(account, patient: round > 1) is { } found)
                return await ReconcileAsync(request, account, found, allowed: round > 1);
            if (
                round == 1
                && !await AskAsync(
                    account.Resource,
                    $"Create service account, and let {GcpNames.KmsUser(cluster)} act as it ({GcpNames.TrustRole})"
                )
            )
                return Result(request, account, CmekOutcome.Planned);
            try
            {
                await calls.WriteAsync("IAM", "serviceAccounts.create", account.Text, c =>
                    clients.Iam.CreateServiceAccountAsync(
                        account.Project,
                        name,
                        DisplayName(cluster),
                        Description(cluster),
                        c
                    )
                );
                await _accounts.SeenAsync(account);
                await TrustAsync(request, account, fresh: true, remove: []);
                return Result(request, account, CmekOutcome.Created);
            }
            catch (GcpFault fault) when (fault.Status == "ALREADY_EXISTS" && round < 3) { }
            catch (Exception fault) when (calls.IsResponseLost(fault) && round < 3)
            {
                calls.Context.Log.Verbose($"The answer about {account} was lost; looking whether it happened.");
            }
        }
    }

    /// <param name="allowed">True when the creation was asked for and allowed already: what is found may be its half.</param>
    private async Task<CmekRole> ReconcileAsync(
        RoleRequest request,
        ServiceAccountEmail account,
        ServiceAccount found,
        bool allowed
    )
    {
        var cluster = request.Cluster;
        var policy = await _accounts.PolicyAsync(account, patient: allowed);
        var missing = GcpAccounts.Missing(cluster, policy, calls.Context.Time.GetUtcNow());
        var others = GcpAccounts.Others(cluster, policy);
        var serves = ClusterIdForm.Match(found.Description ?? "") is { Success: true } match ? match.Value : null;
        var differences = new List<string>();
        if (found.Disabled == true)
            differences.Add("it is disabled");
        if (serves is not null && serves != cluster.Id)
            differences.Add($"its description says that it serves the cluster {serves}");
        // An account of ours without the binding is one of a run that was interrupted: the binding is what is left to do.
        if (serves != cluster.Id)
            differences.AddRange(missing);
        differences.AddRange(others.Select(m => $"it lets {m} act as it too"));
        if (differences.Count == 0 && missing.Count == 0)
            return Result(request, account, allowed ? CmekOutcome.Created : CmekOutcome.Existing);
        if (differences.Count > 0 && !request.Update)
            throw GcpErrors.RoleDiffers(account, cluster.Name, differences);

        string[] actions =
        [
            .. Only(found.Disabled == true, "Enable the service account"),
            .. Only(missing.Count > 0, $"let {GcpNames.KmsUser(cluster)} act as it ({GcpNames.TrustRole})"),
            .. others.Select(m => $"let {m} no longer act as it"),
            .. Only(serves != cluster.Id, "describe it as this cluster's"),
        ];
        if (!allowed && !await AskAsync(account.Resource, Sentence(actions)))
            return Result(request, account, CmekOutcome.Planned);
        if (found.Disabled == true)
        {
            await calls.WriteAsync<object?>("IAM", "serviceAccounts.enable", account.Text, async c =>
            {
                await clients.Iam.EnableServiceAccountAsync(account.Resource, c);
                return null;
            });
        }

        await TrustAsync(request, account, fresh: allowed, others);
        if (serves != cluster.Id)
            await calls.WriteAsync("IAM", "serviceAccounts.patch", account.Text, c =>
                clients.Iam.PatchServiceAccountAsync(account.Resource, DisplayName(cluster), Description(cluster), c)
            );
        return Result(request, account, allowed ? CmekOutcome.Created : CmekOutcome.Updated);
    }

    private async Task TrustAsync(
        RoleRequest request,
        ServiceAccountEmail account,
        bool fresh,
        IReadOnlyList<string> remove
    )
    {
        var user = GcpNames.KmsUser(request.Cluster);
        try
        {
            await new GcpPolicyWriter(calls).ChangeAsync(
                clients.Iam,
                "IAM",
                account.Resource,
                policy =>
                {
                    var changed = policy.Add(IamPolicy.Binding(GcpNames.TrustRole, $"serviceAccount:{user}"));
                    foreach (
                        var binding in remove
                            .SelectMany(policy.BindingsOf)
                            .Where(b => (string?)b["role"] == GcpNames.TrustRole)
                    )
                        changed |= policy.Remove(binding);
                    return changed;
                },
                fault => fresh && (fault.Code is 403 or 404 || GcpPolicyWriter.IsUnseen(fault, account.Text))
            );
        }
        catch (GcpFault fault) when (GcpPolicyWriter.IsUnseen(fault, user))
        {
            throw GcpErrors.ClusterAccountMissing(request.Cluster.Name, user, fault);
        }
    }

    private Task<bool> AskAsync(string target, string action) =>
        calls.Context.Log.ShouldProcessAsync(target, action, calls.Context.CancellationToken);

    private static string[] Only(bool condition, string text) => condition ? [text] : [];

    private static string Sentence(string[] actions)
    {
        var all = string.Join("; ", actions);
        return char.ToUpperInvariant(all[0]) + all.Substring(1);
    }

    /// <summary>Up to 100 characters.</summary>
    private static string DisplayName(CrdbCluster cluster) =>
        $"CockroachDB Cloud CMEK {cluster.Name}" is var name && name.Length > 100 ? name.Substring(0, 100) : name;

    /// <summary>Up to 256 bytes. The id in it is what tells a later run that the account is this cluster's: service accounts have no labels.</summary>
    private static string Description(CrdbCluster cluster) =>
        $"CockroachDB Cloud uses the CMEK of cluster {cluster.Name} ({cluster.Id}) through this account.";

    private static CmekRole Result(RoleRequest request, ServiceAccountEmail account, CmekOutcome outcome) =>
        new()
        {
            Cluster = request.Cluster,
            Name = account.Name,
            AuthPrincipal = account.Text,
            TrustedPrincipal = GcpNames.KmsUser(request.Cluster),
            Outcome = outcome,
        };
}
