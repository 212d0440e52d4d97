using CockroachCmek.Sandbox;
using CockroachCmek.Testing.Specs;
using static CockroachCmek.Core.Tests.Sandbox.GcpTestBed;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Google's errors for callers, services and injected failures, and the check against its documents.</summary>
public sealed class GcpErrorTests : IAsyncDisposable
{
    private readonly GcpTestBed _gcp = new();

    public ValueTask DisposeAsync() => _gcp.DisposeAsync();

    [Fact]
    public async Task A_missing_permission_is_named_and_a_missing_token_is_UNAUTHENTICATED()
    {
        await _gcp.CreateKeyAsync();
        var token = _gcp.Sandbox.AddPrincipal("auditor@example.com", "cloudkms.cryptoKeys.get");
        Assert.Equal(200, (await _gcp.SendAsync("GET", Key, token: token)).Status);
        var denied = await _gcp.SendAsync("POST", Location + "/keyRings?keyRingId=r2", "{}", token);
        Assert.Equal("403 PERMISSION_DENIED", denied.Refusal);
        Assert.Contains("'cloudkms.keyRings.create'", denied.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("UNAUTHENTICATED", (await _gcp.SendAsync("GET", Key, token: "")).Error);
        Assert.Equal("UNAUTHENTICATED", (await _gcp.SendAsync("GET", Key, token: "guessed")).Error);
    }

    [Fact]
    public async Task A_disabled_service_is_named_but_a_foreign_project_reveals_nothing()
    {
        var disabled = await _gcp.SendAsync("GET", "v1/projects/no-kms-project/locations/global/keyRings");
        Assert.Equal(403, disabled.Status);
        var info = disabled.Body["error"]!["details"]![0]!;
        Assert.Equal("SERVICE_DISABLED", (string?)info["reason"]);
        Assert.Equal("cloudkms.googleapis.com", (string?)info["metadata"]!["service"]);
        Assert.Equal(
            "PERMISSION_DENIED",
            (await _gcp.SendAsync("GET", "v1/projects/somebody-elses/locations/global/keyRings")).Error
        );
    }

    [Fact]
    public async Task An_injected_failure_has_the_shape_of_a_Google_error()
    {
        _gcp.Server.Faults.Add(
            new FaultRule
            {
                Service = "gcp",
                Action = FaultAction.Status,
                Status = 503,
            }
        );
        Assert.Equal("UNAVAILABLE", (await _gcp.SendAsync("GET", Location + "/keyRings")).Error);
    }

    [Fact]
    public void The_validator_reports_every_deviation()
    {
        var validator = Specifications.Gcp[0];
        IReadOnlyList<string> Check(string method, string target, string request, int status, string response) =>
            [.. validator.Check(method, "/" + target, request, status, response)];
        const string Created = """{"name":"n","createTime":"2026-01-01T00:00:00.000001Z","rotationPeriod":"5s"}""";
        const string Keys = Ring + "/cryptoKeys";
        Assert.Empty(Check("POST", Keys + "?cryptoKeyId=k", SymmetricKey, 200, Created));
        Assert.NotEmpty(Check("POST", Keys + "?keyId=k", SymmetricKey, 200, "{}"));
        Assert.NotEmpty(Check("POST", Keys, """{"purpose":"SECRECY"}""", 200, "{}"));
        Assert.NotEmpty(Check("POST", Keys, SymmetricKey, 200, """{"createTime":1}"""));
        Assert.NotEmpty(Check("POST", Keys, SymmetricKey, 200, """{"rotationPeriod":"5 days"}"""));
        Assert.NotEmpty(Check("POST", Key + ":getIamPolicy", "", 200, "{}"));
        Assert.NotEmpty(Check("GET", Key, "", 404, """{"error":{"code":400,"message":"m"}}"""));
    }
}
