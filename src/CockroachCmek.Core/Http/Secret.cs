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

    /// <summary>The same secret, which can be sent in a header: visible ASCII characters only.</summary>
    /// <param name="parameter">The parameter of Connect-CrdbCloud, for the error.</param>
    /// <exception cref="CmekException">SecretMalformed.</exception>
    public Secret ForHeader(string parameter) =>
        _value.All(c => c is > ' ' and <= '~') ? this : throw Errors.SecretMalformed(parameter);

    /// <inheritdoc/>
    public override string ToString() => "(secret)";
}
