namespace CockroachCmek.Testing.Specs;

/// <summary>The vendors' specifications in tests/Specs. Each document is parsed once for all tests.</summary>
internal static class Specifications
{
    private static readonly Lazy<OpenApiValidator> Cmek = new(() => new(File("cockroach-cloud-cmek.openapi.json")));
    private static readonly Lazy<OpenApiValidator> Backups = new(() =>
        new(File("cockroach-cloud-openapi-2024-09-16-sdk7.1.0.json"))
    );
    private static readonly Lazy<DiscoveryValidator[]> Discovery = new(() =>
        [
            .. new[]
            {
                "cloudkms.v1",
                "iam.v1",
                "cloudresourcemanager.v1",
                "cloudresourcemanager.v3",
                "logging.v2",
            }.Select(api => new DiscoveryValidator(File($"{api}.discovery.json"))),
        ]
    );
    private static readonly Lazy<AzureValidator> Keys = new(() =>
        new(File("azure-keyvault-keys-2025-07-01.condensed.json"))
    );
    private static readonly Lazy<AzureValidator> Logs = new(() =>
        new(File("azure-loganalytics-2022-10-27.condensed.json"))
    );
    private static readonly Lazy<AzureValidator[]> ResourceManager = new(() =>
        [
            new(File("azure-roleassignments-2022-04-01.condensed.json")),
            new(File("azure-diagnosticsettings-2021-05-01-preview.condensed.json")),
            new(File("azure-workspaces-2023-09-01.condensed.json")),
            new(File("azure-activitylogs-2015-04-01.condensed.json")),
        ]
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

    /// <summary>Cloud KMS, IAM, Resource Manager and Logging of Google Cloud.</summary>
    public static IReadOnlyList<DiscoveryValidator> Gcp => Discovery.Value;

    /// <summary>Keys of Azure Key Vault.</summary>
    public static AzureValidator AzureKeys => Keys.Value;

    /// <summary>The documents of one of Azure's hosts.</summary>
    public static IReadOnlyList<AzureValidator> Azure(string host) =>
        host.EndsWith("vault.azure.net", StringComparison.Ordinal) ? [AzureKeys]
        : host.StartsWith("management.", StringComparison.Ordinal) ? ResourceManager.Value
        : host.StartsWith("api.loganalytics.", StringComparison.Ordinal) ? [Logs.Value]
        : [];

    private static string File(string name) => Path.Combine(Repository.Root, "tests", "Specs", name);
}
