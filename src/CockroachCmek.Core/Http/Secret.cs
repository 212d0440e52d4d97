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

    /// <summary>
    /// A key or token as people paste it: without spaces at its ends, quotation marks around it, or the word Bearer of
    /// the header that it was copied from. None of these can be part of it.
    /// </summary>
    /// <returns>Null when nothing is left.</returns>
    public static Secret? Pasted(string text)
    {
        var value = text.Trim();
        if (value.Length > 1 && value[0] is '"' or '\'' && value[value.Length - 1] == value[0])
            value = value.Substring(1, value.Length - 2).Trim();
        foreach (var word in new[] { "Authorization:", "Bearer " })
            if (value.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                value = value.Substring(word.Length).Trim();
        return value.Length > 0 ? new Secret(value) : null;
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
