using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>A cluster, its cloud, and the Vault that its keys are born in.</summary>
internal sealed class VaultScene(string cloud = "AWS")
{
    public const string Token = "planted-vault-token";
    public const string CloudSecret = "planted-cloud-secret";

    public CrdbCluster Cluster { get; } =
        new()
        {
            Id = "35c4abb2-bb66-46d7-afed-25ebef5ed2aa",
            Name = "prod",
            CloudProvider = cloud,
            Regions = [.. Regions(cloud).Select(r => new CrdbRegion { Name = r, NodeCount = 3 })],
        };

    public FakeVault Vault { get; } = new();

    public FakeCloud Cloud { get; } = new(cloud);

    public RecordingLog Log { get; init; } = new();

    public VaultCloudCredentials? Credentials { get; set; } =
        new()
        {
            UserName = "id",
            Password = new Secret(CloudSecret),
            ServiceAccountFile = "/etc/vault/agent.json",
        };

    public string? Namespace { get; init; }

    public VaultKeyOptions Options { get; init; } =
        new()
        {
            KeyCollection = cloud switch
            {
                "GCP" => "projects/p/locations/global/keyRings/r",
                "AZURE" => "kv-prod",
                _ => null,
            },
        };

    public string Principal =>
        cloud switch
        {
            "AWS" => "arn:aws:iam::111122223333:role/r",
            "GCP" => "crdb-cmek@my-project.iam.gserviceaccount.com",
            _ => "11111111-2222-3333-4444-555555555555",
        };

    public OperationContext Context =>
        new(Log, new ScaledTimeProvider(TimeProvider.System, 20_000), CancellationToken.None);

    public VaultKeyProvider Provider =>
        new(
            Cloud,
            new VaultConnection(new Uri("https://vault.example:8200"), new Secret(Token))
            {
                Handler = Vault,
                CloudCredentials = Credentials,
                Namespace = Namespace,
            }
        );

    public KeyRequest Request =>
        new()
        {
            Cluster = Cluster,
            AuthPrincipal = Principal,
            Regions = [.. Cluster.Regions.Select(r => r.Name)],
            Vault = Options,
        };

    public Task<IReadOnlyList<CmekKey>> EnsureAsync() => Provider.EnsureKeysAsync(Request, Context);

    public Task<CmekException> FailsAsync() => Assert.ThrowsAsync<CmekException>(EnsureAsync);

    public static RotationRequest InForce(
        CrdbCluster cluster,
        IEnumerable<CmekRegionSpec> specs,
        bool newKey = false,
        DateTimeOffset? takenUp = null
    ) =>
        new()
        {
            Cluster = cluster,
            NewKey = newKey,
            Regions =
            [
                .. specs.Select(s => new CmekRegionInfo
                {
                    Region = s.Region,
                    Keys =
                    [
                        new CmekKeyInfo
                        {
                            KeyType = s.KeySpec.Type,
                            KeyUri = s.KeyUri,
                            AuthPrincipal = s.AuthPrincipal,
                            CreatedAt = takenUp,
                        },
                    ],
                }),
            ],
        };

    public static IReadOnlyList<CmekRegionSpec> Specs(IEnumerable<CmekKey> keys) =>
        [
            .. keys.Select(k => new CmekRegionSpec
            {
                Region = k.Region,
                KeySpec = new CmekKeySpec
                {
                    Type = k.KeyType,
                    Uri = k.KeyUri,
                    AuthPrincipal = k.AuthPrincipal,
                },
            }),
        ];

    private static string[] Regions(string cloud) =>
        cloud switch
        {
            "AWS" => ["us-east-1", "us-west-2"],
            "GCP" => ["europe-west1", "us-east4"],
            _ => ["westeurope", "northeurope"],
        };
}
