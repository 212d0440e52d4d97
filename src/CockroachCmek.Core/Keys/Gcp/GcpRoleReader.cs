using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Reads the service accounts of a cluster, and who may act as them.</summary>
internal sealed class GcpRoleReader(GcpClients clients, GcpCalls calls, SharedReads shared, RoleSearch search)
{
    private readonly GcpAccounts _accounts = new(clients, calls);
    private readonly GcpAccessReader _access = new(clients, calls, shared);

    public async Task<IReadOnlyList<CmekRole>> FindAsync()
    {
        var name = search.Name ?? GcpNames.Default(search.Cluster);
        var named = search
            .AuthPrincipals.Where(p =>
                ServiceAccountEmail.IsWellFormed(p) && !ServiceAccountEmail.IsOfCockroachLabs(p, search.Cluster)
            )
            .Select(ServiceAccountEmail.Parse)
            .Where(a => search.Name is null || a.Name == name)
            .ToList();
        var roles = (await Task.WhenAll(named.Select(ReadNamedAsync))).ToList();
        if (named.Exists(a => a.Name == name))
            return roles;
        var project = await clients.ResolveProjectAsync(
            GcpRoleOptions.From(search.Options).Project,
            named.FirstOrDefault()?.Project,
            calls.Context.CancellationToken
        );
        var account = ServiceAccountEmail.Of(name, project);
        if (await _accounts.FindAsync(account) is { } found)
            roles.Add(await ReadAsync(account, found));
        return roles;
    }

    /// <summary>An account that CockroachDB Cloud or a key names: it is listed also where it cannot be read.</summary>
    private async Task<CmekRole> ReadNamedAsync(ServiceAccountEmail account)
    {
        try
        {
            if (await _accounts.FindAsync(account) is { } found)
                return await ReadAsync(account, found);
            calls.Context.Host.Warning($"The service account {account} does not exist.");
        }
        catch (GcpException error) when (error.Code == 403)
        {
            calls.Context.Host.Warning(
                $"The service account {account} could not be read: iam.serviceAccounts.get is not allowed."
            );
        }

        return Unread(account);
    }

    private CmekRole Unread(ServiceAccountEmail account) =>
        new()
        {
            Cluster = search.Cluster,
            Name = account.Name,
            AuthPrincipal = account.Text,
            TrustedPrincipal = GcpNames.ClusterAccount(search.Cluster).Text,
            Trust = "not known: the service account could not be read",
        };

    private async Task<CmekRole> ReadAsync(ServiceAccountEmail account, ServiceAccount found)
    {
        var (trust, isExact) = TrustOf((await _access.ReadTrustAsync(search.Cluster, account)).Access);
        return Unread(account) with
        {
            State = found.Disabled == true ? "Disabled" : "Enabled",
            Trust = trust,
            IsTrustExact = isExact,
        };
    }

    private (string Text, bool? IsExact) TrustOf(KeyAccess trust)
    {
        var trusted = GcpNames.ClusterAccount(search.Cluster);
        string[] problems =
        [
            .. new[] { GcpAccounts.TrustProblem(search.Cluster, trust) }.OfType<string>(),
            .. trust.Wider.Select(w => $"it also lets {w.Who} act as it ({w.What}, {w.Place})"),
        ];
        if (problems.Length > 0)
            return (string.Join("; ", problems), false);
        if (trust.Verdict == CmekAccessVerdict.Conditional)
            return ($"{trusted} under a condition: {string.Join("; ", trust.Conditions)}", null);
        return trust.Unread.Count > 0
            ? ($"not known: these could not be read: {string.Join(", ", trust.Unread)}", null)
            : ($"{trusted}, and nobody else", true);
    }
}
