using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>The net that looks for secrets under every other test can catch.</summary>
public sealed class SecretTests
{
    [Theory]
    [InlineData("$PSCmdlet.WriteWarning($text)", "a warning")]
    [InlineData("$PSCmdlet.WriteVerbose($text)", "verbose text")]
    [InlineData("throw $text", "an error")]
    public void A_secret_in_a_stream_fails_the_test_that_wrote_it(string write, string stream)
    {
        using var session = ModuleSession.WithSandbox();
        var leak = Assert.ThrowsAny<Xunit.Sdk.XunitException>(() =>
            session.Run($"& {{ [CmdletBinding()] param() $text = \"key $($sandbox.ApiKey)\"; {write} }}")
        );
        Assert.Contains($"ApiKey is in {stream}", leak.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_in_an_output_object_fails_the_test_that_wrote_it()
    {
        using var session = ModuleSession.WithSandbox();
        session.Run("$leak = $sandbox.VaultToken").Succeeds();
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => session.Run("\"token $leak\""));
    }

    [Fact]
    public void Sessions_and_sandboxes_are_shown_without_a_secret()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "$text = \"$sandbox\"; $session = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -ApiKey "
                    + "([System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword)"
            )
            .Succeeds();
        Assert.Contains("127.0.0.1", session.Run("\"$text $session\"").Single().ToString(), StringComparison.Ordinal);
    }
}
