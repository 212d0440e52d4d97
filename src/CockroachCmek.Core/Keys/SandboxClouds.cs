using System.Globalization;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys;

/// <summary>The clouds of the sandbox that a session is connected to, as the sandbox describes them.</summary>
/// <remarks>
/// The JSON stays inside: System.Text.Json of this load context is not the one that the cmdlets see.
/// </remarks>
internal sealed class SandboxClouds(JsonObject description)
{
    /// <summary>How many times faster than real time the sandbox's clock runs.</summary>
    public double TimeScale => (double?)description["timeScale"] ?? 1;

    /// <summary>
    /// A clock that shows the sandbox's time. It does not see when the sandbox is advanced in another process.
    /// </summary>
    public TimeProvider StartClock() =>
        new ScaledTimeProvider(
            TimeProvider.System,
            TimeScale,
            DateTimeOffset.TryParse(
                (string?)description["time"],
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var now
            )
                ? now
                : null
        );

    /// <summary>One cloud's part; null when the sandbox does not have the cloud.</summary>
    public IReadOnlyDictionary<string, string>? Find(string cloud) =>
        (description[cloud] as JsonObject)?.ToDictionary(
            p => p.Key,
            p => Convert.ToString(p.Value, CultureInfo.InvariantCulture) ?? ""
        );
}
