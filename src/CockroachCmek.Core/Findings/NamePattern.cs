using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Findings;

/// <summary>A name with the wildcards * and ?, whatever the case of its letters.</summary>
internal sealed class NamePattern
{
    private readonly Regex _expression;

    public NamePattern(string text)
    {
        Text = text;
        // Stars in a row match what one does, but would be tried in every way.
        var one = Regex.Replace(text, @"\*+", "*");
        _expression = new Regex(
            $"^{Regex.Escape(one).Replace(@"\*", ".*").Replace(@"\?", ".")}$",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline,
            TimeSpan.FromSeconds(1)
        );
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    public bool IsMatch(string name) => _expression.IsMatch(name);

    /// <inheritdoc/>
    public override string ToString() => Text;
}
