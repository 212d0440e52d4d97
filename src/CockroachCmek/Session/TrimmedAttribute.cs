using System.Collections;
using System.Management.Automation;

namespace CockroachCmek.Session;

/// <summary>
/// Removes what pasting adds to the ends of a text: spaces, line breaks and characters that are not shown. Objects of
/// other types stay as they are.
/// </summary>
internal sealed class TrimmedAttribute : ArgumentTransformationAttribute
{
    private static readonly char[] NotShown = ['\uFEFF', '\u200B', '\u200C', '\u200D', '\u2060'];

    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            string text => Trim(text),
            IList many when many.OfType<object?>().Any(IsText) => many.Cast<object?>().Select(Trim).ToArray(),
            _ => inputData,
        };

    private static bool IsText(object? item) => (item is PSObject wrapped ? wrapped.BaseObject : item) is string;

    private static object? Trim(object? item) =>
        (item is PSObject wrapped ? wrapped.BaseObject : item) is string text ? Trim(text) : item;

    private static string Trim(string text)
    {
        for (var before = -1; before != text.Length; )
        {
            before = text.Length;
            text = text.Trim().Trim(NotShown);
        }

        return text;
    }
}
