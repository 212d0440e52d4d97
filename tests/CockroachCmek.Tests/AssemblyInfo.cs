// A session has clouds of its own, so classes run side by side.
[assembly: Xunit.v3.Parallelization(MaxThreads = 2)]

namespace CockroachCmek.Tests;

/// <summary>
/// Classes that change the process (environment variables) or measure time. They run when nothing else does.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "One at a time";
}
