namespace CockroachCmek.Sandbox.Cloud;

/// <summary>The regions that the sandbox's CockroachDB Cloud offers: a choice of each provider's.</summary>
internal static class OfferedRegions
{
    private static readonly string[] Aws =
    [
        "us-east-1",
        "us-east-2",
        "us-west-2",
        "ca-central-1",
        "sa-east-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "eu-central-1",
        "eu-north-1",
        "eu-south-1",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-northeast-1",
    ];

    private static readonly string[] Gcp =
    [
        "us-central1",
        "us-east1",
        "us-east4",
        "us-west1",
        "us-west2",
        "northamerica-northeast1",
        "southamerica-east1",
        "europe-north1",
        "europe-west1",
        "europe-west2",
        "europe-west3",
        "europe-west4",
        "asia-south1",
        "asia-southeast1",
        "asia-northeast1",
        "australia-southeast1",
    ];

    private static readonly string[] Azure =
    [
        "eastus",
        "eastus2",
        "centralus",
        "westus2",
        "westus3",
        "canadacentral",
        "brazilsouth",
        "northeurope",
        "westeurope",
        "uksouth",
        "francecentral",
        "germanywestcentral",
        "centralindia",
        "southindia",
        "southeastasia",
        "japaneast",
        "australiaeast",
    ];

    /// <summary>Every region with its provider.</summary>
    public static IReadOnlyList<(string Name, string Provider)> All { get; } =
    [.. Aws.Select(r => (r, "AWS")), .. Gcp.Select(r => (r, "GCP")), .. Azure.Select(r => (r, "AZURE"))];
}
