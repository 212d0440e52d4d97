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

    [Fact]
    public void An_address_in_the_environment_is_used_or_named_and_Endpoint_replaces_it()
    {
        using var session = ModuleSession.WithSandbox();
        using var key = new EnvironmentVariable("COCKROACH_API_KEY", "sandbox-refused");
        using (new EnvironmentVariable("COCKROACH_SERVER", "cockroachlabs.cloud"))
            Assert.Contains(
                "COCKROACH_SERVER has no scheme",
                session.Run("Connect-CrdbCloud").FailsWith("EndpointInvalid").Exception.Message,
                StringComparison.Ordinal
            );
        using (new EnvironmentVariable("COCKROACH_SERVER", "http://example.com"))
        {
            session.Run("Connect-CrdbCloud").FailsWith("InsecureEndpoint");
            session.Run("Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint").FailsWith("ApiKeyRefused");
        }
    }
}
