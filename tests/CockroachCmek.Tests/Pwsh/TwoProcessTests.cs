using System.Text.Json;
using CockroachCmek.Rehearsal;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Pwsh;

/// <summary>
/// Two admins, each in a pwsh of their own, on one sandbox in a third process. Both begin each round at the same moment.
/// </summary>
public sealed class TwoProcessTests : IDisposable
{
    private const string Script = """
        param($Module, $Endpoint, $Key, $Folder, $Name, $Rounds)
        Import-Module $Module
        Set-Location $Folder
        $null = Connect-CrdbCloud -Endpoint $Endpoint -ApiKey ([System.Net.NetworkCredential]::new('', $Key).SecurePassword)
        $round = 0
        $results = foreach ($command in $Rounds -split ';') {
            $round++
            $null = New-Item (Join-Path $Folder "$Name.$round.ready")
            while (-not (Test-Path (Join-Path $Folder "$round.go"))) { Start-Sleep -Milliseconds 10 }
            $failures = $warnings = $null
            $info = try {
                . ([scriptblock]::Create("$command -Wait -Confirm:`$false -ErrorVariable failures -WarningVariable warnings -ErrorAction SilentlyContinue"))
            } catch { $failures = @($_) }
            [pscustomobject]@{
                Outcome = "$($info.Outcome)"
                Status = "$($info.Status)"
                ErrorId = "$(@($failures)[0].FullyQualifiedErrorId -replace ',.*')"
                Text = "$failures $warnings"
            }
        }
        ConvertTo-Json @($results) -Compress | Set-Content (Join-Path $Folder "$Name.json")
        """;

    private const string Rotate = "Invoke-CrdbCmekRotation prod-eu-old";
    private const string Revoke = "Revoke-CrdbCmek prod-eu-old";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("crdb-two-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Rotation_beside_rotation_and_beside_revocation_has_one_clean_result()
    {
        using var session = ModuleSession.WithSandbox(timeScale: 600, record: true);
        var before = RotationsIn(session);
        var both = Task.WhenAll(
            StartAsync(session, "a", $"{Rotate};{Rotate}"),
            StartAsync(session, "b", $"{Rotate};{Revoke}")
        );
        await WaitUntilReadyAsync(1, both);
        await BeginAsync(1);
        await WaitUntilReadyAsync(2, both);
        Assert.Equal(1, RotationsIn(session) - before);
        await BeginAsync(2);
        var results = await both;
        var (a, b) = (results[0], results[1]);

        // One rotates. The other says so, and not that it did it.
        Assert.True(a[0].IsDone != b[0].IsDone, $"{a[0]}\n{b[0]}");
        var loser = a[0].IsDone ? b[0] : a[0];
        Assert.True(loser is { ErrorId: "ClusterChanged" } or { Outcome: "Existing" }, loser.ToString());

        // Whatever the rotation did, the cluster is revoked, and the rotation does not say that it has wrapped since.
        var status = session.Run("(Get-CrdbCmek prod-eu-old).Status").Single().ToString();
        Assert.True(b[1].ErrorId.Length > 0 || status == "REVOKED", $"{status}\n{a[1]}\n{b[1]}");
    }

    /// <summary>The rotations on demand that AWS accepted.</summary>
    private static int RotationsIn(ModuleSession session) =>
        session
            .Run(
                "$sandbox.Exchanges | Where-Object { $_.Operation -eq 'kms:RotateKeyOnDemand' -and $_.Status -eq 200 }"
            )
            .Output.Count;

    private async Task WaitUntilReadyAsync(int round, Task both)
    {
        while (_folder.GetFiles($"*.{round}.ready").Length < 2)
        {
            Assert.False(both.IsCompleted, "A process ended before its round.");
            await Task.Delay(10);
        }
    }

    private Task BeginAsync(int round) => File.WriteAllTextAsync(Path.Combine(_folder.FullName, $"{round}.go"), "");

    private async Task<Round[]> StartAsync(ModuleSession session, string name, string rounds)
    {
        var script = Path.Combine(_folder.FullName, $"{name}.ps1");
        await File.WriteAllTextAsync(script, Script);
        var (code, output) = await Task.Run(() =>
            RealPowerShell.Run(
                "-File",
                script,
                ModuleEngine.StagedManifest,
                session.Sandbox.Text("CloudEndpoint"),
                session.Sandbox.Text("ApiKey"),
                _folder.FullName,
                name,
                rounds
            )
        );
        var file = Path.Combine(_folder.FullName, $"{name}.json");
        Assert.True(File.Exists(file), $"{code}: {output}");
        return JsonSerializer.Deserialize<Round[]>(await File.ReadAllTextAsync(file))!;
    }

    /// <summary>How a command ended.</summary>
    private sealed record Round(string Outcome, string Status, string ErrorId, string Text)
    {
        public bool IsDone => Outcome == "Updated" && ErrorId.Length == 0;
    }
}
