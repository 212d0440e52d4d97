using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Times and durations in protobuf's JSON format.</summary>
internal static class GcpTime
{
    public static string Write(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static string Write(TimeSpan duration) =>
        duration.TotalSeconds.ToString("0.#########", CultureInfo.InvariantCulture) + "s";

    public static TimeSpan? Duration(JsonObject message, string name)
    {
        if (GcpJson.Text(message, name) is not { } text)
            return null;
        return
            text.EndsWith("s", StringComparison.Ordinal)
            && double.TryParse(
                text.Substring(0, text.Length - 1),
                NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out var seconds
            )
            && Math.Abs(seconds) < 1e11
            ? TimeSpan.FromSeconds(seconds)
            : throw GcpException.Invalid(
                $"Invalid value at '{name}' (type.googleapis.com/google.protobuf.Duration), \"{text}\""
            );
    }

    public static DateTimeOffset? Instant(JsonObject message, string name)
    {
        if (GcpJson.Text(message, name) is not { } text)
            return null;
        return
            text.Contains('T')
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw GcpException.Invalid(
                $"Invalid value at '{name}' (type.googleapis.com/google.protobuf.Timestamp), \"{text}\""
            );
    }
}
