using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>What an uncertain answer depends on.</summary>
/// <param name="Text">A condition key, "Principal", or the reason in words.</param>
/// <param name="Place">A place that could not be read; null for what only AWS sees.</param>
internal sealed record Cause(string Text, UnreadPlace? Place = null);

/// <summary>An answer of three values, with what it depends on when it is not certain.</summary>
internal sealed class Finding
{
    private Finding(Truth truth, IReadOnlyCollection<Cause> causes)
    {
        Truth = truth;
        Causes = causes;
    }

    /// <summary>Surely.</summary>
    public static Finding Yes { get; } = new(Truth.Yes, []);

    /// <summary>Surely not.</summary>
    public static Finding No { get; } = new(Truth.No, []);

    /// <summary>The answer.</summary>
    public Truth Truth { get; }

    /// <summary>What it depends on; empty when it is certain.</summary>
    public IReadOnlyCollection<Cause> Causes { get; }

    /// <summary>It depends on a cause.</summary>
    public static Finding Maybe(string cause) => new(Truth.Maybe, [new Cause(cause)]);

    /// <summary>It depends on a place that could not be read.</summary>
    public static Finding Unread(UnreadPlace place) => new(Truth.Maybe, [new Cause(place.Place, place)]);

    /// <summary>A truth, with the cause when it is uncertain.</summary>
    public static Finding Of(Truth truth, string cause) =>
        truth switch
        {
            Truth.Yes => Yes,
            Truth.No => No,
            _ => Maybe(cause),
        };

    /// <summary>Yes when both are; No when one is not.</summary>
    public Finding And(Finding other) => Join(Truth.And(other.Truth), other);

    /// <summary>Yes when one is; No when neither is.</summary>
    public Finding Or(Finding other) => Join(Truth.Or(other.Truth), other);

    private Finding Join(Truth truth, Finding other) =>
        truth switch
        {
            Truth.Yes => Yes,
            Truth.No => No,
            _ => new Finding(truth, [.. Causes.Concat(other.Causes).Distinct()]),
        };
}

/// <summary>The logic of many findings.</summary>
internal static class FindingLists
{
    /// <summary>Yes when all are.</summary>
    public static Finding All(this IEnumerable<Finding> findings) =>
        findings.Aggregate(Finding.Yes, (all, next) => all.And(next));

    /// <summary>Yes when one is.</summary>
    public static Finding Any(this IEnumerable<Finding> findings) =>
        findings.Aggregate(Finding.No, (any, next) => any.Or(next));
}
