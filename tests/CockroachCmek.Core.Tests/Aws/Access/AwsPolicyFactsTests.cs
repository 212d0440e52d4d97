using System.Text.Json.Nodes;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Aws.Access;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws.Access;

/// <summary>Every row of tests/Facts/aws-policies.json, judged by Core's evaluator.</summary>
public sealed class AwsPolicyFactsTests
{
    private const string Account = "200000000001";
    private const string Cluster = "999999999999";
    private const string Organization = "0f0e0d0c-0b0a-4909-8807-060504030201";
    private const string Key = $"arn:aws:kms:us-east-1:{Account}:key/11111111-1111-4111-8111-111111111111";

    private static readonly DateTimeOffset Now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, string> Parameters = new()
    {
        ["ACCOUNT"] = Account,
        ["ROLE"] = $"arn:aws:iam::{Account}:role/crdb-cmek-truth",
        ["ROLENAME"] = "crdb-cmek-truth",
        ["ROLEID"] = "AROAEXAMPLEROLE",
        ["ADMIN"] = $"arn:aws:iam::{Account}:user/admin",
        ["STALEID"] = "AROAEXAMPLESTALE",
        ["KEY"] = Key,
        ["OTHERKEY"] = $"arn:aws:kms:us-east-1:{Account}:key/22222222-2222-4222-8222-222222222222",
        ["REGION"] = "us-east-1",
        ["CRDB"] = Cluster,
        ["ORG"] = Organization,
    };

    public static TheoryData<string> Rows(string kind) =>
        [.. Cases.Where(c => (string?)c["kind"] == kind).Select(c => (string)c["id"]!)];

    [Theory]
    [MemberData(nameof(Rows), "key")]
    public void A_key_policy_means_what_the_facts_say(string id)
    {
        var row = Row(id);
        var expected = row["expected"]!;
        var role = PolicySubject.Role(RoleOf(row), Account);
        var reading = Read(row, Document(row), role);
        var access = reading.ToAccess();
        AssertVerdict(expected, access.Verdict);
        if (expected["missing"] is JsonArray missing)
            Assert.Equal(missing.Select(m => (string)m!), access.Missing);
        AssertConditions(expected, access.Verdict, access.Conditions);
        AssertWider(expected["wider"], access.Wider, role.Arn!);

        var rest = Read(row, Document(row).WithoutGrantsTo(role.Arn!), role);
        var decrypt = rest.Needed.Single(n => n.Action == "kms:Decrypt").Verdict;
        if (expected["afterRemoveGrant"] is { } after)
        {
            AssertVerdict(after, rest.Verdict);
            Assert.Equal((string?)after["decrypt"], WordFor(decrypt));
        }
        else
            Assert.Equal("no", WordFor(decrypt));
    }

    [Theory]
    [MemberData(nameof(Rows), "trust")]
    public void A_trust_policy_means_what_the_facts_say(string id)
    {
        var expected = Row(id)["expected"]!;
        var trust = new TrustReading(
            PolicyText.Parse(Document(Row(id)).ToString()),
            Cluster,
            Organization,
            Account,
            Now
        );
        AssertVerdict(expected, trust.Verdict);
        AssertConditions(expected, trust.Verdict, trust.Conditions);
        var wider = expected["wider"] as JsonObject ?? [];
        Assert.Equal((bool?)wider["noExternalId"] ?? false, trust.NeedsNoExternalId);
        Assert.Equal((bool?)wider["otherExternalIds"] ?? false, trust.AcceptsOtherExternalIds);
        Assert.Equal((string?)wider["anybody"] ?? "no", WordFor(trust.Anybody));
        Assert.Equal(Texts(wider["accounts"]), trust.Others.Select(o => o.AccountId));
        var others = trust.ServicesAndProviders.ToLookup(p => p.Kind, p => p.Text);
        Assert.Equal(Texts(wider["service"]), others[PrincipalKind.Service]);
        Assert.Equal(Texts(wider["federated"]), others[PrincipalKind.Federated]);
        var isAsNeeded = trust.Verdict == CmekAccessVerdict.Granted && wider.Count == 0;
        Assert.Equal(isAsNeeded, trust.Differences.Count == 0);
    }

    private static void AssertVerdict(JsonNode expected, CmekAccessVerdict actual) =>
        Assert.Contains($"{actual}", Texts(expected["accept"]).Prepend((string)expected["verdict"]!));

    private static void AssertConditions(JsonNode expected, CmekAccessVerdict verdict, IEnumerable<string> actual)
    {
        if (verdict == CmekAccessVerdict.Conditional)
            Assert.Equal(Texts(expected["conditions"]), actual);
    }

    /// <summary>
    /// The facts have no word for a statement for everybody that a condition narrows to another account: it is
    /// reported, but is neither "anybody" nor an account that a principal names.
    /// </summary>
    private static void AssertWider(JsonNode? expected, IReadOnlyList<WiderAccess> actual, string role)
    {
        Assert.Equal((bool?)expected?["role"] ?? false, actual.Any(w => w.Who == role));
        Assert.Equal(
            (string?)expected?["anybody"] ?? "no",
            actual.SingleOrDefault(w => w.Who == KeyWidth.Anybody) is { } anybody
                ? anybody.IsConditional
                    ? "conditional"
                    : "yes"
                : "no"
        );
        Assert.Equal(
            Texts(expected?["accounts"]),
            actual.Where(w => w.Who.StartsWith("account ", StringComparison.Ordinal)).Select(w => w.Who[8..])
        );
        Assert.Equal(
            Texts(expected?["service"]),
            actual.Where(w => w.Who.EndsWith(".amazonaws.com", StringComparison.Ordinal)).Select(w => w.Who)
        );
    }

    private static string WordFor(CmekAccessVerdict decrypt) =>
        decrypt switch
        {
            CmekAccessVerdict.Granted => "yes",
            CmekAccessVerdict.Conditional => "sometimes",
            CmekAccessVerdict.Unknown => "unknown",
            _ => "no",
        };

    private static string WordFor(Truth truth) =>
        truth switch
        {
            Truth.Yes => "yes",
            Truth.Maybe => "conditional",
            _ => "no",
        };

    private static KeyAccessReading Read(JsonObject row, KeyPolicyDocument document, PolicySubject role) =>
        new(
            new KeyPolicies
            {
                Key = document.ToPolicy(),
                Role = new RolePolicies
                {
                    Identity = Named(row["identityPolicies"] as JsonArray, "the identity policy"),
                    Unread =
                        (row["identityPolicies"] as JsonValue)?.ToString() == "unreadable"
                            ? [new UnreadPlace("the identity policies", "iam:ListRolePolicies", "aws iam")]
                            : [],
                    Boundary = row["boundary"] is JsonObject boundary
                        ? new NamedPolicy("the permissions boundary", PolicyText.Parse(boundary))
                        : null,
                },
                ResourceControl = Named(row["rcp"] as JsonArray, "a resource control policy"),
            },
            new JudgedKey(Key, Account, "us-east-1", Now),
            role
        );

    private static IReadOnlyList<NamedPolicy> Named(JsonArray? policies, string place) =>
        [.. (policies ?? []).OfType<JsonObject>().Select(p => new NamedPolicy(place, PolicyText.Parse(p)))];

    private static KeyPolicyDocument Document(JsonObject row) => KeyPolicyDocument.Parse(row["policy"]!.ToJsonString());

    private static string RoleOf(JsonObject row) => (string?)row["parameters"]?["ROLE"] ?? Parameters["ROLE"];

    private static IEnumerable<string> Texts(JsonNode? list) =>
        list is JsonArray many ? many.Select(i => (string)i!) : [];

    private static JsonObject Row(string id) => Cases.Single(c => (string?)c["id"] == id);

    private static IReadOnlyList<JsonObject> Cases { get; } =
    [
        .. (
            (JsonArray)
                Load(File.ReadAllText(Path.Combine(Repository.Root, "tests", "Facts", "aws-policies.json")))["cases"]!
        )
            .OfType<JsonObject>()
            .Select(Filled),
    ];

    private static JsonObject Load(string text) => (JsonObject)JsonNode.Parse(text)!;

    /// <summary>A row with its own parameters, or else the file's, in place of the braces.</summary>
    private static JsonObject Filled(JsonObject row)
    {
        var own = row["parameters"] as JsonObject ?? [];
        var text = row.ToJsonString();
        foreach (var (name, value) in own.Select(p => (p.Key, Value: (string)p.Value!.AsValue()!)))
            text = text.Replace("{{" + name + "}}", Fill(value), StringComparison.Ordinal);
        return Load(Fill(text));
    }

    private static string Fill(string text) =>
        Parameters.Aggregate(text, (t, p) => t.Replace("{{" + p.Key + "}}", p.Value, StringComparison.Ordinal));
}
