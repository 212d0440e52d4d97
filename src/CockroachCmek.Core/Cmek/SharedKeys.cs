using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// What a revocation does about other clusters that would lose a key too: the first method is refused, a later one is
/// not tried. Unless -AllowSharedKey was given.
/// </summary>
/// <param name="neighbours">The other clusters; null when CockroachDB Cloud is not asked for them.</param>
internal sealed class SharedKeys(
    CrdbCluster cluster,
    Neighbours? neighbours,
    RevocationOptions options,
    OperationContext context
)
{
    private readonly HashSet<CmekRevocationMethod> _withheld = [];
    private Task? _waiting;

    /// <summary>Methods that were not tried, because others would lose a key.</summary>
    public IReadOnlyList<CmekRevocationMethod> Withheld
    {
        get
        {
            lock (_withheld)
                return [.. _withheld];
        }
    }

    /// <summary>
    /// Names the clusters that would lose a key by one of the methods, as far as they are known now, and refuses.
    /// </summary>
    /// <exception cref="CmekException">KeyShared.</exception>
    public async Task RefuseAsync(IEnumerable<CmekRevocationMethod> methods)
    {
        if (neighbours is null)
        {
            context.Host.Warning(
                $"{cluster.Name}: CockroachDB Cloud is not asked, so it is not known whether other clusters use the "
                    + "same keys."
            );
            return;
        }

        await WaitAsync(neighbours);
        if (Losing(methods) is { Count: > 0 } others && !options.AllowSharedKey)
            throw Errors.KeyShared(cluster.Name, others);
        if (neighbours.Doubt is { } doubt)
            context.Host.Warning($"{cluster.Name}: {doubt}");
    }

    /// <summary>
    /// Whether a method may be tried where another one was refused: not if others would lose a key by it. What is not
    /// known in time does not stop it.
    /// </summary>
    public async Task<bool> MayTryAsync(CmekRevocationMethod method)
    {
        if (neighbours is null || options.AllowSharedKey)
            return true;
        await WaitAsync(neighbours);
        var others = Losing([method]);
        if (others.Count == 0)
            return true;
        lock (_withheld)
            if (!_withheld.Add(method))
                return false;
        context.Host.Warning(
            $"{cluster.Name}: {method} is not tried, because {string.Join(", ", others)} would lose a key too. To try "
                + $"it, run Revoke-CrdbCmek {ShellQuote.PowerShell(cluster.Name)} -Method {method} -AllowSharedKey"
        );
        return false;
    }

    /// <summary>Warns of the clusters that lose a key by one of the methods.</summary>
    public void Tell(IEnumerable<CmekRevocationMethod> methods)
    {
        if (Losing(methods) is { Count: > 0 } others)
            context.Host.Warning(
                $"{string.Join(", ", others)} {(others.Count == 1 ? "uses" : "use")} a key of {cluster.Name}, "
                    + "and will lose it too."
            );
    }

    /// <summary>The clusters that lose a key by one of the methods, as far as they are known now.</summary>
    public IReadOnlyList<string> Losing(IEnumerable<CmekRevocationMethod> methods) =>
        neighbours is null
            ? []
            : [.. methods.SelectMany(neighbours.SharingBy).Distinct().OrderBy(n => n, StringComparer.Ordinal)];

    private Task WaitAsync(Neighbours others) =>
        _waiting ??= others.WaitAsync(options.NeighbourPatience, context.CancellationToken);
}
