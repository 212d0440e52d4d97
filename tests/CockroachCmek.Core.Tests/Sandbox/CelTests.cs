using CockroachCmek.Sandbox.Gcp;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Conditions of bindings, evaluated for a request.</summary>
public sealed class CelTests
{
    private const string Key = "projects/p/locations/europe-west1/keyRings/ring/cryptoKeys/key";

    [Theory]
    [InlineData("true", true)]
    [InlineData("request.time < timestamp(\"2030-01-01T00:00:00Z\")", true)]
    [InlineData("request.time >= timestamp('2030-01-01T00:00:00Z')", false)]
    [InlineData(
        "request.time > timestamp('2026-06-01T00:00:00Z') && request.time < timestamp('2026-05-01T00:00:00Z')",
        false
    )]
    [InlineData("request.time.getHours('Europe/Berlin') == 14 && request.time.getDayOfWeek() == 1", true)]
    [InlineData("request.time - timestamp('2026-06-01T11:00:00Z') == duration('1h')", true)]
    [InlineData("resource.name.startsWith('projects/p/locations/europe-west1/keyRings/ring/')", true)]
    [InlineData("resource.name == '" + Key + "' || false", true)]
    [InlineData("resource.name.endsWith('/other')", false)]
    [InlineData("!(resource.type == 'cloudkms.googleapis.com/CryptoKey')", false)]
    [InlineData(
        "resource.service == 'cloudkms.googleapis.com' && resource.type in ['a', 'cloudkms.googleapis.com/CryptoKey']",
        true
    )]
    [InlineData("resource.name.extract('keyRings/{ring}/') == 'ring'", true)]
    [InlineData("resource.matchTag('123/env', 'prod')", false)]
    [InlineData("api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/viewer'])", true)]
    [InlineData("'accessPolicies/1/accessLevels/corp' in request.auth.access_levels", false)]
    [InlineData("destination.port == 22", false)] // An attribute that the request does not have is an error: false.
    [InlineData("destination.port == 22 || true", true)]
    public void A_condition_is_evaluated_for_the_request(string expression, bool holds)
    {
        var condition = new GcpCondition("t", null, expression);
        Assert.Null(condition.Problem);
        Assert.Equal(
            holds,
            condition.Holds(new GcpConditionContext(new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero), Key, AccessLevels: []))
        );
    }

    [Fact]
    public void What_an_evaluator_is_not_told_is_unknown_unless_the_rest_decides()
    {
        bool? Holds(string expression) =>
            new GcpCondition("t", null, expression).Holds(
                new GcpConditionContext(DateTimeOffset.UtcNow, Key, AccessLevels: null)
            );
        const string Level = "'a' in request.auth.access_levels";
        Assert.Null(Holds(Level));
        Assert.Null(Holds($"!({Level})"));
        Assert.Null(Holds($"{Level} || destination.port == 22"));
        Assert.True(Holds($"{Level} || true"));
        Assert.False(Holds($"{Level} && false"));
    }

    [Theory]
    [InlineData("request.time <")]
    [InlineData("request.time timestamp")]
    [InlineData("request.tim < timestamp('2030-01-01T00:00:00Z')")]
    [InlineData("nobody.knows('this')")]
    [InlineData("resource.name.unknown()")]
    [InlineData("(true")]
    [InlineData("true # comment")]
    [InlineData("'open")]
    [InlineData("")]
    public void An_expression_that_does_not_compile_has_a_problem(string expression) =>
        Assert.NotNull(new GcpCondition("t", null, expression).Problem);
}
