using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Gcp;
using CsCheck;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Reading and changing the JSON of an allow policy.</summary>
public sealed class IamPolicyTests
{
    private const string Encrypter = "roles/cloudkms.cryptoKeyEncrypter";
    private const string Decrypter = "roles/cloudkms.cryptoKeyDecrypter";
    private const string Member = "serviceAccount:crdb@p.iam.gserviceaccount.com";
    private const string User = "user:a@example.com";
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

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
        Assert.Equal(Granted.Conditionally, policy.Grants(GcpNames.UseRole, User, Now));
    }

    [Theory]
    [InlineData(new[] { GcpNames.UseRole }, Granted.Yes)]
    [InlineData(new[] { "roles/cloudkms.cryptoOperator" }, Granted.Yes)]
    [InlineData(new[] { Encrypter }, Granted.No)]
    [InlineData(new[] { Encrypter, Decrypter }, Granted.Yes)]
    [InlineData(new[] { "roles/cloudkms.admin" }, Granted.No)]
    internal void Use_is_granted_by_one_role_that_has_both_halves_or_by_two(string[] roles, Granted granted) =>
        Assert.Equal(granted, Policy([.. roles.Select(r => Binding(r, Member))]).GrantsUse(Member, Now));

    [Theory]
    [InlineData("request.time < timestamp('2026-05-31T00:00:00Z')", Granted.No)]
    [InlineData("request.time < timestamp('2026-07-01T00:00:00Z')", Granted.Conditionally)]
    [InlineData("request.time < timestamp(\\\"2026-07-01T00:00:00Z\\\")", Granted.Conditionally)]
    [InlineData("resource.name.startsWith('x')", Granted.Conditionally)]
    internal void A_condition_grants_conditionally_until_it_has_expired(string expression, Granted granted) =>
        Assert.Equal(
            granted,
            Policy(Binding(GcpNames.UseRole, Member, $$"""{"expression":"{{expression}}"}""")).GrantsUse(Member, Now)
        );

    [Fact]
    public void A_deleted_member_is_not_granted() =>
        Assert.Equal(Granted.No, Policy(Binding(GcpNames.UseRole, $"deleted:{Member}?uid=1")).GrantsUse(Member, Now));

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
