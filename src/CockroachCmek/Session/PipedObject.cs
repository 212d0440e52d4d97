using System.Collections;
using System.Management.Automation;

namespace CockroachCmek.Session;

/// <summary>
/// An object that lost its type on its way: a row of a CSV or JSON file, a selection, or one of this module's objects
/// from a job, a remote session or Export-Clixml.
/// </summary>
internal sealed class PipedObject
{
    private const string Mark = "Deserialized.";
    private readonly Func<string, object?> _read;

    private PipedObject(Func<string, object?> read, string type)
    {
        _read = read;
        Type = type.StartsWith(Mark, StringComparison.Ordinal) ? type[Mark.Length..] : "";
    }

    /// <summary>The name of the type that was deserialized; empty for a row or a selection.</summary>
    public string Type { get; }

    /// <summary>
    /// What names a cluster: the id if there is one, else a name. These are the columns that people's lists have.
    /// </summary>
    public string? Cluster => Text("ClusterId", "Id", "ClusterName", "Cluster", "Name");

    /// <summary>True for what a dry run returned: it stays planned when it has lost its type.</summary>
    public bool IsPlanned => bool.TryParse(Text(nameof(IPlannable.IsPlanned)), out var planned) && planned;

    /// <summary>
    /// The object, or null if it is something else. A process or a file also has an Id or a Name, and is no cluster.
    /// </summary>
    public static PipedObject? Of(object? input)
    {
        if (Unwrap(input) is IDictionary table)
            return new PipedObject(name => Find(table, name), "");
        if (input is not PSObject row || row.BaseObject is not PSCustomObject)
            return null;
        var piped = new PipedObject(
            name => row.Properties[name]?.Value,
            row.TypeNames.Count > 0 ? row.TypeNames[0] : ""
        );
        return piped.Type.Length == 0 || piped.Type.StartsWith("CockroachCmek.", StringComparison.Ordinal)
            ? piped
            : null;
    }

    /// <summary>The value of a property, without PowerShell's wrapping; null if there is none.</summary>
    public object? Value(string name) => _read(name);

    /// <summary>The first of these properties that holds text, trimmed; null if none does.</summary>
    public string? Text(params string[] names) =>
        names.Select(n => _read(n)?.ToString()?.Trim()).FirstOrDefault(t => !string.IsNullOrEmpty(t));

    internal static object? Unwrap(object? input) => input is PSObject wrapped ? wrapped.BaseObject : input;

    private static object? Find(IDictionary table, string name) =>
        table
            .Keys.OfType<string>()
            .Where(k => k.Equals(name, StringComparison.OrdinalIgnoreCase))
            .Select(k => table[k])
            .FirstOrDefault();
}
