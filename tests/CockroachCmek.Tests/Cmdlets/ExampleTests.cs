using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>The examples in the help, which read the API key from an environment variable.</summary>
[Collection(OneAtATime.Name)]
public sealed class ExampleTests
{
    [Theory]
    [MemberData(nameof(HelpTests.Cmdlets), MemberType = typeof(HelpTests))]
    public void Every_example_runs(string cmdlet)
    {
        using var session = ModuleSession.WithSandbox();
        var folder = Directory.CreateTempSubdirectory("crdb-examples-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "accepted.yml"), "[]");
            File.WriteAllText(Path.Combine(folder, "baseline.json"), "[]");
            // What a reader of the examples has: the files that they name, keys, and a module with Get-Secret.
            session
                .Run(
                    """
                    $null = $ExecutionContext.SessionState.Path.SetLocation($folder)
                    Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest |
                        Export-CrdbCmekManifest ./cmek_config.json
                    Import-CrdbCmekManifest ./cmek_config.json | Export-CrdbCmekManifest ./cmek_config.yml -Format Yaml
                    function Get-Secret { param($Name, $Vault) $sandbox.ApiKey }
                    """,
                    ("folder", folder)
                )
                .Succeeds();
            var examples = session
                .Run($"(Get-Help {cmdlet} -Examples).examples.example | ForEach-Object {{ $_.code }}")
                .Succeeds()
                .Output;
            Assert.NotEmpty(examples);
            var number = 0;
            foreach (var example in examples)
            {
                // An example that connects reaches the sandbox.
                var code = example.ToString();
                if (code.Contains("Connect-CrdbCloud", StringComparison.Ordinal))
                    code = code.Replace(
                        "Connect-CrdbCloud",
                        "Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint",
                        StringComparison.Ordinal
                    );
                if (
                    code.Contains("Export-", StringComparison.Ordinal)
                    && !code.Contains("-Force", StringComparison.Ordinal)
                )
                    File.Delete(Path.Combine(folder, "cmek_config.json"));
                using var environment = new EnvironmentVariable(
                    "COCKROACH_API_KEY",
                    session.Run("$sandbox.ApiKey").Single().ToString()
                );
                var result = session.Run(code);
                var errors = string.Join("\n", result.AllErrors.Select(e => e.ToString()));
                Assert.True(errors.Length == 0, $"Example {++number} of {cmdlet} failed:\n{code}\n{errors}");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
