using CockroachCmek.Core.Keys.Aws;

namespace CockroachCmek.Core.Tests.Aws;

public sealed class TrustPolicyTests
{
    private const string Account = "999999999999";
    private const string ExternalId = "org";

    private static readonly AwsPartition Partition = AwsPartition.OfRegion("us-east-1");

    [Fact]
    public void The_modules_own_policy_has_no_differences() =>
        Assert.Empty(Differences(TrustPolicy.Create(Partition, Account, ExternalId)));

    [Theory]
    [InlineData("{\"AWS\":\"999999999999\"}", "\"sts:AssumeRole\"", "\"org\"")]
    [InlineData("{\"AWS\":[\"arn:aws:iam::999999999999:root\"]}", "[\"sts:AssumeRole\"]", "[\"org\"]")]
    public void Other_spellings_of_the_same_have_no_differences(string principal, string action, string externalId) =>
        Assert.Empty(
            Differences(
                """
                {"Statement":[{"Effect":"Allow","Principal":PRINCIPAL,"Action":ACTION,
                 "Condition":{"StringEquals":{"sts:ExternalId":EXTERNAL_ID}}}]}
                """.Replace("PRINCIPAL", principal, StringComparison.Ordinal).Replace(
                    "ACTION",
                    action,
                    StringComparison.Ordinal
                ).Replace("EXTERNAL_ID", externalId, StringComparison.Ordinal)
            )
        );

    [Theory]
    [InlineData("999999999999", "other", "it requires an external id other than the organization's, org")]
    [InlineData("999999999999", null, "it requires no external id")]
    [InlineData("888888888888", null, "it does not trust account 999999999999", "it also trusts 888888888888")]
    [InlineData("*", null, "it requires no external id", "it also trusts everybody")]
    public void Every_difference_is_named(string principal, string? externalId, params string[] differences)
    {
        var condition = externalId is null
            ? ""
            : $$$""","Condition":{"StringEquals":{"sts:ExternalId":"{{{externalId}}}"}}""";
        var policy = $$$"""
            {"Statement":{"Effect":"Allow","Principal":{"AWS":"{{{principal}}}"},
             "Action":"sts:AssumeRole"{{{condition}}}}}
            """;
        Assert.Collection(
            Differences(policy),
            [.. differences.Select<string, Action<string>>(d => found => Assert.StartsWith(d, found))]
        );
    }

    [Theory]
    [InlineData("\"StringLike\":{\"sts:ExternalId\":\"org\"}")]
    [InlineData("\"StringEquals\":{\"sts:externalid\":\"org\"}")]
    [InlineData("\"StringEquals\":{\"sts:ExternalId\":\"org\"},\"Bool\":{\"aws:SecureTransport\":\"true\"}")]
    public void Conditions_that_are_fulfilled_are_no_differences(string condition) =>
        Assert.Empty(Differences(With(condition)));

    [Fact]
    public void A_condition_that_only_AWS_can_see_is_a_difference_that_names_it() =>
        Assert.Equal(
            ["it trusts account 999999999999 under conditions that only AWS can see (aws:SourceIp)"],
            Differences(
                With(
                    "\"StringEquals\":{\"sts:ExternalId\":\"org\"},\"IpAddress\":{\"aws:SourceIp\":\"203.0.113.0/24\"}"
                )
            )
        );

    [Fact]
    public void A_text_that_is_not_JSON_is_one_difference() =>
        Assert.Equal(["its trust policy is not JSON"], Differences("no json"));

    private static string With(string condition) =>
        $$$"""
            {"Statement":{"Effect":"Allow","Principal":{"AWS":"{{{Account}}}"},"Action":"sts:AssumeRole",
             "Condition":{ {{{condition}}} } }}
            """;

    private static IReadOnlyList<string> Differences(string policy) =>
        TrustPolicy
            .Read(
                new IamRole("x", "arn:aws:iam::111122223333:role/x", "AROAX", policy, new Dictionary<string, string>()),
                Account,
                ExternalId,
                DateTimeOffset.UtcNow
            )
            .Differences;
}
