using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>Changes as this module records them, and as somebody may have tampered with them.</summary>
internal static class AwsRecords
{
    public const string ClusterId = "35c4abb2-bb66-46d7-afed-25ebef5ed2aa";
    public const string Key = "arn:aws:kms:eu-west-1:200000000001:key/11111111-1111-4111-8111-111111111111";
    public const string OtherKey = "arn:aws:kms:eu-west-1:200000000001:key/22222222-2222-4222-8222-222222222222";
    public const string Role = "arn:aws:iam::200000000001:role/crdb-cmek";
    public const string OtherRole = "arn:aws:iam::200000000001:role/payroll";
    public const string Region = "eu-west-1";

    public static readonly CrdbCluster Cluster = new()
    {
        Id = ClusterId,
        Name = "prod-eu",
        CloudProvider = "AWS",
        AccountId = AwsWorld.ClusterAccount,
        Regions = [new CrdbRegion { Name = Region, NodeCount = 3 }],
    };

    public static readonly CmekRegionSpec[] ClusterKeys = [CmekRegionSpec.Create(Region, "AWS_KMS", Key, Role)];

    public static readonly AwsCustomerCloud CloudOfAws = new();

    private static readonly RevokedGrant Grant = new(
        "5f6e",
        "nightly",
        Role,
        "arn:aws:iam::200000000001:root",
        ["Decrypt", "Encrypt", "DescribeKey"],
        "EncryptionContextSubset",
        new Dictionary<string, string> { ["store"] = "1" }
    );

    /// <summary>One change of each kind, as this module writes it.</summary>
    public static IEnumerable<CmekAccessChange> Honest()
    {
        var (key, role) = (AwsKeyArn.Parse(Key), RoleArn.Parse(Role));
        yield return KeyPolicyDeny.Of(Cluster, key, role).ToChange(Key, [Region], isDone: true);
        yield return KeyPolicyGrant.Standard(key, role).ToChange(Key, [Region], isDone: true);
        yield return new KmsGrantRevocation(key, role, Grant).ToChange(Key, [Region], isDone: true);
        yield return new KeyDisabling(key, role).ToChange(Key, [Region], isDone: true);
        yield return new RolePolicyDeny(role, ClusterId).ToChange("", [Region], isDone: true);
        yield return RoleTrustDeny.Of(Cluster, role, DateTimeOffset.UnixEpoch).ToChange("", [Region], isDone: true);
    }

    public static CmekAccessChange Of(string kind) => Honest().Single(c => c.Kind == kind);

    public static KeyPolicyDocument Policy() =>
        KeyPolicyDocument.Create(AwsPartition.Named("aws"), "200000000001", Role, []).WithoutGrantsTo(Role);

    public static CmekAccessChange Verify(CmekAccessChange change, CmekRegionSpec[] keys) =>
        CloudOfAws.VerifyChange(change, Cluster, keys);

    public static void AssertSame(CmekAccessChange expected, CmekAccessChange actual) =>
        Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(actual));

    public static bool IsAccepted(CmekAccessChange change)
    {
        try
        {
            Verify(change, ClusterKeys);
            return true;
        }
        catch (CmekException)
        {
            return false;
        }
    }

    public static void AssertRefused(CmekAccessChange change, CmekRegionSpec[] keys)
    {
        var error = Record.Exception(() => Verify(change, keys));
        Assert.True(
            error is CmekException { ErrorId: "RevocationFileInvalid" },
            $"{error?.GetType().Name ?? "accepted"}: {change.Kind} {change.Target} {change.KeyUri} {change.AuthPrincipal} "
                + (change.Document.Length > 500 ? change.Document[..500] : change.Document)
        );
    }

    /// <summary>A document with each of its parts removed, replaced, repeated or extended, one at a time.</summary>
    public static IEnumerable<string> Tampered(string document) =>
        Variants(document).Where(v => !JsonNode.DeepEquals(JsonNode.Parse(v), JsonNode.Parse(document)));

    public static IEnumerable<string> Variants(string document)
    {
        JsonNode[] values = ["x", "*", Key + "0", OtherRole, 7, -1, true, new JsonObject(), new JsonArray()];
        for (var index = 0; ; index++)
        {
            var root = JsonNode.Parse(document)!;
            var nodes = Descendants(root).ToList();
            if (index == nodes.Count)
                yield break;
            foreach (var value in values)
            {
                root = JsonNode.Parse(document)!;
                Descendants(root).ElementAt(index).ReplaceWith(value.DeepClone());
                yield return root.ToJsonString();
            }

            root = JsonNode.Parse(document)!;
            var node = Descendants(root).ElementAt(index);
            if (node is JsonObject map)
                map["More"] = "x";
            else if (node is JsonArray list)
                list.Add((JsonNode)"x");
            else if (node.Parent is JsonObject parent)
                parent.Remove(node.GetPropertyName());
            yield return root.ToJsonString();
        }
    }

    public static IEnumerable<JsonNode> Descendants(JsonNode node)
    {
        IEnumerable<JsonNode> children = node switch
        {
            JsonObject map => map.Select(f => f.Value!),
            JsonArray list => list.Select(i => i!),
            _ => [],
        };
        return children.SelectMany(c => Descendants(c).Prepend(c));
    }
}
