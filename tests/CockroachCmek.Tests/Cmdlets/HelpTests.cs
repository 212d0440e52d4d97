using System.Management.Automation;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

[Collection(OneAtATime.Name)]
public sealed class HelpTests
{
    private static readonly string[] EngineParameters =
    [
        .. Cmdlet.CommonParameters,
        .. Cmdlet.OptionalCommonParameters,
    ];

    public static TheoryData<string> Cmdlets()
    {
        using var session = new ModuleSession();
        return [.. session.Run("Get-Command -Module CockroachCmek").Output.Select(c => c.Text("Name"))];
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Every_cmdlet_and_every_parameter_has_help(string cmdlet)
    {
        using var session = new ModuleSession();
        var help = session.Run($"Get-Help {cmdlet} -Full").Succeeds().Single();
        Assert.EndsWith(".", help.Text("Synopsis").Trim(), StringComparison.Ordinal);
        var described = session
            .Run(
                $"(Get-Help {cmdlet} -Full).parameters.parameter | ForEach-Object {{ [pscustomobject]@{{ Name = $_.name; Text = $_.description.Text -join ' ' }} }}"
            )
            .Output.ToDictionary(p => p.Text("Name"), p => p.Text("Text"));
        var all =
            (IDictionary<string, ParameterMetadata>)
                session.Run($"(Get-Command {cmdlet}).Parameters").Single().BaseObject;
        var parameters = all.Where(p => !IsHidden(p.Value)).Select(p => p.Key).ToList();
        foreach (var parameter in parameters.Except(EngineParameters).Except(["WhatIf", "Confirm"]))
        {
            Assert.True(
                described.TryGetValue(parameter, out var text),
                $"-{parameter} of {cmdlet} is not in the help."
            );
            Assert.True(text!.Length > 15, $"-{parameter} of {cmdlet} has no description.");
        }

        Assert.Empty(described.Keys.Except(parameters));
        Assert.NotEmpty(session.Run($"(Get-Help {cmdlet} -Full).description.Text").Output);
    }

    private static bool IsHidden(ParameterMetadata parameter) =>
        parameter.Attributes.OfType<ParameterAttribute>().All(a => a.DontShow)
        && parameter.Attributes.OfType<ParameterAttribute>().Any();

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Every_example_runs(string cmdlet)
    {
        using var session = ModuleSession.WithSandbox();
        var folder = Directory.CreateTempSubdirectory("crdb-examples-").FullName;
        try
        {
            // What a reader of the examples has: files of the names they use, keys of their own, a vault module.
            session
                .Run(
                    """
                    $null = $ExecutionContext.SessionState.Path.SetLocation($folder)
                    Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | Export-CrdbCmekManifest ./cmek_config.json
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
                // Each example begins from a session of its own on the same sandbox, as a reader would.
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
                Assert.True(
                    !result.AllErrors.Any(),
                    $"Example {++number} of {cmdlet} failed:\n{code}\n{string.Join("\n", result.AllErrors.Select(e => e.ToString()))}"
                );
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
