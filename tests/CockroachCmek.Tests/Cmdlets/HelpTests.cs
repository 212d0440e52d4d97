using System.Management.Automation;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>The help that Get-Help shows.</summary>
public sealed class HelpTests(HelpTests.Session shared) : IClassFixture<HelpTests.Session>
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
        var session = shared.Module;
        var help = session.Run($"Get-Help {cmdlet} -Full").Succeeds().Single();
        Assert.EndsWith(".", help.Text("Synopsis").Trim(), StringComparison.Ordinal);
        var described = session
            .Run(
                // A cmdlet without parameters has none in its help.
                $"(Get-Help {cmdlet} -Full).parameters.parameter | Where-Object {{ $null -ne $_ }} | ForEach-Object "
                    + $"{{ [pscustomobject]@{{ Name = $_.name; Text = $_.description.Text -join ' ' }} }}"
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

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Online_help_leads_to_a_page_about_every_cloud(string cmdlet)
    {
        var session = shared.Module;
        var address = session.Run($"(Get-Command {cmdlet}).HelpUri").Single().ToString();
        Assert.Contains("cockroachlabs.", address, StringComparison.Ordinal);
        var links = session.Run($"(Get-Help {cmdlet} -Full).relatedLinks.navigationLink.uri").Output;
        Assert.Equal(address, links[0].ToString());
    }

    [Fact]
    public void What_concerns_one_cloud_comes_cloud_by_cloud()
    {
        var session = shared.Module;
        var texts = session
            .Run("(Get-Help New-CrdbCmekKey -Full).parameters.parameter | ForEach-Object { $_.description[0].Text }")
            .Succeeds()
            .Output.Select(o => o.ToString())
            .ToList();
        string[] clouds = ["AWS", "Google Cloud", "Azure", "HashiCorp Vault"];
        var order = texts.Select(t => 1 + Array.FindIndex(clouds, c => t.StartsWith(c, StringComparison.Ordinal)));
        Assert.Equal(order.Order(), order);
        var notes = session.Run("(Get-Help New-CrdbCmekKey -Full).alertSet.alert.Text").Succeeds().Output;
        Assert.Contains(notes, n => n.ToString().StartsWith("HashiCorp Vault. -Via", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("AWS", "-MultiRegion")]
    [InlineData("GoogleCloud", "-KeyRing <String>")]
    [InlineData("Azure", "-KeyVaultName <String[]>")]
    [InlineData("HashiCorpVault", "-Via HashiCorpVault")]
    [InlineData("Revocation", "NonInteractive")]
    [InlineData("Runbooks", "-ErrorVariable")]
    [InlineData("Sandbox", "Advance")]
    public void There_is_an_about_topic(string topic, string content)
    {
        var text = shared.Module.Run($"Get-Help about_CockroachCmek_{topic}").Succeeds().Single().ToString();
        Assert.Contains(content, text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 120, line));
    }

    private static bool IsHidden(ParameterMetadata parameter) =>
        parameter.Attributes.OfType<ParameterAttribute>().All(a => a.DontShow)
        && parameter.Attributes.OfType<ParameterAttribute>().Any();

    /// <summary>One session for all cmdlets.</summary>
    public sealed class Session : IDisposable
    {
        public ModuleSession Module { get; } = new();

        public void Dispose() => Module.Dispose();
    }
}
