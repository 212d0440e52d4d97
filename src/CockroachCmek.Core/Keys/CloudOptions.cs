namespace CockroachCmek.Core.Keys;

/// <summary>Values of cmdlet parameters that only some clouds have, by the parameter's name.</summary>
internal sealed class CloudOptions
{
    /// <summary>No options.</summary>
    public static CloudOptions None { get; } = new(new Dictionary<string, object>());

    private readonly IReadOnlyDictionary<string, object> _values;

    public CloudOptions(IReadOnlyDictionary<string, object> values) => _values = values;

    /// <summary>Names of the parameters that were given.</summary>
    public IEnumerable<string> Names => _values.Keys;

    /// <summary>The value of a parameter; default when it was not given.</summary>
    /// <typeparam name="T">The parameter's type, nullable for a value type.</typeparam>
    public T? Get<T>(string name) => _values.TryGetValue(name, out var value) ? (T)value : default;

    /// <summary>The same options without some of them.</summary>
    public CloudOptions Without(params string[] names) =>
        new(_values.Where(v => !names.Contains(v.Key)).ToDictionary(v => v.Key, v => v.Value));

    /// <summary>The same options with one more value; unchanged when the value is null.</summary>
    public CloudOptions With(string name, object? value)
    {
        if (value is null)
            return this;
        var values = _values.ToDictionary(v => v.Key, v => v.Value);
        values[name] = value;
        return new CloudOptions(values);
    }
}
