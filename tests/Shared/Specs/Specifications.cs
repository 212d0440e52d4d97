namespace CockroachCmek.Testing.Specs;

/// <summary>The vendors' specifications in tests/Specs. Each document is parsed once for all tests.</summary>
internal static class Specifications
{
    private static readonly Lazy<OpenApiValidator> Cmek = new(() => new(File("cockroach-cloud-cmek.openapi.json")));
    private static readonly Lazy<OpenApiValidator> Backups = new(() =>
        new(File("cockroach-cloud-openapi-2024-09-16-sdk7.1.0.json"))
    );
    private static readonly Lazy<DiscoveryValidator[]> Discovery = new(() =>
        [new(File("cloudkms.v1.discovery.json")), new(File("iam.v1.discovery.json"))]
    );
    private static readonly Lazy<AzureValidator> Keys = new(() =>
        new(File("azure-keyvault-keys-2025-07-01.condensed.json"))
    );
    private static readonly Lazy<AzureValidator> Roles = new(() =>
        new(File("azure-roleassignments-2022-04-01.condensed.json"))
    );
    private static readonly Lazy<IReadOnlyDictionary<string, BotocoreValidator>> Botocore = new(() =>
        new[] { "kms", "iam", "sts", "cloudtrail" }.ToDictionary(
            s => s,
            s => new BotocoreValidator(File($"botocore-{s}-service-2.json"))
        )
    );

    /// <summary>CockroachDB Cloud: clusters and CMEK.</summary>
    public static OpenApiValidator CockroachCloud => Cmek.Value;

    /// <summary>CockroachDB Cloud: backups, which the document of <see cref="CockroachCloud"/> leaves out.</summary>
    public static OpenApiValidator CockroachCloudBackups => Backups.Value;

    /// <summary>kms, iam, sts and cloudtrail of AWS, by service.</summary>
    public static IReadOnlyDictionary<string, BotocoreValidator> Aws => Botocore.Value;

    /// <summary>Cloud KMS and IAM of Google Cloud.</summary>
    public static IReadOnlyList<DiscoveryValidator> Gcp => Discovery.Value;

    /// <summary>Keys of Azure Key Vault.</summary>
    public static AzureValidator AzureKeys => Keys.Value;

    /// <summary>Role assignments of Azure Resource Manager.</summary>
    public static AzureValidator AzureRoles => Roles.Value;

    private static string File(string name) => Path.Combine(Repository.Root, "tests", "Specs", name);
}
