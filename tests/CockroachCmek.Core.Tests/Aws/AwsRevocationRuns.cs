using System.Text.RegularExpressions;
using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Cloud;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Manifest;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>
/// Whole revocations on AWS, with a record, and the way back. CockroachDB Cloud is not asked: nobody would answer.
/// </summary>
internal sealed class AwsRevocationRuns : IDisposable
{
    public const string Region = "eu-west-1";
    public const string Elsewhere = "us-east-1";

    private readonly CustomerCloudTable _clouds = new([new AwsCustomerCloud()]);
    private readonly CrdbCloudClient _client = new(
        new CloudConnection(new Uri("https://cloud.invalid/"), new Secret("s"))
    );

    public AwsSandboxWorld World { get; } = AwsSandboxWorld.Start();

    public string Folder { get; } = Directory.CreateTempSubdirectory().FullName;

    public CrdbCluster Cluster { get; } = AwsWorld.ClusterIn(Region);

    public CmekRevocation Record => RevocationFile.Load(Assert.Single(Directory.GetFiles(Folder)));

    /// <summary>The cluster uses one of the two regions of its key.</summary>
    public async Task<(RevocationOptions Options, IReadOnlyList<CmekKey> Keys)> PrepareAsync(
        CmekRevocationMethod method
    )
    {
        var larger = Cluster with
        {
            Regions = [.. Cluster.Regions, new CrdbRegion { Name = Elsewhere, NodeCount = 3 }],
        };
        var keys = await World.KeysAsync(larger, multiRegion: true);
        World.Server.Clock.Advance(TimeSpan.FromMinutes(1));
        var manifest = new CmekManifest
        {
            Cluster = Cluster,
            RegionSpecs = [AwsWorld.SpecOf(keys.Single(k => k.Region == Region))],
        };
        return (
            new RevocationOptions
            {
                Method = method,
                KmsOnly = true,
                Path = Folder,
                Source = manifest,
            },
            keys
        );
    }

    public Task<(CmekRevocation Revocation, CmekException? Error)> RevokeAsync(
        RevocationOptions options,
        RecordingLog log,
        CancellationToken cancellation = default
    ) =>
        new CmekRevocations(_client, new CmekLifecycle(_client, new ManifestCheck(_clouds)), _clouds).RevokeAsync(
            Cluster,
            World.Provider,
            options,
            World.Context with
            {
                Host = log,
                CancellationToken = cancellation,
            }
        );

    public async Task<CmekException?> RestoreAsync(CmekRevocation record) =>
        (
            await new CmekRestoration(_client, _clouds).RestoreAsync(Cluster, record, World.Provider, World.Context)
        ).Error;

    /// <summary>Writes a statement into a key's policy with the vendor's client, as somebody else would.</summary>
    public async Task AddStatementAsync(CmekKey key, string sid, string principal)
    {
        var statement = KeyPolicyDocument.UseStatement(principal);
        (statement["Sid"], statement["Action"]) = (sid, "kms:Decrypt");
        await PutPolicyAsync(key, (await World.PolicyAsync(key.KeyUri)).With(statement).ToCompactString());
    }

    public Task PutPolicyAsync(CmekKey key, string policy) =>
        World.Kms(key.Region).PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key.KeyUri, Policy = policy });

    public Task CreateRoleAsync(string name) =>
        World.IamAsync(
            "CreateRole",
            ("RoleName", name),
            (
                "AssumeRolePolicyDocument",
                """{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"""
            )
        );

    /// <summary>Both keys and the role, without ids and times, which differ from run to run.</summary>
    public async Task<string> StateAsync()
    {
        var lines = new List<string>();
        var role = AwsNames.Default(Cluster);
        foreach (var action in new[] { "GetRole", "ListRolePolicies" })
            lines.Add((await World.IamAsync(action, ("RoleName", role))).Elements().First().ToString());
        foreach (var region in new[] { Region, Elsewhere })
        {
            var key = await World.DescribeAsync(region, AwsWorld.AliasOf(Cluster));
            var grants = await World.Kms(region).ListGrantsAsync(new ListGrantsRequest { KeyId = key.Arn });
            lines.Add($"{region}: {key.KeyState} {(await World.PolicyAsync(key.Arn)).ToCompactString()}");
            lines.AddRange(
                (grants.Grants ?? [])
                    .Select(g => $"{g.Name} {g.GranteePrincipal} {string.Join(",", g.Operations)}")
                    .Order(StringComparer.Ordinal)
            );
        }

        return Regex.Replace(string.Join("\n", lines), @"\d{4}-\d\d-\d\dT[\d:%A]+Z", "time");
    }

    public void Dispose()
    {
        _client.Dispose();
        World.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
