using System.Globalization;
using System.Management.Automation;

namespace CockroachCmek.Session;

/// <summary>
/// Reads a number as seconds, as PowerShell's own waits do; the engine would read it as ticks. The duration must be
/// positive.
/// </summary>
internal sealed class DurationTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var duration = value switch
        {
            TimeSpan span => span,
            int or long or double or decimal => TimeSpan.FromSeconds(
                Convert.ToDouble(value, CultureInfo.InvariantCulture)
            ),
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) =>
                TimeSpan.FromSeconds(seconds),
            string text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) => span,
            _ => throw new ArgumentTransformationMetadataException(
                $"'{value}' is not a duration. Use seconds (90) or hours:minutes:seconds (00:01:30)."
            ),
        };
        return duration > TimeSpan.Zero
            ? duration
            : throw new ArgumentTransformationMetadataException("A duration must be longer than zero.");
    }
}
