namespace CockroachCmek.Core.Manifest;

/// <summary>
/// Names the cause where a manifest has something else than a list or an object: most such files were made by
/// PowerShell's ConvertTo-Json.
/// </summary>
internal static class ManifestShapes
{
    private const string Deeper = "write the file with ConvertTo-Json -Depth 5";

    /// <summary>Why a node is not the list that is expected.</summary>
    public static string NotAList(Node node, string name) =>
        node switch
        {
            MapNode map when Has(map, "value") && Has(map, "Count") =>
                $"{name} is a list that Windows PowerShell wrapped into an object with value and Count: keep the list "
                    + "only",
            MapNode map when Has(map, "region") =>
                $"{name} is a list, and here is a single entry: put it into [ ] (YAML: begin it with '- '; PowerShell: "
                    + $"@(…) around the entry before ConvertTo-Json)",
            _ => Rendered(node) is { } rendered ? $"{name} is a list, and here is {rendered}" : $"{name} is a list",
        };

    /// <summary>Why a node is not the object that is expected.</summary>
    /// <param name="node">The node.</param>
    /// <param name="expected">What is expected: "key_spec is an object with type, uri and auth_principal".</param>
    public static string NotAnObject(Node node, string expected) =>
        Rendered(node) is { } rendered ? $"{expected}, and here is {rendered}" : expected;

    /// <summary>Why a text is not a value; null when nothing is known against it.</summary>
    public static string? NotAValue(Node node, string name) =>
        Rendered(node) is { } rendered ? $"{name} is {rendered}" : null;

    /// <summary>What a text is that PowerShell put in the place of an object; null for any other.</summary>
    private static string? Rendered(Node node) =>
        node is ScalarNode { Text: var text }
        && (
            (text.StartsWith("@{", StringComparison.Ordinal) && text.EndsWith("}", StringComparison.Ordinal))
            || text
                is "System.Object[]"
                    or "System.Collections.Hashtable"
                    or "System.Collections.Specialized.OrderedDictionary"
        )
            ? $"PowerShell's text for an object, '{Short(text)}': ConvertTo-Json stops at its -Depth; {Deeper}"
            : null;

    private static string Short(string text) => text.Length <= 40 ? text : text.Substring(0, 37) + "...";

    private static bool Has(MapNode map, string name) =>
        map.Fields.Any(f => string.Equals(f.Name, name, StringComparison.OrdinalIgnoreCase));
}
