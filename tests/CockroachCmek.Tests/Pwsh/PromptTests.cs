using System.Diagnostics;

namespace CockroachCmek.Tests.Pwsh;

/// <summary>The prompt that the rehearsal program opens with --shell.</summary>
public sealed class PromptTests
{
    [Fact]
    public async Task The_prompt_is_a_pwsh_with_the_module_imported_and_a_sandbox_connected()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "CockroachCmek.Rehearsal.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, "--shell"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(
            """
            '{0} {1}' -f $PSVersionTable.PSEdition, $sandbox.CloudEndpoint.IsLoopback
            'the organization is ' + (Get-CrdbOrganization).Name
            exit 7

            """
        );
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);

        Assert.Contains("connected to a sandbox", output, StringComparison.Ordinal);
        Assert.Contains("Core True", output, StringComparison.Ordinal);
        Assert.Contains("the organization is Sandbox Organization", output, StringComparison.Ordinal);
        Assert.Equal(7, process.ExitCode);
    }
}
