using Xunit.Sdk;
using Xunit.v3;

// A session has clouds of its own, so classes run side by side.
[assembly: Xunit.v3.Parallelization(MaxThreads = 2)]
[assembly: TestCollectionOrderer(typeof(CockroachCmek.Tests.LongestFirst))]

namespace CockroachCmek.Tests;

/// <summary>
/// Starts the classes that take a minute before those that take a second, so that no thread waits alone for one of
/// them at the end. The cut points of HashiCorp Vault, which runs beside another cloud, take longest.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Order = ["VaultOn", "CutPoint", "LoadContext", "Peer"];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections
    )
        where TTestCollection : ITestCollection => [.. testCollections.OrderBy(Rank)];

    private static int Rank<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var rank = Array.FindIndex(Order, part =>
            collection.TestCollectionDisplayName.Contains(part, StringComparison.Ordinal)
        );
        return rank < 0 ? Order.Length : rank;
    }
}

/// <summary>
/// Classes that change the process (environment variables) or measure time. They run when nothing else does.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "One at a time";
}
