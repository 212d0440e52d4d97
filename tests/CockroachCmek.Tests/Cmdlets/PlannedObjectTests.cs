using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>What -WhatIf returns stays planned, whichever cmdlet takes it next, and however it got there.</summary>
public sealed class PlannedObjectTests
{
    /// <summary>Every cmdlet that writes, with what it needs beside the object of the pipeline.</summary>
    private static readonly Dictionary<string, (string? Producer, string Consumer)> Writers = new()
    {
        ["New-CrdbCmekRole"] = ("'prod-us' | New-CrdbCmekRole -Name planned", "-Name other"),
        ["New-CrdbCmekKey"] = (
            "'prod-us' | New-CrdbCmekKey -AuthPrincipal arn:aws:iam::111122223333:role/planned",
            "-AuthPrincipal arn:aws:iam::111122223333:role/other -Name other"
        ),
        ["Enable-CrdbCmek"] = ("$enabling | Enable-CrdbCmek", ""),
        ["Invoke-CrdbCmekRotation"] = ("'prod-eu-old' | Invoke-CrdbCmekRotation", "-Wait"),
        ["Add-CrdbCmekRegion"] = ("'prod-eu-old' | Add-CrdbCmekRegion eu-central-1", "eu-north-1"),
        ["Revoke-CrdbCmek"] = ("'prod-eu-old' | Revoke-CrdbCmek", "-Confirm:$false"),
        ["Restore-CrdbCmekAccess"] = (null, "-Confirm:$false"),
        ["Export-CrdbCmekManifest"] = (null, "-Path ([IO.Path]::Combine([IO.Path]::GetTempPath(), 'planned.json'))"),
    };

    private const string Writes =
        "kms:(Create|Put|Enable|Replicate|Tag|Update|Disable|Schedule|Rotate)|iam:(Create|Update|Tag|Put|Attach)|"
        + "^(POST|PUT|PATCH) /api";

    [Fact]
    public void No_cmdlet_writes_for_an_object_that_is_only_planned()
    {
        using var session = ModuleSession.WithSandbox(record: true);
        Assert.Equal(
            Writers.Keys.Order(),
            session
                .Run(
                    "Get-Command -Module CockroachCmek | Where-Object { $_.Parameters.ContainsKey('WhatIf') } | "
                        + "ForEach-Object Name"
                )
                .Output.Select(o => o.ToString()!)
                .Where(name => Writers.ContainsKey(name) || !(IsOfTheSandbox(name) || IsReport(name)))
                .Order()
        );
        session
            .Run(
                "$enabling = 'prod-us' | Get-CrdbCluster | New-CrdbCmekRole -WhatIf | New-CrdbCmekKey | "
                    + "New-CrdbCmekManifest; $planned = @($enabling)"
            )
            .Succeeds();
        foreach (var (producer, _) in Writers.Values.Where(w => w.Producer is not null))
            session.Run($"$planned += {producer} -WhatIf").Succeeds();
        Assert.All(session.Run("$planned").Output, o => Assert.Equal(true, o.Get("IsPlanned")));
        // A job returns the same objects without their types.
        session
            .Run(
                "$planned += $planned | ForEach-Object { [Management.Automation.PSSerializer]::Deserialize("
                    + "[Management.Automation.PSSerializer]::Serialize($_, 4)) }"
            )
            .Succeeds();
        foreach (var (name, (_, parameters)) in Writers)
            session.Run(
                $"foreach ($o in $planned) {{ try {{ $null = $o | {name} {parameters} -ErrorAction SilentlyContinue }} "
                    + "catch { } }"
            );
        Assert.Empty(session.Run($"$sandbox.Exchanges | Where-Object Operation -match '{Writes}'").Output);
        Assert.False(File.Exists(Path.Combine(Path.GetTempPath(), "planned.json")));
    }

    /// <summary>A report reads the clusters, which exist, whatever is planned for them.</summary>
    private static bool IsReport(string name) => name == "Export-CrdbCmekReport";

    private static bool IsOfTheSandbox(string name) => name.EndsWith("CrdbSandbox", StringComparison.Ordinal);
}
