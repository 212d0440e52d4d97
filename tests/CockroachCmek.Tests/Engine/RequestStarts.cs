using System.Diagnostics.Tracing;

namespace CockroachCmek.Tests.Engine;

/// <summary>
/// Tells when an HttpClient of this process has started a request, so that a test can act while it runs.
/// </summary>
internal sealed class RequestStarts(string pathPart) : EventListener
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits until a request whose path contains the given part has started.</summary>
    public Task WaitAsync() => _started.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "System.Net.Http")
            EnableEvents(eventSource, EventLevel.Informational);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (
            eventData is { EventName: "RequestStart", Payload: { } payload }
            && payload.OfType<string>().Any(p => p.Contains(pathPart, StringComparison.Ordinal))
        )
            _started.TrySetResult();
    }
}
