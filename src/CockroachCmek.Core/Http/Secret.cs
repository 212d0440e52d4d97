namespace CockroachCmek.Core.Http;

/// <summary>A secret that cannot be printed by accident: only <see cref="Reveal"/> returns it.</summary>
internal sealed class Secret
{
    private readonly string _value;

    /// <param name="value">The secret; not empty.</param>
    public Secret(string value)
    {
        if (string.IsNullOrEmpty(value))
            throw new ArgumentException("A secret is not empty.", nameof(value));
        _value = value;
    }

    /// <summary>The secret itself, for the one place that sends it.</summary>
    public string Reveal() => _value;

    /// <inheritdoc/>
    public override string ToString() => "(secret)";
}
