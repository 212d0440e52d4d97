using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Testing;
using static CockroachCmek.Core.Tests.Cloud.ScriptedHandler;

namespace CockroachCmek.Core.Tests.Cloud;

/// <summary>A cluster, a manifest and a client whose responses are scripted.</summary>
public abstract class CloudWorld
{
    private protected const string Id = "35c4abb2-bb66-46d7-afed-25ebef5ed2aa";
    private protected const string Secret = "planted-secret";

    private protected static readonly CrdbCluster Cluster = new()
    {
        Id = Id,
        Name = "prod",
        Plan = "ADVANCED",
        State = "CREATED",
        CloudProvider = "AWS",
        AccountId = "999999999999",
        Regions = [new CrdbRegion { Name = "us-east-1", NodeCount = 3 }],
    };

    private protected static readonly CmekManifest Manifest = new()
    {
        Cluster = Cluster,
        RegionSpecs =
        [
            new CmekRegionSpec
            {
                Region = "us-east-1",
                KeySpec = new CmekKeySpec
                {
                    Type = "AWS_KMS",
                    Uri = "arn:aws:kms:us-east-1:111122223333:key/k",
                    AuthPrincipal = "arn:aws:iam::111122223333:role/r",
                },
            },
        ],
    };

    private protected readonly RecordingLog _log = new();

    private protected OperationContext Context =>
        new(_log, new ScaledTimeProvider(TimeProvider.System, 2_000), CancellationToken.None);

    private protected static string Cmek(string status, params (string Status, string Uri, string Created)[] keys)
    {
        var infos = string.Join(
            ",",
            keys.Select(k =>
                $$$"""{"status":"{{{k.Status}}}","created_at":"{{{k.Created}}}T00:00:00Z","spec":{"type":"AWS_KMS","uri":"{{{k.Uri}}}","auth_principal":"arn:aws:iam::111122223333:role/r"}}"""
            )
        );
        return $$"""{"status":"{{status}}","region_infos":[{"region":"us-east-1","status":"{{status}}","key_infos":[{{infos}}]}]}""";
    }

    private protected static CrdbCloudClient Client(ScriptedHandler handler) =>
        new(
            new CloudConnection(new Uri("https://example.com/"), new Secret(Secret))
            {
                Handler = handler,
                Time = new ScaledTimeProvider(TimeProvider.System, 2_000),
                TimeScale = 2_000,
            }
        );
}
