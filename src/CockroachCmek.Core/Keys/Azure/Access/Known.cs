using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Azure.Access;

/// <summary>
/// An answer between two bounds, because something could not be read: what it is at least and at most. The bounds are
/// equal when everything was read. <see cref="Truth.Maybe"/> stands for a condition.
/// </summary>
internal readonly record struct Known(Truth Least, Truth Most)
{
    /// <summary>Nothing is known.</summary>
    public static Known Nothing { get; } = new(Truth.No, Truth.Yes);

    public static Known No { get; } = Of(Truth.No);

    public static Known Yes { get; } = Of(Truth.Yes);

    public static Known Of(Truth truth) => new(truth, truth);

    public Known And(Known other) => new(Least.And(other.Least), Most.And(other.Most));

    public Known Or(Known other) => new(Least.Or(other.Least), Most.Or(other.Most));

    public Known Not() => new(Most.Not(), Least.Not());
}
