using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Gcp;
using static CockroachCmek.Core.Tests.Gcp.GcpTampering;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Changes that come from a record are verified: whoever can write the file gets nothing by it.</summary>
public sealed class GcpRecordTests
{
    private const string Id = "11111111-2222-3333-4444-555555555555";
    private const string Account = "crdb-cmek-555555555555@mine.iam.gserviceaccount.com";
    private const string Trusted = "serviceAccount:crl-kms-user-555555555555@crl-host.iam.gserviceaccount.com";

    private static readonly GcpCustomerCloud Cloud = new();
    internal static readonly CrdbCluster Cluster = new()
    {
        Id = Id,
        Name = "gcp-us",
        CloudProvider = "GCP",
        AccountId = "crl-host",
    };
    internal static readonly CmekRegionSpec[] Keys = [CmekRegionSpec.Create("us-east4", "GCP_CLOUD_KMS", Key, Account)];

    private static readonly Dictionary<string, CmekAccessChange> Honest = new()
    {
        ["key"] = Change("IamBinding", Key, Key, Bindings(GcpNames.UseRole, $"serviceAccount:{Account}")),
        ["ring"] = Change(
            "IamBinding",
            "",
            "projects/mine/locations/us-east4/keyRings/crdb-cmek",
            Bindings(GcpNames.UseRole, $"serviceAccount:{Account}")
        ),
        ["trust"] = Change(
            "IamBinding",
            "",
            $"projects/mine/serviceAccounts/{Account}",
            Bindings(GcpNames.TrustRole, Trusted)
        ),
        ["versions"] = Change("KeyVersions", Key, Key, $"[\"{Key}/cryptoKeyVersions/1\"]"),
        ["account"] = Change(
            "ServiceAccountState",
            "",
            $"projects/mine/serviceAccounts/{Account}",
            """{"disabled":true}"""
        ),
    };

    internal static IEnumerable<CmekAccessChange> HonestChanges => Honest.Values;

    public static TheoryData<string> Names { get; } = [.. Honest.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_honest_change_is_read_with_its_text_made_from_its_content(string name)
    {
        var read = Cloud.VerifyChange(
            Honest[name] with
            {
                Action = "harmless",
                Fault = "\u001b[2J",
                Regions = ["elsewhere"],
            },
            Cluster,
            Keys
        );

        Assert.NotEqual("harmless", read.Action);
        Assert.Contains(read.Target.Split('/')[^1], read.Action, StringComparison.Ordinal);
        Assert.Empty(read.Fault);
        Assert.Equal(["us-east4"], read.Regions);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Honest[name].Document), JsonNode.Parse(read.Document)));
        Assert.Equal(read.Document, Cloud.VerifyChange(read, Cluster, []).Document);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_field_of_a_change_that_is_tampered_with_is_refused(string name)
    {
        var change = Honest[name];
        CmekAccessChange[] tampered =
        [
            change with
            {
                Kind = "KeyPolicyGrant",
            },
            change with
            {
                Kind = change.Kind.ToUpperInvariant(),
            },
            change with
            {
                Kind = change.Kind == "KeyVersions" ? "IamBinding" : "KeyVersions",
            },
            change with
            {
                Kind = "KeyVersionsScheduledForDestruction",
            },
            change with
            {
                Target = Foreign,
            },
            change with
            {
                Target = Foreign,
                KeyUri = Foreign,
            },
            change with
            {
                Target = change.Target + "/cryptoKeyVersions/1",
            },
            change with
            {
                Target = "projects/mine",
            },
            change with
            {
                Target = "projects/theirs/serviceAccounts/admin-account@theirs.iam.gserviceaccount.com",
            },
            change with
            {
                KeyUri = Foreign,
            },
            change with
            {
                KeyUri = change.KeyUri.Length == 0 ? Key : "",
            },
            change with
            {
                AuthPrincipal = "admin-account@mine.iam.gserviceaccount.com",
            },
            change with
            {
                AuthPrincipal = Trusted.Split(':')[1],
            },
            change with
            {
                AuthPrincipal = "allUsers",
            },
            change with
            {
                AuthPrincipal = "",
            },
            change with
            {
                Method = CmekRevocationMethod.Deny,
            },
            change with
            {
                State = (CmekAccessChangeState)99,
            },
            .. Documents(change.Document).Select(d => change with { Document = d }),
        ];

        foreach (var one in tampered)
        {
            var error = Assert.Throws<CmekException>(() => Cloud.VerifyChange(one, Cluster, Keys));
            Assert.Equal("RevocationFileInvalid", error.ErrorId);
        }
    }

    [Theory]
    [InlineData("roles/owner")]
    [InlineData("roles/editor")]
    [InlineData("roles/cloudkms.admin")]
    [InlineData("roles/iam.serviceAccountAdmin")]
    [InlineData("roles/iam.serviceAccountKeyAdmin")]
    [InlineData("projects/mine/roles/x/../../evil")]
    [InlineData("")]
    public void A_role_that_allows_more_than_a_revocation_removes_is_refused(string role)
    {
        foreach (var name in new[] { "key", "ring", "trust" })
        {
            var member = name == "trust" ? Trusted : $"serviceAccount:{Account}";
            Assert.Throws<CmekException>(() =>
                Cloud.VerifyChange(Honest[name] with { Document = Bindings(role, member) }, Cluster, Keys)
            );
        }
    }

    [Fact]
    public void An_account_that_only_looks_like_that_of_the_cluster_is_refused_even_when_the_API_cannot_be_asked()
    {
        const string Likeness = "serviceAccount:crl-kms-user-555555555555@evil-host.iam.gserviceaccount.com";
        var change = Honest["trust"] with { Document = Bindings(GcpNames.TrustRole, Likeness) };

        foreach (var cluster in new[] { Cluster, Cluster with { AccountId = "" } })
            Assert.Throws<CmekException>(() => Cloud.VerifyChange(change, cluster, []));
    }

    [Fact]
    public async Task A_tampered_change_writes_nothing_even_when_it_reaches_the_writer()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        var changes = await world.Provider.PlanRevocationAsync(
            world.RevocationRequest(keys, CmekRevocationMethod.DisableKey),
            world.Context
        );
        var before = world.LastRequest;

        foreach (var document in Documents(changes[0].Document))
        foreach (
            var work in new[]
            {
                world.Provider.RevokeAccessAsync,
                (Func<CmekAccessChange, OperationContext, Task<CmekAccessChange>>)world.Provider.RestoreAccessAsync,
            }
        )
            await Assert.ThrowsAsync<CmekException>(() => work(changes[0] with { Document = document }, world.Context));

        Assert.Empty(world.WritesSince(before));
    }

    [Fact]
    public async Task A_custom_role_that_allows_more_is_never_granted()
    {
        await using var world = await GcpWorld.StartAsync();
        var keys = await world.EnsureKeysAsync();
        await world.Administrator.PostAsync(
            $"projects/{GcpWorld.Project}/roles",
            """
            {"roleId":"wide","role":{"title":"wide","stage":"GA","includedPermissions":[
            "cloudkms.cryptoKeyVersions.useToDecrypt","cloudkms.cryptoKeys.setIamPolicy"]}}
            """
        );
        var planned = Assert.Single(
            await world.Provider.PlanRevocationAsync(world.RevocationRequest(keys), world.Context)
        );
        var wide = planned with
        {
            Document = Bindings($"projects/{GcpWorld.Project}/roles/wide", $"serviceAccount:{keys[0].AuthPrincipal}"),
        };

        var error = await world.RefusesAsync("RevocationFileInvalid", () =>
            world.Provider.RestoreAccessAsync(wide, world.Context)
        );

        Assert.Contains("cloudkms.cryptoKeys.setIamPolicy", error.Message, StringComparison.Ordinal);
    }

    private static CmekAccessChange Change(string kind, string keyUri, string target, string document) =>
        new()
        {
            Regions = ["us-east4"],
            KeyUri = keyUri,
            AuthPrincipal = Account,
            Kind = kind,
            Target = target,
            Document = document,
            State = CmekAccessChangeState.Done,
        };
}
