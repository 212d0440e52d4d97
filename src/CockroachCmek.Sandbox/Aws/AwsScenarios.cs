using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Prepared messes in AWS. Most concern the cluster prod-eu-old, which uses CMEK from the start.</summary>
internal static class AwsScenarios
{
    private const string Cluster = "prod-eu-old";
    private const string KeyStore = "cks-00000000000000001";

    private const string UseKeys = """
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*",
         "Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey*","kms:DescribeKey","kms:ReEncrypt*"]}]}
        """;

    public static IReadOnlyList<SandboxScenario> All { get; } =
    [
        new("StalePrincipal", "prod-eu-old: the key policy names a role that was deleted.", AddStalePrincipal),
        new("PublicKey", "prod-eu-old: the key policy lets every account do everything.", server =>
            Change(server, (_, _, key) => AddStatement(key, "Everybody", "*", "kms:*"))
        ),
        new(
            "IdentityPolicyRole",
            "prod-eu-old: the role uses the key by an inline policy of its own; the key policy does not name it.",
            UseIdentityPolicy
        ),
        new("BoundaryRole", "The organization allows new roles only with the boundary cmek-boundary.", RequireBoundary),
        new("ForeignRole", "prod-eu: another team has a role of the name that its role would get.", AddForeignRole),
        new(
            "GrantedKey",
            "prod-eu-old: a KMS grant, which no key policy shows, lets an application decrypt.",
            AddGrant
        ),
        new(
            "LateRotation",
            "A rotation on demand is in force after four minutes; its other signs appear before.",
            server =>
                server.Aws.Settings.RotationDelays = new AwsRotationDelays(
                    TimeSpan.FromMinutes(2),
                    TimeSpan.FromMinutes(4),
                    TimeSpan.FromMinutes(3)
                )
        ),
        new("KeyStore", $"The account has a CloudHSM key store, {KeyStore}, which is connected.", server =>
            server.Aws.Settings.AddKeyStore(KeyStore, "AWS_CLOUDHSM")
        ),
    ];

    private static void AddStalePrincipal(SandboxServer server) => Change(server, (_, _, key) =>
        {
            var gone = $"arn:aws:iam::{server.Aws.AccountId}:role/former-app";
            AddStatement(key, "Former application", gone, "kms:Decrypt");
            key.PolicyPrincipals = key
                .PolicyPrincipals.Where(p => p.Key != gone)
                .Append(new KeyValuePair<string, string>(gone, "AROAFORMERAPPLICATION"))
                .ToDictionary(p => p.Key, p => p.Value);
        });

    private static void UseIdentityPolicy(SandboxServer server) => Change(server, (data, _, key) =>
        {
            var role = data.Roles.Values.Single(r => r.Arn == server.UseCmek(Cluster).AuthPrincipal);
            if (!role.Inline.ContainsKey("use-key"))
                role.Inline["use-key"] = PolicyDocument.ParseIdentity(UseKeys);
            SetStatements(key, statements => statements.RemoveAll(s => s.ToJsonString().Contains(role.Arn)));
        });

    private static void RequireBoundary(SandboxServer server) =>
        server.Aws.Prepare(
            (data, principals, _) =>
            {
                var arn = $"arn:aws:iam::{server.Aws.AccountId}:policy/cmek-boundary";
                if (data.Policies.ContainsKey(arn))
                    return;
                var id = principals.NewUniqueId("ANPA");
                data.Policies[arn] = new IamPolicy(
                    arn,
                    id,
                    PolicyDocument.ParseIdentity(UseKeys),
                    server.Clock.UtcNow.AddYears(-1)
                );
                server.Aws.Settings.AddServiceControlPolicy(
                    new JsonObject
                    {
                        ["Version"] = "2012-10-17",
                        ["Statement"] = new JsonObject
                        {
                            ["Effect"] = "Deny",
                            ["Action"] = "iam:CreateRole",
                            ["Resource"] = "*",
                            ["Condition"] = new JsonObject
                            {
                                ["StringNotEquals"] = new JsonObject { ["iam:PermissionsBoundary"] = arn },
                            },
                        },
                    }.ToJsonString()
                );
            }
        );

    private static void AddForeignRole(SandboxServer server)
    {
        var cluster = server.Cloud.Clusters.First(c => c.Name == "prod-eu");
        var name = "crdb-cmek-" + cluster.Id.Substring(cluster.Id.Length - 12);
        server.Aws.SeedForeignRole(name, "333333333333");
    }

    private static void AddGrant(SandboxServer server) => Change(server, (data, _, key) =>
        {
            if (data.Grants.Any(g => g.Key == key))
                return;
            server.Aws.SeedForeignRole("reporting-app", server.Aws.AccountId);
            var role = data.Roles["reporting-app"];
            data.Grants.Add(
                new KmsGrant(
                    key,
                    new string('a', 64),
                    "sandbox-grant-reporting",
                    "reporting",
                    role.Arn,
                    role.UniqueId,
                    null,
                    null,
                    ["Decrypt", "DescribeKey"],
                    null,
                    null,
                    server.Clock.UtcNow.AddDays(-100)
                )
            );
        });

    private static void Change(SandboxServer server, Action<AwsData, IamPrincipals, KmsKey> change)
    {
        var uri = server.UseCmek(Cluster).Uri;
        server.Aws.Prepare((data, principals, kms) => change(data, principals, kms.Find(uri)!));
    }

    /// <summary>Adds a statement, once.</summary>
    private static void AddStatement(KmsKey key, string sid, string principal, string action) =>
        SetStatements(key, statements =>
        {
            if (statements.Any(s => (string?)s["Sid"] == sid))
                return;
            statements.Add(
                new JsonObject
                {
                    ["Sid"] = sid,
                    ["Effect"] = "Allow",
                    ["Principal"] = new JsonObject { ["AWS"] = principal },
                    ["Action"] = action,
                    ["Resource"] = "*",
                }
            );
        });

    private static void SetStatements(KmsKey key, Action<List<JsonNode>> change)
    {
        var policy = JsonNode.Parse(key.Policy.Text)!;
        var statements = policy["Statement"]!.AsArray().Select(s => s!.DeepClone()).ToList();
        var before = statements.Count;
        change(statements);
        if (statements.Count == before)
            return;
        policy["Statement"] = new JsonArray([.. statements]);
        key.Policy = PolicyDocument.ParseKeyPolicy(policy.ToJsonString());
    }
}
