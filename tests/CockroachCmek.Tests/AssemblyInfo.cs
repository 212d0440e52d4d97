// Cut-point tests touch nothing of the process and run beside each other, two at a time; the rest waits for them.
[assembly: Xunit.v3.Parallelization(MaxThreads = 2)]

namespace CockroachCmek.Tests;

/// <summary>Tests that set environment variables, or depend on what others set: one class at a time, when nothing else runs.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "One at a time";
}
