#if NET
namespace CockroachCmek.Core;

/// <summary>The one spelling of a delay on an injected clock: .NET Framework has it from Microsoft.Bcl.TimeProvider, .NET as a Task.Delay overload.</summary>
internal static class TimeProviderDelay
{
    public static Task Delay(this TimeProvider time, TimeSpan delay, CancellationToken cancellationToken) =>
        Task.Delay(delay, time, cancellationToken);
}
#endif
