namespace CockroachCmek.Core.Access;

/// <summary>
/// An answer of three values. <see cref="Maybe"/> is what depends on something that cannot be seen; it is never taken
/// for a yes or for a no. The order of the values makes And the smaller and Or the greater of two.
/// </summary>
internal enum Truth
{
    /// <summary>Surely not.</summary>
    No,

    /// <summary>It depends.</summary>
    Maybe,

    /// <summary>Surely.</summary>
    Yes,
}

/// <summary>Logic of three values (Kleene).</summary>
internal static class TruthOperators
{
    /// <summary>Yes when both are; No when one is not.</summary>
    public static Truth And(this Truth one, Truth other) => one < other ? one : other;

    /// <summary>Yes when one is; No when neither is.</summary>
    public static Truth Or(this Truth one, Truth other) => one > other ? one : other;

    /// <summary>The opposite; Maybe stays Maybe.</summary>
    public static Truth Not(this Truth one) => Truth.Yes - (int)one;

    /// <summary>A certain answer.</summary>
    public static Truth ToTruth(this bool value) => value ? Truth.Yes : Truth.No;
}
