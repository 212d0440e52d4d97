using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Report;

/// <summary>A cluster that a report is about, and what it can be read with.</summary>
internal sealed record ReportSubject
{
    /// <summary>The cluster.</summary>
    public required CrdbCluster Cluster { get; init; }

    /// <summary>The state of CMEK; null when it could not be read.</summary>
    public CmekInfo? Info { get; init; }

    /// <summary>The client of CockroachDB Cloud.</summary>
    public required CrdbCloudClient Client { get; init; }

    /// <summary>The customer's cloud.</summary>
    public required ICmekKeyProvider Keys { get; init; }

    /// <summary>The history of the session's clusters: one for the whole report.</summary>
    public required CmekHistory History { get; init; }

    /// <summary>The checks of a cluster.</summary>
    public required CmekHealth Health { get; init; }

    /// <summary>What the checks compare with.</summary>
    public required HealthOptions HealthOptions { get; init; }

    /// <summary>Why the cluster has no key of the customer; empty when it has, or when that is not known.</summary>
    public string NoKeys =>
        Info is { Regions: var regions } && regions.All(r => r.Keys.Count == 0)
            ? $"CMEK is {Info.Status}: the cluster has no key of yours."
            : "";
}
