namespace CockroachCmek.Sandbox.Cloud;

/// <summary>A region of a sandbox cluster.</summary>
public sealed record FleetRegion(string Name, int Nodes);

/// <summary>A sandbox cluster: what never changes of it, and what a rehearsal changes.</summary>
public sealed class FleetCluster
{
    internal FleetCluster(string name, string provider, string accountId, string[] regions, string? id = null)
    {
        Name = name;
        Provider = provider;
        AccountId = accountId;
        Regions = [.. regions.Select(r => new FleetRegion(r, 3))];
        Id = id ?? Guid.NewGuid().ToString("D");
        if (provider == "AZURE")
            AzureApplicationId = Guid.NewGuid().ToString("D");
    }

    /// <summary>UUID.</summary>
    public string Id { get; }

    /// <summary>Name.</summary>
    public string Name { get; }

    /// <summary>AWS, GCP or AZURE.</summary>
    public string Provider { get; }

    /// <summary>The provider's account that hosts the cluster.</summary>
    public string AccountId { get; }

    /// <summary>The application that the cluster acts as on Azure; null on other clouds.</summary>
    public string? AzureApplicationId { get; }

    /// <summary>BASIC, STANDARD or ADVANCED.</summary>
    public string Plan { get; init; } = "ADVANCED";

    /// <summary>Whether it was made with advanced security features.</summary>
    public bool AdvancedSecurity { get; init; } = true;

    /// <summary>Whether GET /cmek answers 404 while CMEK was never enabled: both answers are indicated by what is known of the API.</summary>
    public bool CmekUnknownUntilEnabled { get; init; }

    /// <summary>How often enabling fails before it works.</summary>
    public int EnableFailures { get; set; }

    /// <summary>Until when something other than CMEK holds the cluster.</summary>
    public DateTimeOffset? HeldUntil { get; set; }

    /// <summary>Regions, in the order they were added.</summary>
    public IReadOnlyList<FleetRegion> Regions { get; set; }

    /// <summary>When managed backups were taken, oldest first.</summary>
    internal List<DateTimeOffset> Backups { get; } = [];

    /// <summary>When the next is due.</summary>
    internal DateTimeOffset NextBackup { get; set; }

    /// <summary>CMEK.</summary>
    internal ClusterCmek Cmek { get; } = new();

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>The clusters of a new sandbox: several of each cloud and shape.</summary>
internal static class Fleet
{
    public static List<FleetCluster> Create(DateTimeOffset now)
    {
        var made = now.AddDays(-400);
        return
        [
            new FleetCluster("prod-eu", "AWS", "100000000001", ["eu-west-1", "eu-central-1"]) { CreatedAt = made },
            new FleetCluster("prod-us", "AWS", "100000000002", ["us-east-1", "us-east-2", "us-west-2"])
            {
                CreatedAt = made,
            },
            new FleetCluster("dev-aws", "AWS", "100000000003", ["us-east-1"])
            {
                CreatedAt = made,
                CmekUnknownUntilEnabled = true,
            },
            new FleetCluster("prod-eu-old", "AWS", "100000000004", ["eu-west-1"]) { CreatedAt = made },
            new FleetCluster("public-aws", "AWS", "100000000005", ["us-east-1"])
            {
                CreatedAt = made,
                AdvancedSecurity = false,
            },
            new FleetCluster("standard-aws", "AWS", "", ["us-east-1"])
            {
                CreatedAt = made,
                Plan = "STANDARD",
                AdvancedSecurity = false,
            },
            new FleetCluster("locked-aws", "AWS", "100000000007", ["us-west-2"])
            {
                CreatedAt = made,
                HeldUntil = now.AddMinutes(30),
            },
            new FleetCluster("flaky-aws", "AWS", "100000000008", ["us-east-1"])
            {
                CreatedAt = made,
                EnableFailures = 1,
            },
            // Two clusters that neither their name nor the last twelve digits of their ids tell apart.
            new FleetCluster("twin", "AWS", "100000000009", ["us-east-1"], "aaaaaaaa-0000-4000-8000-00000000abcd")
            {
                CreatedAt = made,
            },
            new FleetCluster("twin", "AWS", "100000000010", ["us-east-1"], "bbbbbbbb-0000-4000-8000-00000000abcd")
            {
                CreatedAt = made,
            },
            new FleetCluster("gcp-eu", "GCP", "crl-sandbox-gcp-eu", ["europe-west1", "europe-west4"])
            {
                CreatedAt = made,
            },
            new FleetCluster("gcp-us", "GCP", "crl-sandbox-gcp-us", ["us-east4"]) { CreatedAt = made },
            new FleetCluster("azure-in", "AZURE", "", ["centralindia"]) { CreatedAt = made },
            new FleetCluster("azure-eu", "AZURE", "", ["westeurope", "northeurope"]) { CreatedAt = made },
        ];
    }
}
