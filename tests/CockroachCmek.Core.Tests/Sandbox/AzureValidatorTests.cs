using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The check against Azure's REST documents can fail.</summary>
public sealed class AzureValidatorTests
{
    [Fact]
    public void The_validator_reports_every_deviation()
    {
        var validator = Specifications.AzureKeys;
        IReadOnlyList<string> Check(string method, string target, string request, int status, string response) =>
            validator.Check(method, target, request, status, response)!;
        Assert.Null(validator.Check("GET", "/nowhere", "", 200, "{}"));
        Assert.Empty(
            Check(
                "GET",
                "/keys/k/?api%2Dversion=7.6",
                "",
                200,
                """{"key":{"kid":"x","kty":"RSA"},"attributes":{"enabled":true}}"""
            )
        );
        Assert.Equal(["query parameter api-version is required"], Check("GET", "/keys/k", "", 200, "{}"));
        Assert.Equal(["no query parameter color"], Check("GET", "/keys/k?api-version=1&color=red", "", 200, "{}"));
        Assert.Equal(
            ["request: kty is required", "response 200.key.kty: 'GOLD' is not in the enumeration"],
            Check("POST", "/keys/k/create?api-version=1", "{}", 200, """{"key":{"kty":"GOLD"}}""")
        );
        Assert.Equal(
            ["request.attributes.created is read-only", "response 200: no member colour"],
            Check("PATCH", "/keys/k/v?api-version=1", """{"attributes":{"created":1}}""", 200, """{"colour":1}""")
        );
        Assert.Equal(
            ["request.value: not base64url", "no status 202"],
            Check("POST", "/keys/k/v/wrapkey?api-version=1", """{"alg":"RSA-OAEP-256","value":"a+b="}""", 202, "{}")
        );
        Assert.Equal(
            ["a body where none is specified", "response 200.attributes.exp: not an integer"],
            Check("POST", "/keys/k/rotate?api-version=1", "{}", 200, """{"attributes":{"exp":"soon"}}""")
        );
    }
}
