using System.Globalization;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// A cluster's key and the keys that rotations put in its place, as their labels connect them. All are in one key ring.
/// </summary>
/// <param name="name">A key of the line.</param>
/// <param name="keys">All keys of its ring.</param>
internal sealed class GcpKeyLine(GcpKeyName name, IReadOnlyList<CryptoKey> keys)
{
    /// <summary>Leaves five characters for the suffix.</summary>
    private const int MaxStemLength = 58;

    private readonly CryptoKey? _key = keys.FirstOrDefault(k => k.Name == name.ToString());

    /// <summary>
    /// The first key of the line, which is the key itself if it replaces none; null when it was deleted.
    /// </summary>
    public CryptoKey? First =>
        _key is null ? null
        : GcpLabels.Read(_key, GcpLabels.First) is { } first
            ? keys.FirstOrDefault(k => GcpLabels.Value(IdOf(k)) == first)
        : _key;

    /// <summary>How the first key is to name this one as in force; null when this is the first.</summary>
    public string? ExpectedInForceLabel => First?.Name == _key?.Name ? null : GcpLabels.Value(name.Id);

    /// <summary>True when the first key does not name this one as in force.</summary>
    public bool NeedsSettling => First is { } first && GcpLabels.Read(first, GcpLabels.InForce) != ExpectedInForceLabel;

    /// <summary>
    /// A key that replaces this one and was created after the cluster wrapped with it: by an interrupted run. One that
    /// is disabled was taken back by the run that created it.
    /// </summary>
    public CryptoKey? FindSuccessor(CrdbCluster cluster, DateTimeOffset wrappedSince) =>
        keys.FirstOrDefault(k =>
            GcpLabels.Read(k, GcpLabels.Replaces) == GcpLabels.Value(name.Id)
            && GcpLabels.Read(k, GcpLabels.ClusterId) == cluster.Id
            && k.CreateTime > wrappedSince
            && k.Primary?.State != "DISABLED"
        );

    /// <summary>
    /// The name of the next key: that of the first and -r2, -r3 and so on. Lower-case, as labels have to hold it.
    /// </summary>
    public GcpKeyName NextName()
    {
        var first = (_key is null ? null : GcpLabels.Read(_key, GcpLabels.First)) ?? GcpLabels.Value(name.Id);
        var stem = first.Length > MaxStemLength ? first.Substring(0, MaxStemLength) : first;
        var used = keys.Select(k => Regex.Match(IdOf(k), $"^{Regex.Escape(stem)}-r(\\d{{1,4}})$"))
            .Where(m => m.Success)
            .Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
        return name with { Id = $"{stem}-r{used.DefaultIfEmpty(1).Max() + 1}" };
    }

    /// <summary>The name after one that <see cref="NextName"/> returned.</summary>
    public static GcpKeyName NameAfter(GcpKeyName name)
    {
        var digits = name.Id.LastIndexOf("-r", StringComparison.Ordinal) + 2;
        var number = int.Parse(name.Id.Substring(digits), CultureInfo.InvariantCulture);
        return name with { Id = $"{name.Id.Substring(0, digits)}{number + 1}" };
    }

    private static string IdOf(CryptoKey key) => key.Name?.Split('/').Last() ?? "";
}
