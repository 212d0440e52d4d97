using System.Diagnostics;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Core.Tests.Interleavings;

/// <summary>
/// Decides at every request of several runs which of them goes on. A request takes a millisecond of the sandbox's time;
/// longer waits pass at once when every run waits. The seed makes every decision.
/// </summary>
internal sealed class Interleaver
{
    private static readonly TimeSpan RequestTime = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// How long nothing must have happened, in real time, before the next decision: longer while a run that got a
    /// response has not shown itself, because it may only wait for the responses to its parallel requests.
    /// </summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(0.2);
    private static readonly TimeSpan LongQuiet = TimeSpan.FromMilliseconds(2);

    /// <summary>The same before time passes: a run may be connecting, with the timer of a timeout.</summary>
    private static readonly TimeSpan QuietOfAll = TimeSpan.FromMilliseconds(5);

    /// <summary>The timeout of a request: it is no wait, and never passes here.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromHours(23);

    private readonly object _gate = new();
    private readonly List<Request> _requests = [];
    private readonly List<VirtualTimer> _timers = [];
    private readonly HashSet<string> _live = [];
    private readonly HashSet<string> _busy = [];
    private long _lastEvent;

    /// <summary>The sandbox's clock, which only this object advances.</summary>
    public SandboxClock Clock { get; set; } = null!;

    /// <summary>Whose a request is; empty for one that is not held.</summary>
    public Func<SandboxRequest, string> NameOf { get; set; } = _ => "";

    /// <summary>The runs' names in the order in which their requests were let through, for a failed test.</summary>
    public List<string> Order { get; } = [];

    private sealed record Request(string Run, string What, TaskCompletionSource Arrived);

    /// <summary>The sandbox awaits this before it processes a request. Outside of a test nothing is held.</summary>
    public Task ArriveAsync(SandboxRequest request)
    {
        var name = NameOf(request);
        lock (_gate)
        {
            if (!_live.Contains(name))
                return Task.CompletedTask;
            var what = request.Header("X-Amz-Target")?.Split('.')[^1] ?? $"{request.Method} {request.Path}";
            var held = new Request(name, what, new(TaskCreationOptions.RunContinuationsAsynchronously));
            _requests.Add(held);
            Show(held.Run);
            return held.Arrived.Task;
        }
    }

    /// <summary>Runs all of them to their ends, one request at a time.</summary>
    /// <param name="runs">The Host by which the sandbox knows the requests of a run, and the run with its clock.</param>
    public async Task RunAsync(int seed, params (string Host, Func<TimeProvider, Task> Run)[] runs)
    {
        var random = new Random(seed);
        Order.Clear();
        lock (_gate)
            foreach (var (host, _) in runs)
                _live.Add(host);
        var tasks = runs.Select(r => EndAsync(r.Host, () => r.Run(new RunClock(this, r.Host)))).ToArray();
        var watchdog = Stopwatch.StartNew();
        while (!tasks.All(t => t.IsCompleted))
        {
            Assert.True(
                watchdog.Elapsed < TimeSpan.FromSeconds(60),
                "The runs do not go on: " + string.Join(" ", Order)
            );
            if (!Step(random))
                await Task.Delay(1); // no busy loop: other tests run beside this one
        }

        await Task.WhenAll(tasks);
    }

    private async Task EndAsync(string host, Func<Task> run)
    {
        try
        {
            await Task.Yield();
            await run();
        }
        finally
        {
            lock (_gate)
            {
                _live.Remove(host);
                Show(host);
            }
        }
    }

    /// <summary>Lets one request through, or the clock go on. False while a run is still working.</summary>
    private bool Step(Random random)
    {
        lock (_gate)
        {
            if (Stopwatch.GetElapsedTime(_lastEvent) < (_busy.Count > 0 ? LongQuiet : Quiet) || _live.Count == 0)
                return false;
            // A run that has neither a request nor a timer computes.
            if (!_live.All(l => _requests.Any(r => r.Run == l) || _timers.Any(t => t.Run == l)))
                return false;
            if (_requests.Count == 0)
            {
                if (Stopwatch.GetElapsedTime(_lastEvent) < QuietOfAll)
                    return false;
                Advance(_timers.Min(t => t.Due) - Clock.UtcNow);
                return true;
            }

            // First the run, so that one with many parallel requests gets no advantage.
            var runs = _requests.Select(r => r.Run).Distinct().Order(StringComparer.Ordinal).ToList();
            var run = runs[random.Next(runs.Count)];
            var request = _requests.First(r => r.Run == run);
            _requests.Remove(request);
            Order.Add($"{run} {request.What}");
            Advance(RequestTime);
            Show(run);
            _busy.Add(run);
            request.Arrived.SetResult();
            return true;
        }
    }

    /// <summary>Something happened in a run: it is not waiting for the rest of its requests only.</summary>
    private void Show(string run)
    {
        _busy.Remove(run);
        _lastEvent = Stopwatch.GetTimestamp();
    }

    private void Advance(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
            Clock.Advance(time);
        foreach (var timer in _timers.Where(t => t.Due <= Clock.UtcNow).ToList())
        {
            _timers.Remove(timer);
            Show(timer.Run);
            _busy.Add(timer.Run);
            ThreadPool.QueueUserWorkItem(_ => timer.Fire());
        }
    }

    /// <summary>The clock of one run: the sandbox's, with timers that the interleaver fires.</summary>
    private sealed class RunClock(Interleaver owner, string run) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => owner.Clock.UtcNow;

        public override long GetTimestamp() => owner.Clock.UtcNow.UtcTicks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new VirtualTimer(owner, run, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }

    private sealed class VirtualTimer(Interleaver world, string run, TimerCallback callback, object? state) : ITimer
    {
        public string Run => run;

        public DateTimeOffset Due { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (world._gate)
            {
                world._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan || dueTime == RequestTimeout)
                    return true;
                Due = world.Clock.UtcNow + dueTime;
                world._timers.Add(this);
                world.Show(run);
                return true;
            }
        }

        public void Dispose()
        {
            lock (world._gate)
            {
                if (world._timers.Remove(this))
                    world.Show(run);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
