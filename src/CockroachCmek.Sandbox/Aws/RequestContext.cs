namespace CockroachCmek.Sandbox.Aws;

/// <summary>The condition keys of one request. Their names have no case.</summary>
internal sealed class RequestContext
{
    private readonly Dictionary<string, string[]> _values = new(StringComparer.OrdinalIgnoreCase);

    public RequestContext() { }

    private RequestContext(RequestContext other)
    {
        foreach (var pair in other._values)
            _values[pair.Key] = pair.Value;
    }

    /// <summary>The values of a key; null when the request does not have it.</summary>
    public string[]? this[string key] => _values.TryGetValue(key, out var values) ? values : null;

    /// <summary>The same request with a further key; null leaves the key out.</summary>
    public RequestContext With(string key, params string[]? values)
    {
        var context = new RequestContext(this);
        if (values is null)
            context._values.Remove(key);
        else
            context._values[key] = values;
        return context;
    }

    /// <summary>The same request with further keys.</summary>
    public RequestContext With(IEnumerable<KeyValuePair<string, string>> keys)
    {
        var context = new RequestContext(this);
        foreach (var pair in keys)
            context._values[pair.Key] = [pair.Value];
        return context;
    }
}
