using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// The other clusters that would lose a key too. They are read beside the work and never hold it up: what is not known
/// in time is a warning.
/// </summary>
internal sealed class Neighbours : IDisposable
{
    /// <summary>
    /// Few at a time: requests are sent in the order in which they are made, and those of the revocation itself must
    /// not queue behind thousands of these.
    /// </summary>
    private const int AtOnce = 2;

    private readonly List<(string Name, CmekRevocationMethod Method)> _sharing = [];
    private readonly List<string> _unread = [];
    private readonly CancellationTokenSource _stop;
    private readonly Task _reading;

    private int _total;
    private int _read;

    private Neighbours(Func<Neighbours, CancellationToken, Task> read, CancellationToken cancellation)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _reading = read(this, _stop.Token);
    }

    /// <summary>Starts to read the other clusters on the same cloud.</summary>
    public static Neighbours Start(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys,
        IReadOnlyList<CmekRevocationMethod> methods,
        CrdbCloudClient client,
        ICustomerCloud cloud,
        OperationContext context
    ) =>
        new(
            (found, stop) =>
                found.ReadAsync(cluster, keys, methods, client, cloud, context with { CancellationToken = stop }),
            context.CancellationToken
        );

    /// <summary>The names found so far that lose a key by one method.</summary>
    public IReadOnlyList<string> SharingBy(CmekRevocationMethod method)
    {
        lock (_sharing)
            return
            [
                .. _sharing.Where(s => s.Method == method).Select(s => s.Name).OrderBy(n => n, StringComparer.Ordinal),
            ];
    }

    /// <summary>Why the answer is not complete, in one sentence; null when every cluster was read.</summary>
    public string? Doubt
    {
        get
        {
            lock (_sharing)
            {
                if (_unread.Count > 0)
                    return $"It is not known whether these clusters use the same keys: {Names(_unread)}.";
                return _reading.IsCompleted
                    ? null
                    : $"{_read} of {(_total == 0 ? "the" : _total.ToString(System.Globalization.CultureInfo.InvariantCulture))} "
                        + "other clusters have been checked for the same keys so far.";
            }
        }
    }

    /// <summary>Waits for the rest, but no longer than a limit of real time: an emergency does not wait.</summary>
    public async Task WaitAsync(TimeSpan limit, CancellationToken cancellation) =>
        await Task.WhenAny(_reading, Task.Delay(limit, cancellation));

    /// <summary>
    /// At the end of a revocation: waits a little for the rest, and warns of the clusters that were not read.
    /// </summary>
    public async Task EndAsync(CrdbCluster cluster, TimeSpan limit, OperationContext context)
    {
        await WaitAsync(limit, context.CancellationToken);
        if (_reading.IsCompleted)
            return;
        string left;
        lock (_sharing)
            left =
                _total == 0
                    ? "The list of other clusters"
                    : $"{_total - _read - _unread.Count} of {_total} other clusters";
        context.Host.Warning(
            $"{cluster.Name}: {left} could not be read in time, so it is not known whether they use the same keys. To "
                + $"find out, run Test-CrdbCmekRevocation {ShellQuote.PowerShell(cluster.Name)}"
        );
    }

    /// <summary>Stops reading.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        // The reading ends by itself soon after; it uses nothing that is disposed here.
        _ = _reading.ContinueWith(_ => _stop.Dispose(), TaskScheduler.Default);
    }

    private async Task ReadAsync(
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> keys,
        IReadOnlyList<CmekRevocationMethod> methods,
        CrdbCloudClient client,
        ICustomerCloud cloud,
        OperationContext context
    )
    {
        try
        {
            var others = new List<CrdbCluster>();
            await foreach (var other in client.ListClustersAsync(false, context))
                if (other.Id != cluster.Id && other.CloudProvider == cluster.CloudProvider && other.MayHaveCmek)
                    others.Add(other);
            _total = others.Count;
            using var requests = new SemaphoreSlim(AtOnce);
            await Task.WhenAll(
                others.Select(async other =>
                {
                    await requests.WaitAsync(context.CancellationToken);
                    try
                    {
                        var theirs = (await client.GetCmekAsync(other, context)).EveryKey();
                        Note(
                            other,
                            [
                                .. methods.Where(m =>
                                    theirs.Any(t => keys.Any(k => Loses(m, cloud, cluster, k, other, t)))
                                ),
                            ]
                        );
                    }
                    catch (CmekException)
                    {
                        lock (_sharing)
                            _unread.Add(other.Name);
                    }
                    finally
                    {
                        requests.Release();
                    }
                })
            );
        }
        catch (CmekException error)
        {
            lock (_sharing)
                _unread.Add($"all others, because the list could not be read ({error.Message})");
        }
        catch (OperationCanceledException)
        {
            // Disposed: what was found so far has been told.
        }
    }

    /// <summary>A few names, and how many more there are.</summary>
    private static string Names(List<string> all)
    {
        const int Shown = 10;
        var names = string.Join(", ", all.Take(Shown));
        return all.Count <= Shown ? names : $"{names} and {all.Count - Shown} more";
    }

    private void Note(CrdbCluster other, IReadOnlyList<CmekRevocationMethod> lostBy)
    {
        lock (_sharing)
        {
            _read++;
            _sharing.AddRange(lostBy.Select(m => (other.Name, m)));
        }
    }

    /// <summary>
    /// Whether another cluster loses its key too: a disabled key is lost for all, a denied or untrusted identity only
    /// for the clusters that use it.
    /// </summary>
    private static bool Loses(
        CmekRevocationMethod method,
        ICustomerCloud cloud,
        CrdbCluster cluster,
        CmekRegionSpec mine,
        CrdbCluster other,
        CmekRegionSpec theirs
    )
    {
        var sameKey = string.Equals(mine.KeyUri, theirs.KeyUri, StringComparison.OrdinalIgnoreCase);
        if (method == CmekRevocationMethod.DisableKey)
            return sameKey;
        var sameIdentity =
            cloud.IdentityOf(cluster, mine.AuthPrincipal) == cloud.IdentityOf(other, theirs.AuthPrincipal);
        return sameIdentity && (sameKey || CutsIdentity(method));
    }

    /// <summary>Methods that cut the identity, and with it every key that it uses.</summary>
    private static bool CutsIdentity(CmekRevocationMethod method) =>
        method
            is CmekRevocationMethod.RemoveTrust
                or CmekRevocationMethod.DenyRole
                or CmekRevocationMethod.DisableIdentity;
}
