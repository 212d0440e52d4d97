namespace CockroachCmek.Core.Tests;

/// <summary>What the linked tests call and .NET Framework lacks.</summary>
internal static class FrameworkText
{
    /// <summary>.NET Framework compares ordinally in Replace.</summary>
    public static string Replace(this string text, string old, string value, StringComparison comparison) =>
        comparison == StringComparison.Ordinal ? text.Replace(old, value) : throw new NotSupportedException();
}
