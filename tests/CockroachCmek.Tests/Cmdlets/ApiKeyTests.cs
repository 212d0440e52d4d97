using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Where Connect-CrdbCloud looks for an API key.</summary>
[Collection(OneAtATime.Name)]
public sealed class ApiKeyTests
{
    [Fact]
    public void Without_a_key_the_sources_of_keys_are_named()
    {
        using var session = new ModuleSession();
        using var environment = new EnvironmentVariable("COCKROACH_API_KEY", null);
        session.Run("Connect-CrdbCloud").FailsWith("ApiKeyMissing");
        session.Run("Connect-CrdbCloud -SecretName CockroachCloud").FailsWith("SecretNotReadable");
        session
            .Run(
                "Connect-CrdbCloud -Endpoint http://example.com -ApiKey ([System.Net.NetworkCredential]::new('', "
                    + "'x').SecurePassword)"
            )
            .FailsWith("InsecureEndpoint");
    }
}
