using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Gcp;
using CsCheck;

namespace CockroachCmek.Core.Tests.Gcp;

public sealed class IamPolicyTests
{
    private const string Role = GcpNames.UseRole;
    private const string Member = "serviceAccount:crdb@p.iam.gserviceaccount.com";
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_is_not_understood_goes_back_as_it_came()
    {
        var policy = Policy(
            """{"version":1,"etag":"BwX/+w==","auditConfigs":[{"service":"allServices"}],"futureField":{"a":[1]},"bindings":[]}"""
        );
        policy.Add(IamPolicy.Binding(Role, Member));
        var wire = policy.ToWire();
        Assert.Equal(3, (int)wire["version"]!);
        Assert.Equal("BwX/+w==", (string?)wire["etag"]);
        Assert.Equal("allServices", (string?)wire["auditConfigs"]![0]!["service"]);
        Assert.Equal(1, (int)wire["futureField"]!["a"]![0]!);
    }

    [Fact]
    public void A_role_under_a_condition_is_another_binding_than_the_role_without()
    {
        var policy = Policy(
            $$$"""{"bindings":[{"role":"{{{Role}}}","members":["user:a@example.com"],"condition":{"title":"t","expression":"x"}}]}"""
        );
        Assert.True(policy.Add(IamPolicy.Binding(Role, "user:a@example.com")));
        Assert.False(policy.Add(IamPolicy.Binding(Role, "user:a@example.com")));
        Assert.True(policy.Remove(IamPolicy.Binding(Role, "user:a@example.com")));
        Assert.Equal(Granted.Conditionally, policy.Grants(Role, "user:a@example.com", Now));
    }

    [Theory]
    [InlineData("""[{"role":"roles/cloudkms.cryptoKeyEncrypterDecrypter","members":["M"]}]""", "Yes")]
    [InlineData("""[{"role":"roles/cloudkms.cryptoKeyEncrypter","members":["M"]}]""", "No")]
    [InlineData(
        """[{"role":"roles/cloudkms.cryptoKeyEncrypter","members":["M"]},{"role":"roles/cloudkms.cryptoKeyDecrypter","members":["M"]}]""",
        "Yes"
    )]
    [InlineData("""[{"role":"roles/cloudkms.admin","members":["M"]}]""", "No")]
    [InlineData(
        """[{"role":"roles/cloudkms.cryptoKeyEncrypterDecrypter","members":["M"],"condition":{"expression":"request.time < timestamp('2026-05-31T00:00:00Z')"}}]""",
        "No"
    )]
    [InlineData(
        """[{"role":"roles/cloudkms.cryptoKeyEncrypterDecrypter","members":["M"],"condition":{"expression":"request.time < timestamp(\"2026-07-01T00:00:00Z\")"}}]""",
        "Conditionally"
    )]
    [InlineData(
        """[{"role":"roles/cloudkms.cryptoKeyEncrypterDecrypter","members":["M"],"condition":{"expression":"resource.name.startsWith('x')"}}]""",
        "Conditionally"
    )]
    [InlineData("""[{"role":"roles/cloudkms.cryptoKeyEncrypterDecrypter","members":["deleted:M?uid=1"]}]""", "No")]
    public void The_use_is_granted_by_the_role_that_has_it_or_by_both_halves(string bindings, string granted) =>
        Assert.Equal(
            granted,
            Policy($$"""{"bindings":{{bindings.Replace("\"M\"", $"\"{Member}\"", StringComparison.Ordinal)}}}""")
                .GrantsUse(Member, Now)
                .ToString()
        );

    [Fact]
    public void Whatever_is_removed_and_added_again_leaves_the_same_grants()
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
                    var policy = Policy("{}");
                    foreach (var (role, condition, members) in bindings)
                    foreach (var m in members)
                        policy.Add(
                            IamPolicy.Binding(
                                role,
                                m,
                                condition is null ? null : new JsonObject { ["expression"] = condition }
                            )
                        );
                    var before = Lines(policy);
                    var removed = policy.BindingsOf(member);
                    foreach (var b in removed)
                        Assert.True(policy.Remove(b));
                    Assert.Empty(policy.BindingsOf(member));
                    foreach (var b in removed)
                        Assert.True(policy.Add(b));
                    Assert.Equal(before, Lines(policy));
                }
            );
    }

    private static IamPolicy Policy(string json) => new((JsonObject)JsonNode.Parse(json)!);

    private static IEnumerable<string> Lines(IamPolicy policy) =>
        policy.Lasting.Select(b => b.ToJsonString()).Order(StringComparer.Ordinal);
}
