namespace CockroachCmek.Sandbox.Cloud;

/// <summary>The clusters of a new sandbox: several of each cloud, plan and state.</summary>
internal static class Fleet
{
    /// <param name="more">The number of further clusters, all with CMEK.</param>
    public static List<FleetCluster> Create(DateTimeOffset now, int more)
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
            // Two clusters with the same name and the same last twelve digits of the id.
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
            .. Enumerable.Range(1, more).Select(i => Further(i, made)),
        ];
    }

    /// <summary>True for a cluster that uses CMEK from the start.</summary>
    public static bool UsesCmek(FleetCluster cluster) =>
        cluster.Name == "prod-eu-old" || cluster.Name.StartsWith(Prefix, StringComparison.Ordinal);

    private const string Prefix = "fleet-";

    /// <summary>Two of three are on AWS. A few only are on Azure, whose RSA keys take long to generate.</summary>
    private static FleetCluster Further(int number, DateTimeOffset made)
    {
        var (provider, account, region) =
            number % 10 == 0 && number <= 100 ? ("AZURE", "", "centralindia")
            : number % 3 == 0 ? ("GCP", $"crl-sandbox-fleet-{number:D5}", "us-east4")
            : ("AWS", $"{200_000_000_000 + number}", "eu-west-1");
        return new FleetCluster($"{Prefix}{number:D5}", provider, account, [region]) { CreatedAt = made };
    }
}
