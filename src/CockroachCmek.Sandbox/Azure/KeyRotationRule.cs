using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// When a rotation policy adds a version, and when a version expires. Durations are ISO 8601 durations of years,
/// months, weeks and days.
/// </summary>
internal sealed record KeyRotationRule(
    string? RotateAfterCreate,
    string? RotateBeforeExpiry,
    string? Lifetime,
    string LifetimeActions,
    DateTimeOffset Created,
    DateTimeOffset Updated
)
{
    private static readonly Regex Duration = new(
        "^P(?:(\\d+)Y)?(?:(\\d+)M)?(?:(\\d+)W)?(?:(\\d+)D)?$",
        RegexOptions.CultureInvariant
    );

    /// <summary>
    /// Reads a rotation policy. Limits: expiry after at least 28 days, rotation at least 7 days after creation
    /// (learn.microsoft.com, "Configure key auto-rotation").
    /// </summary>
    public static KeyRotationRule Read(JsonObject body, DateTimeOffset created, DateTimeOffset now)
    {
        var lifetime = body.Object("attributes").Text("expiryTime");
        var actions = body["lifetimeActions"] as JsonArray ?? [];
        string? afterCreate = null,
            beforeExpiry = null;
        foreach (var item in actions.OfType<JsonObject>())
        {
            var (trigger, type) = (item.Object("trigger"), item.Object("action").Text("type") ?? "");
            var (after, before) = (trigger.Text("timeAfterCreate"), trigger.Text("timeBeforeExpiry"));
            foreach (var duration in new[] { after, before })
                if (duration is not null && Add(now, duration) is null)
                    throw AzureException.BadParameter(
                        $"The duration '{duration}' is not an ISO 8601 duration of years, months and days."
                    );
            if (after is not null && Add(now, after) < now.AddDays(7))
                throw AzureException.BadParameter(
                    "The time after create of a rotation policy must be at least 7 days."
                );
            if (!AzureDirectory.Same(type, "Rotate") && !AzureDirectory.Same(type, "Notify"))
                throw AzureException.BadParameter($"The action '{type}' is unknown.");
            if (before is not null && lifetime is null)
                throw AzureException.BadParameter("A trigger before expiry needs an expiry time.");
            if (AzureDirectory.Same(type, "Rotate"))
                (afterCreate, beforeExpiry) = (after, before);
        }

        if (lifetime is not null && !(Add(now, lifetime) >= now.AddDays(28)))
            throw AzureException.BadParameter("The expiry time of a rotation policy must be at least 28 days.");
        return new KeyRotationRule(afterCreate, beforeExpiry, lifetime, actions.ToJsonString(), created, now);
    }

    public DateTimeOffset? NextAfter(DateTimeOffset created) =>
        RotateAfterCreate is not null ? Add(created, RotateAfterCreate)
        : RotateBeforeExpiry is not null && ExpiryOf(created) is { } expiry ? Add(expiry, RotateBeforeExpiry, -1)
        : null;

    public DateTimeOffset? ExpiryOf(DateTimeOffset created) => Lifetime is null ? null : Add(created, Lifetime);

    /// <summary>The time plus the duration, or minus it; null if the text is not such a duration.</summary>
    private static DateTimeOffset? Add(DateTimeOffset time, string duration, int sign = 1)
    {
        var match = Duration.Match(duration);
        if (!match.Success || duration.Length < 3 || match.Groups.Cast<Group>().Skip(1).Any(g => g.Length > 3))
            return null;
        int Part(int group) =>
            match.Groups[group].Success ? sign * int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture) : 0;
        return time.AddYears(Part(1)).AddMonths(Part(2)).AddDays((7 * Part(3)) + Part(4));
    }
}
