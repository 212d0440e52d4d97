using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Gcp.Access;

/// <summary>A value in a condition: known, or dependent on what only Google Cloud sees.</summary>
/// <param name="Known">A text, a time or true and false; null when it is not known.</param>
/// <param name="DependsOn">The attributes that a value depends on which is not known.</param>
internal sealed record CelValue(object? Known, IReadOnlyList<string> DependsOn)
{
    /// <summary>The time of the request, which is known now and will be another later.</summary>
    public static CelValue RequestTime { get; } = new(new CelRequestTime(), []);

    /// <summary>The value as an answer; what is not known is Maybe.</summary>
    public Truth Truth => Known is bool known ? known.ToTruth() : Truth.Maybe;

    public static CelValue Of(object known) => new(known, []);

    public static CelValue Unknown(params string[] dependsOn) => new(null, dependsOn);

    /// <summary>A value that is not known, because these are not or are combined in an unknown way.</summary>
    public static CelValue Unknown(IEnumerable<CelValue> values, params string[] others) =>
        new(null, [.. values.SelectMany(v => v.AllDependsOn).Concat(others).Distinct()]);

    /// <summary>Both; a known false makes the other side irrelevant.</summary>
    public CelValue And(CelValue other) => Join(other, Truth.And(other.Truth));

    /// <summary>Either; a known true makes the other side irrelevant.</summary>
    public CelValue Or(CelValue other) => Join(other, Truth.Or(other.Truth));

    /// <summary>The opposite.</summary>
    public CelValue Not() => Known is bool known ? Of(!known) : Unknown([this]);

    /// <summary>What the value depends on, the time of the request included.</summary>
    private IEnumerable<string> AllDependsOn => Known is CelRequestTime ? ["request.time"] : DependsOn;

    private CelValue Join(CelValue other, Truth truth) =>
        truth switch
        {
            Truth.Yes => Of(true),
            Truth.No => Of(false),
            _ => Unknown(new[] { this, other }.Where(v => v.Known is not bool)),
        };
}

/// <summary>Stands for the time of the request.</summary>
internal sealed record CelRequestTime;
