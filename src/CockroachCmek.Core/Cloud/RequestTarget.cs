namespace CockroachCmek.Core.Cloud;

/// <summary>What a request to CockroachDB Cloud is about. Only a cluster has a command that shows its state.</summary>
internal readonly record struct RequestTarget
{
    private RequestTarget(string name, bool isCluster)
    {
        Name = name;
        IsCluster = isCluster;
    }

    /// <summary>The organization of the API key.</summary>
    public static RequestTarget Organization { get; } = new("the organization", isCluster: false);

    /// <summary>All clusters of the organization.</summary>
    public static RequestTarget Clusters { get; } = new("the list of clusters", isCluster: false);

    /// <summary>A cluster whose response does not say which.</summary>
    public static RequestTarget ACluster { get; } = new("a cluster", isCluster: false);

    /// <summary>The audit log of the organization.</summary>
    public static RequestTarget AuditLog { get; } = new("the audit log", isCluster: false);

    /// <summary>The name or id of a cluster, or a description.</summary>
    public string Name { get; }

    /// <summary>True for a cluster: it can be busy, and Get-CrdbCluster shows it.</summary>
    public bool IsCluster { get; }

    /// <summary>One cluster.</summary>
    /// <param name="nameOrId">As the user knows it.</param>
    public static RequestTarget Cluster(string nameOrId) => new(nameOrId, isCluster: true);

    /// <summary>The cluster, by its name.</summary>
    public static implicit operator RequestTarget(CrdbCluster cluster) => Cluster(cluster.Name);

    /// <summary>In the words of a message: a name is quoted, a description is not.</summary>
    public override string ToString() => IsCluster ? $"'{Name}'" : Name;
}
