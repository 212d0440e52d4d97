using System.Globalization;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Durations and times as Google's JSON has them.</summary>
internal static class GcpDuration
{
    /// <summary>A duration in whole seconds, for example 7776000s.</summary>
    public static string Format(TimeSpan duration) => $"{(long)duration.TotalSeconds}s";

    /// <summary>Reads a duration; null when there is none.</summary>
    public static TimeSpan? Parse(string? text) =>
        text is not null
        && double.TryParse(text.TrimEnd('s'), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;

    /// <summary>A time as RFC 3339.</summary>
    public static string FormatTime(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
