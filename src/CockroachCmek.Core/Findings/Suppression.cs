namespace CockroachCmek.Core.Findings;

/// <summary>One accepted finding: of which check, where, why, and until when.</summary>
internal sealed record Suppression
{
    /// <summary>Its line in the file.</summary>
    public required int Line { get; init; }

    /// <summary>The check.</summary>
    public required CmekCheckDefinition Check { get; init; }

    /// <summary>Names or UUIDs of clusters.</summary>
    public required NamePattern Cluster { get; init; }

    /// <summary>Regions; null for every one, and for the cluster as a whole.</summary>
    public NamePattern? Region { get; init; }

    /// <summary>Keys; null for every one.</summary>
    public NamePattern? Key { get; init; }

    /// <summary>Why it is accepted.</summary>
    public required string Reason { get; init; }

    /// <summary>From when on it no longer applies: the end of the last day, in UTC.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>True for a check of a cluster that the entry is about, whatever its result.</summary>
    public bool IsAbout(CmekCheck check) => Cluster.IsMatch(check.ClusterName) || Cluster.IsMatch(check.ClusterId);

    /// <summary>True when it accepts this finding.</summary>
    public bool Covers(CmekCheck check) =>
        check.Status != CmekCheckStatus.Pass
        && check.Check == Check.Name
        && IsAbout(check)
        && Region?.IsMatch(check.Region) != false
        && Key?.IsMatch(check.KeyUri) != false;

    /// <inheritdoc/>
    public override string ToString() => $"line {Line} ({Check.Id} on {Cluster})";
}
