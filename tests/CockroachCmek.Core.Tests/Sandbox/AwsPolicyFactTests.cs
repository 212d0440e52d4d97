using System.Text.Json.Nodes;
using System.Xml.Linq;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// The sandbox's AWS decides every row of tests/Facts/aws-policies.json as it says. Where the row depends on the
/// request or on policies that a tool cannot read, both outcomes are shown, each with what leads to it.
/// </summary>
public sealed class AwsPolicyFactTests(AwsPolicyFactTests.Account account) : IClassFixture<AwsPolicyFactTests.Account>
{
    private const string UseAnyKey =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}""";

    public static TheoryData<string> Rows => [.. AwsPolicyFact.Ids];

    /// <summary>What a request must have for the row's conditions to hold; without it they do not.</summary>
    private static readonly Dictionary<string, Action<AwsSettings>> Contexts = new()
    {
        ["key-deny-org"] = settings => settings.OrganizationId = "o-abc1234567",
        ["key-allow-org"] = settings => settings.OrganizationId = "o-abc1234567",
        ["key-deny-mfa"] = settings => settings.SetNodeRequestKey("aws:MultiFactorAuthPresent", "true"),
        ["trust-sourceip"] = settings => settings.SetNodeRequestKey("aws:SourceIp", "203.0.113.7"),
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_row_has_its_outcome(string id)
    {
        var fact = account.Reset(id);
        await account.ApplyAsync(fact, fact.IdentityPolicies ?? []);
        switch (fact.Verdict)
        {
            case "Granted":
                AssertOutcome(fact, useful: true);
                break;
            case "NotGranted" or "Denied":
                AssertOutcome(fact, useful: false);
                break;
            case "Unknown":
                AssertOutcome(fact, useful: false);
                await account.ApplyAsync(fact, [UseAnyKey]);
                AssertOutcome(fact, useful: true);
                break;
            default:
                await AssertBothAsync(id, fact);
                break;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task After_the_removal_of_the_grant_the_role_decrypts_only_where_the_row_says_so(string id)
    {
        var fact = account.Reset(id);
        if (fact.IsTrust)
            return;
        await account.ApplyAsync(fact, fact.IdentityPolicies ?? [], fact.PolicyAfterRemoval);
        // "sometimes" is the session's name, which is the node's; "unknown" is a policy that is not there.
        Assert.Equal(fact.DecryptsAfterRemoval is "yes" or "sometimes", account.May(fact, "kms:Decrypt"));
    }

    private async Task AssertBothAsync(string id, AwsPolicyFact fact)
    {
        if (Contexts.TryGetValue(id, out var context))
        {
            AssertOutcome(fact, useful: false);
            context(account.Bed.Server.Aws.Settings);
            AssertOutcome(fact, useful: true);
            return;
        }

        // The others depend on the principal: the session's name, or the role that assumes.
        AssertOutcome(fact, useful: !fact.IsTrust);
        var others = fact.Policy.Replace("/crdb\"", "/other\"").Replace("some-role", account.NodeRole);
        Assert.NotEqual(fact.Policy, others);
        await account.ApplyAsync(fact, [], others);
        AssertOutcome(fact, useful: fact.IsTrust);
    }

    private void AssertOutcome(AwsPolicyFact fact, bool useful)
    {
        Assert.Equal(useful, account.CockroachUses(fact));
        foreach (var (action, outcome) in fact.Actions)
        {
            var expected = outcome == "yes" || (useful && outcome is ("sometimes" or "unknown"));
            Assert.Equal((action, expected), (action, account.May(fact, action)));
        }
    }

    /// <summary>A sandbox with the roles and keys of the rows, put back for each of them.</summary>
    public sealed class Account : IAsyncLifetime
    {
        private const string Trust = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::CRDB:root"},
             "Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"ORG"}}}]}
            """;

        private readonly Dictionary<string, string> _values = [];
        private FleetCluster _cluster = null!;
        private SandboxSnapshot _start = null!;

        internal AwsTestBed Bed { get; } = new();

        /// <summary>The name of the role of the cluster's nodes.</summary>
        public string NodeRole => "crl-kms-user-" + _cluster.Id[^12..];

        public async ValueTask InitializeAsync()
        {
            _cluster = Bed.Server.Cloud.Clusters.Single(c => c.Name == "dev-aws");
            _values["ACCOUNT"] = Bed.Server.Aws.AccountId;
            _values["ADMIN"] = $"arn:aws:iam::{Bed.Server.Aws.AccountId}:user/sandbox-admin";
            _values["ROLE"] = $"arn:aws:iam::{Bed.Server.Aws.AccountId}:role/crdb-cmek-truth";
            _values["ROLENAME"] = "crdb-cmek-truth";
            _values["REGION"] = "us-east-1";
            _values["CRDB"] = _cluster.AccountId;
            _values["ORG"] = Bed.Server.Cloud.OrganizationId;
            _values["ROLEID"] = await CreateRoleAsync("crdb-cmek-truth");
            await CreateRoleAsync("crdb-cmek-path", "/teams/db/");
            await CreateRoleAsync("other-app");
            Bed.Advance(TimeSpan.FromMinutes(1));
            _values["OTHERKEY"] = await CreateKeyAsync();
            _values["KEY"] = await CreateKeyAsync();
            _start = Bed.Server.Save();
        }

        public ValueTask DisposeAsync() => Bed.DisposeAsync();

        internal AwsPolicyFact Reset(string id)
        {
            Bed.Server.Load(_start);
            return AwsPolicyFact.Load(id, name => name == "STALEID" ? Stale : _values[name]);
        }

        /// <summary>A principal that <see cref="ApplyAsync"/> deletes, so that the policy holds its unique id.</summary>
        private string Stale => $"arn:aws:iam::{Bed.Server.Aws.AccountId}:role/other-app";

        internal async Task ApplyAsync(AwsPolicyFact fact, IReadOnlyList<string> identity, string? policy = null)
        {
            policy ??= fact.Policy;
            var name = fact.Role.Split('/')[^1];
            if (fact.IsTrust)
                await SucceedAsync("UpdateAssumeRolePolicy", $"&RoleName={name}&PolicyDocument={Escape(policy)}");
            else
                Assert.Equal(200, (await PutAsync(policy)).Status);
            foreach (var (document, number) in identity.Select((document, number) => (document, number)))
                await SucceedAsync(
                    "PutRolePolicy",
                    $"&RoleName={name}&PolicyName=p{number}&PolicyDocument={Escape(document)}"
                );
            if (fact.Boundary is { } boundary && policy == fact.Policy)
            {
                await SucceedAsync("CreatePolicy", $"&PolicyName=limit&PolicyDocument={Escape(boundary)}");
                var arn = $"arn:aws:iam::{Bed.Server.Aws.AccountId}:policy/limit";
                await SucceedAsync("PutRolePermissionsBoundary", $"&RoleName={name}&PermissionsBoundary={arn}");
            }

            if (fact.UsesStaleId)
                await SucceedAsync("DeleteRole", "&RoleName=other-app");
        }

        /// <summary>Whether CockroachDB's own check succeeds.</summary>
        internal bool CockroachUses(AwsPolicyFact fact) =>
            new AwsKeyUser(Bed.Server.Aws).Wrap(Request(fact), [1, 2, 3]).Succeeded;

        /// <summary>Whether a session of CockroachDB's nodes may do one thing.</summary>
        internal bool May(AwsPolicyFact fact, string action) =>
            Bed.Server.Aws.Locked(
                (principals, kms) =>
                {
                    var session = AwsKeyUser.Assume(Request(fact), principals, out _);
                    return session is not null
                        && (
                            action == "sts:AssumeRole"
                            || kms.Judge(session, action["kms:".Length..], kms.Find(_values["KEY"])!).IsAllowed
                        );
                }
            );

        private KeyUseRequest Request(AwsPolicyFact fact) =>
            new(
                _values["KEY"],
                fact.Role,
                Bed.Server.Cloud.OrganizationId,
                _cluster.Id,
                _cluster.AccountId,
                "us-east-1"
            );

        private async Task<string> CreateRoleAsync(string name, string path = "/")
        {
            var trust = Trust.Replace("CRDB", _cluster.AccountId).Replace("ORG", Bed.Server.Cloud.OrganizationId);
            var created = await Bed.IamAsync(
                "CreateRole",
                $"&RoleName={name}&Path={Escape(path)}&AssumeRolePolicyDocument={Escape(trust)}"
            );
            return XElement.Parse(created.Text("text")).Descendants().Single(e => e.Name.LocalName == "RoleId").Value;
        }

        private async Task<string> CreateKeyAsync()
        {
            var key = (string)(await Bed.KmsAsync("CreateKey", [])).Body["KeyMetadata"]!["Arn"]!;
            _values["KEY"] = key;
            var page = AwsPolicyFact.Load("key-page", name => _values[name]).Policy;
            Assert.Equal(200, (await PutAsync(page)).Status);
            return key;
        }

        private Task<TestResponse> PutAsync(string policy) =>
            Bed.KmsAsync(
                "PutKeyPolicy",
                new JsonObject
                {
                    ["KeyId"] = _values["KEY"],
                    ["Policy"] = policy,
                    ["BypassPolicyLockoutSafetyCheck"] = true,
                }
            );

        private async Task SucceedAsync(string action, string parameters) =>
            Assert.Equal((action, 200), (action, (await Bed.IamAsync(action, parameters)).Status));

        private static string Escape(string text) => Uri.EscapeDataString(text);
    }
}
