using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Tests.Gcp.Access;

/// <summary>Conditions of bindings, evaluated in three values.</summary>
public sealed class CelConditionTests
{
    private const string Name = "projects/p/locations/europe/keyRings/r/cryptoKeys/k";
    private static readonly CelFacts Facts = new(
        new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero),
        Name,
        "cloudkms.googleapis.com/CryptoKey",
        "cloudkms.googleapis.com"
    );

    [Theory]
    [InlineData("true", Truth.Yes)]
    [InlineData("!true", Truth.No)]
    [InlineData("request.time < timestamp('2026-05-31T00:00:00Z')", Truth.No)]
    [InlineData("request.time <= timestamp(\"2026-05-31T00:00:00.000Z\")", Truth.No)]
    [InlineData("request.time > timestamp('2026-05-31T00:00:00Z')", Truth.Yes)]
    [InlineData("timestamp('2026-05-31T00:00:00Z') > request.time", Truth.No)]
    [InlineData("resource.name.startsWith('projects/p/')", Truth.Yes)]
    [InlineData("resource.name.startsWith('projects/q/')", Truth.No)]
    [InlineData("resource.name.endsWith('/k') && resource.name.contains('/keyRings/r/')", Truth.Yes)]
    [InlineData($"resource.name == '{Name}'", Truth.Yes)]
    [InlineData("resource.type == 'cloudkms.googleapis.com/KeyRing'", Truth.No)]
    [InlineData("resource.type != 'storage.googleapis.com/Bucket'", Truth.Yes)]
    [InlineData("resource.service == \"cloudkms.googleapis.com\"", Truth.Yes)]
    [InlineData("resource.type == 'x' || 'a' in request.auth.access_levels", Truth.Maybe)]
    [InlineData("resource.type == 'x' && 'a' in request.auth.access_levels", Truth.No)]
    [InlineData("resource.service == 'cloudkms.googleapis.com' || 'a' in request.auth.access_levels", Truth.Yes)]
    [InlineData("(resource.name.startsWith('projects/q') || true) && !false", Truth.Yes)]
    [InlineData("true ? resource.name.startsWith('projects/q') : true", Truth.No)]
    internal void What_is_known_decides(string expression, Truth truth) =>
        Assert.Equal(truth, CelCondition.Evaluate(expression, Facts).Truth);

    [Theory]
    [InlineData("\"accessPolicies/1/accessLevels/corp\" in request.auth.access_levels", "request.auth.access_levels")]
    [InlineData("request.time < timestamp('2026-07-01T00:00:00Z')", "request.time")]
    [InlineData("request.time > timestamp('2026-07-01T00:00:00Z')", "request.time")]
    [InlineData("request.time == timestamp('2026-07-01T00:00:00Z')", "request.time")]
    [InlineData("request.time.getHours('Europe/Berlin') >= 9", "request.time")]
    [InlineData("request.time < timestamp('2026-05-01T00:00:00Z') + duration('100d')", "request.time,duration")]
    [InlineData("destination.ip == '10.0.0.1' && destination.port == 443", "destination.ip,destination.port")]
    [InlineData("resource.matchTag('1/env', 'prod')", "resource.matchTag")]
    [InlineData("api.getAttribute('iam.googleapis.com/x', []).hasOnly(['roles/y'])", "api.getAttribute")]
    [InlineData("resource.name.extract('cryptoKeys/{name}') == 'k'", "resource.name")]
    [InlineData("resource.name.startsWith('projects/123456/locations')", "resource.name")]
    [InlineData("resource.name == 'projects/123456/locations/europe/keyRings/r/cryptoKeys/k'", "resource.name")]
    [InlineData("1 < 2", "1 < 2")]
    [InlineData("resource.name.startsWith(", "resource.name.startsWith(")]
    [InlineData("'no end", "'no end")]
    [InlineData("a § b", "a § b")]
    public void What_is_not_known_is_named(string expression, string dependsOn)
    {
        var value = CelCondition.Evaluate(expression, Facts);

        Assert.Equal(Truth.Maybe, value.Truth);
        Assert.Equal(dependsOn, string.Join(',', value.DependsOn));
    }

    [Fact]
    public void A_condition_that_nests_without_end_is_named_and_not_parsed()
    {
        var expression = new string('(', 200_000);

        Assert.Equal([expression], CelCondition.Evaluate(expression, Facts).DependsOn);
    }

    [Fact]
    public void Without_a_known_resource_its_attributes_are_named() =>
        Assert.Equal(
            ["resource.name"],
            CelCondition.Evaluate("resource.name.startsWith('x')", new CelFacts(Facts.Now)).DependsOn
        );
}
