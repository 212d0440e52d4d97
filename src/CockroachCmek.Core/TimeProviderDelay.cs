#if NET
namespace CockroachCmek.Core;

/// <summary>
/// A delay on an injected clock: .NET Framework has it in Microsoft.Bcl.TimeProvider, .NET as an overload of
/// Task.Delay.
/// </summary>
internal static class TimeProviderDelay
{
    public static Task Delay(this TimeProvider time, TimeSpan delay, CancellationToken cancellationToken) =>
        Task.Delay(delay, time, cancellationToken);
}
#endif
