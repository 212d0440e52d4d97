using System.Text.Json.Nodes;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Tests.Aws;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>The matrix on AWS.</summary>
public sealed class AwsMatrix : MatrixCloud
{
    private const string UseKeys = """
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*",
         "Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey*","kms:DescribeKey","kms:ReEncrypt*"]}]}
        """;

    private const string Stranger = "Stranger";
    private const string Elsewhere = "ca-central-1";

    internal static ICustomerCloud Cloud { get; } = new AwsCustomerCloud();

    /// <summary>The states that this cloud does not have, with the reason.</summary>
    internal static IReadOnlyDictionary<MatrixState, string> Absent { get; } =
        new Dictionary<MatrixState, string>
        {
            [MatrixState.InheritedGrant] = "AWS has no policy above a key that grants its use.",
            [MatrixState.GroupGrant] = "IAM groups have users only, no roles.",
        };

    internal override string Name => Cloud.DisplayName;

    private protected override (string Cluster, string Neighbour) Names => ("prod-eu", "dev-aws");

    /// <summary>The second region's key is a multi-region one, so that it can have replicas.</summary>
    private protected override CloudOptions KeyOptions(string region) =>
        region == "eu-central-1" ? CloudOptions.None.With("MultiRegion", true) : CloudOptions.None;

    private protected override IReadOnlyList<(CmekRegionSpec Key, CmekRegionSpec Of)> Copies =>
        Server.Aws.Locked(
            (_, kms) =>
                InForce
                    .Select(k => (Key: CopyOf(k), Of: k))
                    .Where(k => k.Key.KeyUri != k.Of.KeyUri && kms.Find(k.Key.KeyUri) is not null)
                    .ToList()
        );

    private protected override IKeyUser User => new AwsKeyUser(Server.Aws);

    private protected override ICmekKeyProvider Connect(bool expired) =>
        new AwsKeyProvider(
            new AwsCustomerCloud(),
            new AwsConnection
            {
                Endpoint = Server.AwsEndpoint,
                AccessKeyId = expired ? "AKIAEXPIREDEXPIRED00" : Server.Aws.AccessKeyId,
                SecretAccessKey = new Secret(Server.Aws.SecretAccessKey),
            }
        );

    internal override string Dump()
    {
        var lines = new List<string>();
        Server.Aws.Prepare(
            (data, _, kms) =>
            {
                foreach (var key in data.Keys)
                {
                    lines.Add($"{key.Arn} {(key.DeletionDate is null ? kms.State(key) : "PendingDeletion")}");
                    lines.AddRange(Statements(key.Policy).Select(s => $"{key.Arn} {s}"));
                }

                foreach (var role in data.Roles.Values)
                {
                    lines.AddRange(Statements(role.Trust).Select(s => $"{role.Arn} trusts {s}"));
                    lines.AddRange(
                        role.Inline.SelectMany(p => Statements(p.Value).Select(s => $"{role.Arn} {p.Key} {s}"))
                    );
                    lines.AddRange(role.Attached.Select(a => $"{role.Arn} attached {a}"));
                }

                lines.AddRange(
                    data.Grants.Select(g => $"grant {g.Key.Arn} {g.Grantee} {string.Join(",", g.Operations)}")
                );
            }
        );
        return string.Join("\n", lines.Order(StringComparer.Ordinal));
    }

    private protected override void Arrange(MatrixState state)
    {
        switch (state)
        {
            case MatrixState.StalePrincipal:
                Change(InForce[0], AddStale);
                break;
            case MatrixState.GrantsLocked:
                Forbid("*", "kms:PutKeyPolicy");
                break;
            case MatrixState.IdentityLocked:
                Forbid("*", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:UpdateAssumeRolePolicy");
                break;
            case MatrixState.KeysLocked:
                Forbid("*", "kms:DisableKey");
                break;
            case MatrixState.PastKeyUnreadable:
                Forbid(Past.KeyUri, "kms:*");
                break;
            case MatrixState.PastKeyUnchangeable:
                Forbid(Past.KeyUri, "kms:PutKeyPolicy", "kms:DisableKey");
                break;
            case MatrixState.PastKeyDeleted:
                Change(Past, (key, _, _) => key.DeletionDate = Server.Clock.UtcNow.AddDays(30));
                break;
            case MatrixState.ExtraReplica:
                Change(InForce.Single(k => AwsKeyArn.Parse(k.KeyUri).IsMultiRegion), Replicate);
                break;
            case MatrixState.IdentityPolicy:
                foreach (var spec in InForce)
                    Change(spec, UseIdentityPolicy);
                break;
            case MatrixState.KeyUnreachable:
                Add(KeyFault, "aws", AwsKeyArn.Parse(InForce[1].KeyUri).KeyId);
                break;
        }
    }

    private protected override void TakeObstaclesAway() => Server.Aws.Settings.ClearOrganizationPolicies();

    internal override void ChangeAsStranger(bool undo)
    {
        foreach (var spec in InForce)
            Change(spec, (key, data, _) =>
            {
                SetStatements(key, statements =>
                {
                    statements.RemoveAll(s => (string?)s["Sid"] == Stranger);
                    if (!undo)
                        statements.Add(Allow(Stranger, $"arn:aws:iam::{Server.Aws.AccountId}:root"));
                });
                var role = data.Roles.Values.Single(r => r.Arn == spec.AuthPrincipal);
                if (undo)
                    role.Inline.Remove(Stranger);
                else
                    role.Inline[Stranger] = PolicyDocument.ParseIdentity(
                        UseKeys.Replace("kms:", "s3:Get", StringComparison.Ordinal)
                    );
            });
    }

    private protected override bool IsWrite(RecordedExchange exchange) =>
        exchange.Request.Service == "aws"
        && !new[] { "Describe", "Get", "List", "Simulate" }.Any(read =>
            AwsSandboxWorld.OperationOf(exchange.Request).StartsWith(read, StringComparison.Ordinal)
        );

    private void Forbid(string resource, params string[] actions) =>
        Server.Aws.Settings.AddServiceControlPolicy(
            new JsonObject
            {
                ["Version"] = "2012-10-17",
                ["Statement"] = new JsonObject
                {
                    ["Effect"] = "Deny",
                    ["Action"] = new JsonArray([.. actions.Select(a => (JsonNode)a)]),
                    ["Resource"] = resource,
                },
            }.ToJsonString()
        );

    private void Change(CmekRegionSpec spec, Action<KmsKey, AwsData, CmekRegionSpec> change) =>
        Server.Aws.Prepare((data, _, kms) => change(kms.Find(spec.KeyUri)!, data, spec));

    /// <summary>The key's replica in the region that the cluster does not use.</summary>
    private static CmekRegionSpec CopyOf(CmekRegionSpec spec) =>
        CmekRegionSpec.Create(
            Elsewhere,
            spec.KeyType,
            spec.KeyUri.Replace(":eu-central-1:", $":{Elsewhere}:", StringComparison.Ordinal),
            spec.AuthPrincipal
        );

    private void Replicate(KmsKey key, AwsData data, CmekRegionSpec spec) =>
        data.Keys.Add(
            new KmsKey(Elsewhere, Server.Aws.AccountId, key.Id, key.Material, key.Created)
            {
                Policy = key.Policy,
                PolicyPrincipals = key.PolicyPrincipals,
                MultiRegion = true,
                PrimaryRegion = key.Region,
            }
        );

    private void AddStale(KmsKey key, AwsData data, CmekRegionSpec spec)
    {
        var gone = $"arn:aws:iam::{Server.Aws.AccountId}:role/former-app";
        SetStatements(key, statements => statements.Add(Allow("Former application", gone)));
        key.PolicyPrincipals = new Dictionary<string, string>(
            key.PolicyPrincipals.ToDictionary(p => p.Key, p => p.Value)
        )
        {
            [gone] = "AROAFORMERAPPLICATION",
        };
    }

    private static void UseIdentityPolicy(KmsKey key, AwsData data, CmekRegionSpec spec)
    {
        var role = data.Roles.Values.Single(r => r.Arn == spec.AuthPrincipal);
        role.Inline["use-key"] = PolicyDocument.ParseIdentity(UseKeys);
        SetStatements(key, statements =>
            statements.RemoveAll(s => s.ToJsonString().Contains(role.Arn, StringComparison.Ordinal))
        );
    }

    private static JsonNode Allow(string sid, string principal) =>
        new JsonObject
        {
            ["Sid"] = sid,
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["AWS"] = principal },
            ["Action"] = "kms:ListAliases",
            ["Resource"] = "*",
        };

    private static void SetStatements(KmsKey key, Action<List<JsonNode>> change)
    {
        var policy = JsonNode.Parse(key.Policy.Text)!;
        var statements = List(policy["Statement"]!).Select(s => s.DeepClone()).ToList();
        change(statements);
        policy["Statement"] = new JsonArray([.. statements]);
        key.Policy = PolicyDocument.ParseKeyPolicy(policy.ToJsonString());
    }

    private static IEnumerable<string> Statements(PolicyDocument policy) =>
        List(JsonNode.Parse(policy.Text)!["Statement"]!).Select(s => s.ToJsonString());

    private static List<JsonNode> List(JsonNode node) => node is JsonArray many ? [.. many.Select(n => n!)] : [node];
}
