using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Gcp;
using CsCheck;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Reading and changing the JSON of an allow policy.</summary>
public sealed class IamPolicyTests
{
    private const string Member = "serviceAccount:crdb@p.iam.gserviceaccount.com";
    private const string User = "user:a@example.com";

    [Fact]
    public void Fields_that_are_not_understood_go_back_unchanged()
    {
        var policy = new IamPolicy(
            (JsonObject)
                JsonNode.Parse(
                    """
                    {"version":1,"etag":"BwX/+w==","auditConfigs":[{"service":"allServices"}],
                    "futureField":{"a":[1]},"bindings":[]}
                    """
                )!
        );
        policy.Add(IamPolicy.Binding(GcpNames.UseRole, Member));

        var request = policy.ToRequest();

        Assert.Equal(3, (int)request["version"]!);
        Assert.Equal("BwX/+w==", (string?)request["etag"]);
        Assert.Equal("allServices", (string?)request["auditConfigs"]![0]!["service"]);
        Assert.Equal(1, (int)request["futureField"]!["a"]![0]!);
    }

    [Fact]
    public void A_role_under_a_condition_is_another_grant_than_the_role_without()
    {
        var policy = Policy(Binding(GcpNames.UseRole, User, """{"title":"t","expression":"x"}"""));

        Assert.True(policy.Add(IamPolicy.Binding(GcpNames.UseRole, User)));
        Assert.False(policy.Add(IamPolicy.Binding(GcpNames.UseRole, User)));
        Assert.True(policy.Remove(IamPolicy.Binding(GcpNames.UseRole, User)));
        Assert.Equal("x", Assert.Single(policy.Entries).Expression);
    }

    [Fact]
    public void A_member_that_is_added_takes_the_place_of_a_deleted_one_of_the_same_address()
    {
        var policy = Policy(
            Binding(GcpNames.UseRole, $"deleted:{Member}?uid=1"),
            Binding("roles/cloudkms.viewer", $"deleted:{Member}?uid=1"),
            Binding(GcpNames.UseRole, $"deleted:{User}?uid=2")
        );

        Assert.True(policy.Add(IamPolicy.Binding(GcpNames.UseRole, Member)));

        Assert.Equal([$"deleted:{User}?uid=2"], policy.DeletedMembers);
        Assert.Equal(
            [(GcpNames.UseRole, $"deleted:{User}?uid=2"), (GcpNames.UseRole, Member)],
            policy.Entries.Select(e => (e.Role, e.Member))
        );
    }

    [Fact]
    public void Bindings_that_are_removed_and_added_again_leave_the_same_grants()
    {
        var names = Gen.OneOfConst("user:a@x", "user:b@x", "user:c@x");
        var binding = Gen.Select(
            Gen.OneOfConst("roles/1", "roles/2"),
            Gen.OneOfConst(null, "c1", "c2"),
            names.Array[1, 3]
        );
        Gen.Select(binding.Array[0, 6], names)
            .Sample(
                (bindings, member) =>
                {
                    var policy = Policy();
                    foreach (var (role, condition, members) in bindings)
                    foreach (var m in members)
                        policy.Add(IamPolicy.Binding(role, m, Condition(condition)));
                    var before = Grants(policy);

                    var removed = policy.BindingsOf(member);
                    Assert.All(removed, b => Assert.True(policy.Remove(b)));
                    Assert.Empty(policy.BindingsOf(member));
                    Assert.All(removed, b => Assert.True(policy.Add(b)));

                    Assert.Equal(before, Grants(policy));
                }
            );
    }

    private static IamPolicy Policy(params string[] bindings) =>
        new((JsonObject)JsonNode.Parse($$"""{"bindings":[{{string.Join(",", bindings)}}]}""")!);

    private static JsonObject? Condition(string? expression) =>
        expression is null ? null : new JsonObject { ["expression"] = expression };

    private static IEnumerable<string> Grants(IamPolicy policy) =>
        policy.BindingsOfExistingMembers.Select(b => b.ToJsonString()).Order(StringComparer.Ordinal);
}
