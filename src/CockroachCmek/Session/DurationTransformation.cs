using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace CockroachCmek.Session;

/// <summary>
/// Reads a number as seconds, as PowerShell's own waits do, or as days for an age; the engine would read it as ticks.
/// A number with a unit says it itself: 90d, 12h, 30m, 45s. The duration must be positive.
/// </summary>
internal sealed class DurationTransformationAttribute : ArgumentTransformationAttribute
{
    private static readonly Regex WithUnit = new(
        @"^\s*(?<number>\d+(\.\d+)?)\s*(?<unit>[dhms])\s*$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    );

    /// <summary>True for an age: a plain number is days. Default: seconds.</summary>
    public bool InDays { get; set; }

    private TimeSpan Unit => InDays ? TimeSpan.FromDays(1) : TimeSpan.FromSeconds(1);

    private string Examples =>
        InDays
            ? "days (90, or 90d) or days.hours:minutes:seconds (90.00:00:00)"
            : "seconds (90), a number with a unit (90s, 15m, 2h) or hours:minutes:seconds (00:01:30)";

    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var duration = value switch
        {
            TimeSpan span => span,
            int or long or double or decimal => Times(Convert.ToDouble(value, CultureInfo.InvariantCulture), Unit),
            string text => Parse(text),
            _ => throw NotADuration(value),
        };
        return duration > TimeSpan.Zero
            ? duration
            : throw new ArgumentTransformationMetadataException("A duration must be longer than zero.");
    }

    private TimeSpan Parse(string text)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return Times(number, Unit);
        if (WithUnit.Match(text) is { Success: true } match)
            return Times(
                double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture),
                match.Groups["unit"].Value.ToLowerInvariant() switch
                {
                    "d" => TimeSpan.FromDays(1),
                    "h" => TimeSpan.FromHours(1),
                    "m" => TimeSpan.FromMinutes(1),
                    _ => TimeSpan.FromSeconds(1),
                }
            );
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) ? span : throw NotADuration(text);
    }

    private TimeSpan Times(double number, TimeSpan unit)
    {
        var seconds = number * unit.TotalSeconds;
        return Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw NotADuration(number);
    }

    private ArgumentTransformationMetadataException NotADuration(object? value) =>
        new(FormattableString.Invariant($"'{value}' is not a duration that can be used. Use {Examples}."));
}
