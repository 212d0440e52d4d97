using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// Every row of the facts about Google Cloud, as the sandbox's CockroachDB meets it. A row whose verdict depends on
/// what
/// a reader cannot see is run for each thing that may be behind it, and the outcomes must differ.
/// </summary>
public sealed class GcpFactTests : IAsyncDisposable
{
    private const string Group = "cmek-users@example.com";
    private const string AccessLevel = "accessPolicies/1/accessLevels/corp";
    private const string OtherKey = Ring + "/cryptoKeys/other";
    private const string OtherRing = Location + "/keyRings/other";
    private const string ServiceAccount = Project + "/serviceAccounts/" + GcpFact.Account;
    private readonly GcpTestBed _gcp = new();

    public static TheoryData<string> Ids => [.. GcpFact.All.Keys];

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task CockroachDB_meets_what_the_row_says(string id)
    {
        var fact = GcpFact.All[id];
        await PrepareAsync(fact);
        var outcomes = new List<bool>();
        foreach (var world in Worlds(fact))
        {
            await world();
            _gcp.Advance(_gcp.Sandbox.PropagationDelay);
            outcomes.Add(Uses(Key));
        }

        Assert.Equal(
            fact.Verdict switch
            {
                "Granted" => [true],
                "NotGranted" or "Denied" => [false],
                _ => [false, true],
            },
            outcomes.Distinct().Order()
        );
        foreach (var permission in fact.Missing)
            Assert.False(Has(GcpFact.Account, permission, Key), permission);
        AssertWider(fact);
    }

    /// <summary>
    /// What may be true where the row does not say: one world, or one without and one with the grant.
    /// </summary>
    private IEnumerable<Func<Task>> Worlds(GcpFact fact)
    {
        if (fact.Verdict == "Conditional")
            return
            [
                () => Task.CompletedTask,
                () =>
                {
                    _gcp.Sandbox.SetAccessLevels(AccessLevel);
                    return Task.CompletedTask;
                },
            ];
        if (fact.Unreadable.Count == 0)
            return [() => Task.CompletedTask];
        return fact.Unreadable[0] switch
        {
            "project" =>
            [
                () => Task.CompletedTask,
                () => _gcp.BindAsync(Project, EncrypterDecrypter, "serviceAccount:" + GcpFact.Account),
            ],
            "groups" =>
            [
                () => Task.CompletedTask,
                () =>
                {
                    _gcp.Sandbox.SetGroup(Group, "serviceAccount:" + GcpFact.Account);
                    return Task.CompletedTask;
                },
            ],
            "customRoles" =>
            [
                () => BindCustomAsync(fact, "cmekNothing", "cloudkms.cryptoKeys.get"),
                () =>
                    BindCustomAsync(
                        fact,
                        "cmekUse",
                        "cloudkms.cryptoKeyVersions.useToEncrypt",
                        "cloudkms.cryptoKeyVersions.useToDecrypt"
                    ),
            ],
            var other => throw new InvalidOperationException($"The test knows no world behind '{other}'."),
        };
    }

    private async Task PrepareAsync(GcpFact fact)
    {
        await _gcp.CreateKeyAsync();
        await _gcp.OkAsync("POST", Ring + "/cryptoKeys?cryptoKeyId=other", SymmetricKey);
        await _gcp.OkAsync("POST", Location + "/keyRings?keyRingId=other", "{}");
        await _gcp.OkAsync("POST", OtherRing + "/cryptoKeys?cryptoKeyId=key", SymmetricKey);
        await _gcp.CreateServiceAccountAsync("cmek-user");
        _gcp.Sandbox.SetGroup(Group);
        foreach (var (name, role) in fact.CustomRoles)
            await CreateRoleAsync(name.Split('/')[^1], GcpFact.Texts(role!["includedPermissions"]));
        if (fact.Kind == "gcp-trust")
        {
            await WriteAsync(ServiceAccount, fact.Bindings("policy"));
            await _gcp.BindAsync(Key, EncrypterDecrypter, "serviceAccount:" + GcpFact.Account);
            return;
        }

        await _gcp.BindAsync(ServiceAccount, TokenCreator, "serviceAccount:" + ClusterAccount);
        if (fact.Unreadable is not ["customRoles"])
            await WriteAsync(Key, fact.Bindings("key"));
        await WriteAsync(Ring, fact.Bindings("keyRing"));
        await WriteAsync(Project, fact.Bindings("project"));
        await WriteAsync("v3/" + GcpHierarchy.Folder, fact.Bindings("folder"));
        await WriteAsync("v3/" + GcpHierarchy.Organization, fact.Bindings("organization"));
    }

    private async Task WriteAsync(string resource, JsonArray? bindings)
    {
        if (bindings is null)
            return;
        var policy = new JsonObject { ["version"] = 3, ["bindings"] = bindings.DeepClone() };
        await _gcp.OkAsync("POST", resource + ":setIamPolicy", new JsonObject { ["policy"] = policy }.ToJsonString());
    }

    /// <summary>Gives the row's custom role, whose permissions its reader cannot see, some permissions.</summary>
    private async Task BindCustomAsync(GcpFact fact, string id, params string[] permissions)
    {
        await CreateRoleAsync(id, permissions);
        var bindings = fact.Bindings("key")!.DeepClone().AsArray();
        bindings[0]!["role"] = "projects/sandbox-customer/roles/" + id;
        await WriteAsync(Key, bindings);
    }

    private Task<JsonObject> CreateRoleAsync(string id, string[] permissions)
    {
        var role = new JsonObject
        {
            ["title"] = id,
            ["stage"] = "GA",
            ["includedPermissions"] = new JsonArray([.. permissions.Select(p => (JsonNode)p)]),
        };
        return _gcp.OkAsync(
            "POST",
            Project + "/roles",
            new JsonObject { ["roleId"] = id, ["role"] = role }.ToJsonString()
        );
    }

    /// <summary>True if the cluster can wrap and unwrap a store key.</summary>
    private bool Uses(string key)
    {
        var user = new GcpKeyUser(_gcp.Sandbox, _gcp.Server.Clock);
        var request = new KeyUseRequest(
            key["v1/".Length..],
            GcpFact.Account,
            "org",
            ClusterId,
            "crl-sandbox",
            "europe-west1"
        );
        var wrapped = user.Wrap(request, new byte[32]);
        return wrapped.Succeeded && user.Unwrap(request, wrapped.Bytes!).Succeeded;
    }

    private bool Has(string email, string permission, string path) =>
        _gcp.Sandbox.Locked(context =>
        {
            var principal = context.Accounts.Find(email) is { } account
                ? GcpPrincipal.Of(account)
                : new GcpPrincipal("user:" + email, null);
            var name = path["v1/".Length..];
            var resource = name.Contains("/serviceAccounts/", StringComparison.Ordinal)
                ? IamAccounts.Resource(context.Accounts.Find(GcpFact.Account)!)
                : name;
            return context.Access.Evaluator.Decide(principal, permission, resource, effective: true).IsGranted;
        });

    /// <summary>What is wider in the row is wider in the sandbox, and nothing else is.</summary>
    private void AssertWider(GcpFact fact)
    {
        var above = (string?)fact.Wider["aboveKey"];
        if (fact.Unreadable.Count == 0 && fact.Kind == "gcp-key")
        {
            Assert.Equal(above is not null, Uses(OtherKey));
            Assert.Equal(above == "project", Uses(OtherRing + "/cryptoKeys/key"));
            Assert.Equal(
                (bool?)fact.Wider["role"] ?? false,
                Has(GcpFact.Account, "cloudkms.cryptoKeyVersions.destroy", Key)
            );
        }

        Assert.Equal(
            (string?)fact.Wider["anybody"] == "yes",
            Has("stranger@example.net", "cloudkms.cryptoKeyVersions.useToDecrypt", Key)
        );
        string[] others = GcpFact.Texts(fact.Wider["others"]);
        Assert.Equal(
            others.Contains("user:somebody@example.com"),
            Has("somebody@example.com", "iam.serviceAccounts.getAccessToken", ServiceAccount)
        );
    }
}
