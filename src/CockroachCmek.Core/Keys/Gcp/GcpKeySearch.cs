namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Finds a cluster's keys in Cloud KMS by the labels and names that this module gives them. Reads only.
/// </summary>
internal sealed class GcpKeySearch(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpAccounts _accounts = new(clients, calls);
    private readonly Dictionary<ServiceAccountEmail, bool> _isTrusting = [];

    /// <summary>The keys of all locations of the project, with the service account that uses each.</summary>
    /// <exception cref="CmekException">ProjectUnknown, GcpPermissionDenied.</exception>
    public async Task<IReadOnlyList<CmekRegionSpec>> FindAsync(CrdbCluster cluster)
    {
        var project = await clients.ResolveProjectAsync(null, null, calls.Context.CancellationToken);
        var found = (await ListKeysAsync(project)).Where(k => IsOf(cluster, k)).ToList();
        var owners = found.Select(k => GcpLabels.Read(k, GcpLabels.ClusterId)).OfType<string>().Distinct().ToList();
        if (owners.Count > 1)
        {
            calls.Context.Host.Warning(
                $"The keys of {cluster.Name} in project {project} are of several clusters of that name: "
                    + $"{string.Join(", ", owners)}. None of them is used: name the cluster by its UUID."
            );
            return [];
        }

        var named = cluster.Id.Length > 0 ? cluster : cluster with { Id = owners.FirstOrDefault() ?? "" };
        var specs = new List<CmekRegionSpec>();
        foreach (var name in found.Select(k => GcpKeyName.Parse(k.Name!)))
            if (await FindAccountAsync(named, name, project) is { } account)
                specs.AddRange(
                    RegionsOf(cluster, name.Location)
                        .Select(region =>
                            CmekRegionSpec.Create(region, GcpCustomerCloud.KeyTypeName, name.ToString(), account.Text)
                        )
                );
        return specs;
    }

    private static bool IsOf(CrdbCluster cluster, CryptoKey key) =>
        GcpKeyName.TryParse(key.Name ?? "") is { } name
        && (
            cluster.Id.Length == 0
                ? cluster.Name.Length > 0
                    && GcpLabels.Read(key, GcpLabels.ClusterName) == GcpLabels.Value(cluster.Name)
                    && GcpLabels.Read(key, GcpLabels.ClusterId) is not null
            : GcpLabels.Read(key, GcpLabels.ClusterId) is { } owner ? owner == cluster.Id
            : name.Id == GcpNames.Default(cluster)
        );

    /// <summary>The regions that a key serves; its location when the cluster's regions are not known.</summary>
    private static IReadOnlyList<string> RegionsOf(CrdbCluster cluster, string location)
    {
        var regions = cluster.Regions.Select(r => r.Name).ToList();
        if (regions.Contains(location))
            return [location];
        regions = [.. regions.Where(r => GcpLocations.Serves(location, r))];
        return regions.Count > 0 ? regions : [location];
    }

    private async Task<IReadOnlyList<CryptoKey>> ListKeysAsync(string project)
    {
        var locations = await calls.ReadAsync("KMS", "locations.list", project, c =>
            clients.Kms.ListLocationsAsync(project, c)
        );
        using var requests = new SemaphoreSlim(16);
        var keys = await Task.WhenAll(
            locations.Select(l => ListKeysAsync($"projects/{project}/locations/{l.LocationId}", requests))
        );
        return [.. keys.SelectMany(k => k)];
    }

    /// <summary>The keys of a location. One that cannot be listed is named, and hides no other.</summary>
    private async Task<IReadOnlyList<CryptoKey>> ListKeysAsync(string location, SemaphoreSlim requests)
    {
        await requests.WaitAsync(calls.Context.CancellationToken);
        try
        {
            var keys = new List<CryptoKey>();
            var rings = await calls.ReadAsync("KMS", "keyRings.list", location, c =>
                clients.Kms.ListKeyRingsAsync(location, c)
            );
            foreach (var ring in rings.Select(r => GcpRingName.TryParse(r.Name ?? "")).OfType<GcpRingName>())
                keys.AddRange(await _reader.ListKeysAsync(ring));
            return keys;
        }
        catch (GcpException error) when (error.Code != 401)
        {
            calls.Context.Host.Warning($"The keys in {location} could not be listed: {error.Message}");
            return [];
        }
        finally
        {
            requests.Release();
        }
    }

    /// <summary>
    /// The account through which the cluster uses a key: of those that may use it, the one as which Cockroach Labs'
    /// account for the cluster may act; else the one with the name that the module gives.
    /// </summary>
    private async Task<ServiceAccountEmail?> FindAccountAsync(CrdbCluster cluster, GcpKeyName key, string project)
    {
        var named = new[] { project, key.Project }
            .Distinct()
            .Select(p => ServiceAccountEmail.Of(GcpNames.Default(cluster), p))
            .ToList();
        var users = await UsersAsync(key);
        foreach (var user in users.Concat(named).Distinct())
            if (await TrustsAsync(cluster, user))
                return user;
        foreach (var account in named)
            if (users.Contains(account) || await ExistsAsync(account))
                return account;
        calls.Context.Host.Warning(
            $"{key} has the labels of {cluster.Name}, but which service account the cluster uses it through could not "
                + "be "
                + "found. It is skipped."
        );
        return null;
    }

    private async Task<List<ServiceAccountEmail>> UsersAsync(GcpKeyName key)
    {
        try
        {
            var policies = new[] { await _reader.ReadPolicyAsync(key), await _reader.FindRingPolicyAsync(key.Ring) };
            return
            [
                .. policies
                    .OfType<IamPolicy>()
                    .SelectMany(p => p.Entries)
                    .Where(e => GcpRolePurpose.UseKey.MayName(e.Role))
                    .Select(e => e.Member.Replace("serviceAccount:", ""))
                    .Where(m =>
                        ServiceAccountEmail.IsWellFormed(m)
                        && !m.StartsWith(GcpNames.ClusterAccountPrefix, StringComparison.Ordinal)
                    )
                    .Select(ServiceAccountEmail.Parse)
                    .Distinct(),
            ];
        }
        catch (GcpException error) when (error.Code is 403 or 404)
        {
            calls.Context.Host.Verbose($"The IAM policy of {key} could not be read: {error.Message}");
            return [];
        }
    }

    /// <summary>True when Cockroach Labs' account for the cluster is named on the service account.</summary>
    private async Task<bool> TrustsAsync(CrdbCluster cluster, ServiceAccountEmail account)
    {
        if (_isTrusting.TryGetValue(account, out var known))
            return known;
        // Without the API, the project of Cockroach Labs' account is not known; the name before it is the cluster's.
        var trusted = $"serviceAccount:{GcpNames.ClusterAccount(cluster).Name}@";
        try
        {
            var policy = await _accounts.ReadPolicyAsync(account);
            return _isTrusting[account] = policy.Entries.Any(e =>
                e.Member.StartsWith(trusted, StringComparison.Ordinal)
            );
        }
        catch (GcpException error) when (error.Code is 403 or 404)
        {
            return _isTrusting[account] = false;
        }
    }

    private async Task<bool> ExistsAsync(ServiceAccountEmail account)
    {
        try
        {
            return await _accounts.FindAsync(account) is not null;
        }
        catch (GcpException error) when (error.Code == 403)
        {
            return false;
        }
    }
}
