using System.Collections.Concurrent;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Finds a cluster's keys in Cloud KMS by the labels and names that this module gives them. Reads only.
/// </summary>
/// <param name="timeUp">Canceled when no further key ring is to be read.</param>
internal sealed class GcpKeySearch(GcpClients clients, GcpCalls calls, CrdbCluster cluster, CancellationToken timeUp)
{
    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpAccounts _accounts = new(clients, calls);
    private readonly Dictionary<ServiceAccountEmail, bool> _isTrusting = [];
    private readonly ConcurrentQueue<string> _missed = new();

    /// <summary>The keys of all locations of the project, with the service account that uses each.</summary>
    /// <exception cref="CmekException">ProjectUnknown, GcpPermissionDenied.</exception>
    public async Task<KeySearch> FindAsync()
    {
        var project = await clients.ResolveProjectAsync(null, null, calls.Context.CancellationToken);
        var clusters = new List<ClusterKeys>();
        foreach (var owner in (await ListKeysAsync(project)).Where(IsOfCluster).GroupBy(k => OwnerOf(k) ?? cluster.Id))
            clusters.Add(
                new ClusterKeys(
                    owner.Key,
                    owner.Select(NameOf).FirstOrDefault(n => n.Length > 0) ?? "",
                    await ToSpecsAsync(cluster with { Id = owner.Key }, owner, project)
                )
            );
        return new KeySearch
        {
            Clusters = clusters,
            Searched = $"every location of project {project}",
            Missed = [.. _missed],
        };
    }

    private async Task<IReadOnlyList<CmekRegionSpec>> ToSpecsAsync(
        CrdbCluster owner,
        IEnumerable<CryptoKey> keys,
        string project
    )
    {
        var specs = new List<CmekRegionSpec>();
        foreach (var name in keys.Select(k => GcpKeyName.Parse(k.Name!)))
            if (await FindAccountAsync(owner, name, project) is { } account)
                specs.AddRange(
                    RegionsOf(name.Location)
                        .Select(region =>
                            CmekRegionSpec.Create(region, GcpCustomerCloud.KeyTypeName, name.ToString(), account.Text)
                        )
                );
        return specs;
    }

    private bool IsOfCluster(CryptoKey key) =>
        GcpKeyName.TryParse(key.Name ?? "") is { } name
        && (
            OwnerOf(key) is { } owner
                ? KeySearch.Means(cluster, owner, GcpLabels.Read(key, GcpLabels.ClusterName), GcpLabels.Value)
                : cluster.Id.Length > 0 && name.Id == GcpNames.Default(cluster)
        );

    private static string? OwnerOf(CryptoKey key) =>
        GcpLabels.Read(key, GcpLabels.ClusterId) ?? GcpLabels.Read(key, GcpLabels.VaultCluster);

    /// <summary>The cluster's name on a key. A label cannot hold every name, so one that fits is the given one.</summary>
    private string NameOf(CryptoKey key)
    {
        var label = GcpLabels.Read(key, GcpLabels.ClusterName) ?? "";
        return label == GcpLabels.Value(cluster.Name) ? cluster.Name : label;
    }

    /// <summary>The regions that a key serves; its location when the cluster's regions are not known.</summary>
    private IReadOnlyList<string> RegionsOf(string location)
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

    /// <summary>The keys of a location. One that cannot be listed is Missed, and hides no other.</summary>
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
                if (timeUp.IsCancellationRequested)
                    _missed.Enqueue($"{ring}: it was not read, because the time for the search was up.");
                else
                    keys.AddRange(await _reader.ListKeysAsync(ring));
            return keys;
        }
        catch (GcpException error) when (error.Code != 401)
        {
            _missed.Enqueue($"{location}: {error.Message}");
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
    private async Task<ServiceAccountEmail?> FindAccountAsync(CrdbCluster owner, GcpKeyName key, string project)
    {
        var named = new[] { project, key.Project }
            .Distinct()
            .Select(p => ServiceAccountEmail.Of(GcpNames.Default(owner), p))
            .ToList();
        var users = await UsersAsync(key);
        foreach (var user in users.Concat(named).Distinct())
            if (await TrustsAsync(owner, user))
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
    private async Task<bool> TrustsAsync(CrdbCluster owner, ServiceAccountEmail account)
    {
        if (_isTrusting.TryGetValue(account, out var known))
            return known;
        // Without the API, the project of Cockroach Labs' account is not known; the name before it is the cluster's.
        var trusted = $"serviceAccount:{GcpNames.ClusterAccount(owner).Name}@";
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
