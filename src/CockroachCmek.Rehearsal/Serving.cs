using System.Management.Automation;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace CockroachCmek.Rehearsal;

/// <summary>Serves a sandbox for other clients, and prints everything that they need as lines to paste.</summary>
internal static partial class Serving
{
    /// <summary>Serves until Ctrl+C or SIGTERM.</summary>
    /// <param name="scenarios">Names of the scenarios to start with.</param>
    public static int Run(string[] scenarios)
    {
        using var runspace = ModuleEngine.Open(new TextHost(Console.Out));
        using var shell = PowerShell.Create();
        shell.Runspace = runspace;
        shell.AddCommand("Start-CrdbSandbox").AddParameter("NoConnect");
        if (scenarios.Length > 0)
            shell.AddParameter("Scenario", scenarios);
        PSObject sandbox;
        try
        {
            sandbox = shell.Invoke().Single();
        }
        catch (RuntimeException error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }

        var folder = Directory.CreateTempSubdirectory("crdb-sandbox-").FullName;
        try
        {
            Print(sandbox, folder);
            WaitForEnd();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static void Print(PSObject sandbox, string folder)
    {
        var files = (IReadOnlyDictionary<string, string>)sandbox.Methods["SaveClientFiles"].Invoke(folder);
        var variables = (IReadOnlyDictionary<string, string>)sandbox.Methods["GetEnvironment"].Invoke();
        var google = (Uri)sandbox.Properties["GcpEndpoint"].Value;
        var proxy = (Uri)sandbox.Properties["AzureProxy"].Value;
        Console.WriteLine("The sandbox listens on this machine until Ctrl+C. Settings for other clients:");
        foreach (var (name, value) in files.Concat(variables).OrderBy(v => v.Key, StringComparer.Ordinal))
            Console.WriteLine($"export {name}={Quoted(value)}");
        Console.WriteLine("# A proxy would not reach this machine:");
        Console.WriteLine("export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost");
        Console.WriteLine("# gcloud needs no more. Google's libraries for Node take the address in code only:");
        Console.WriteLine($"#   googleapis:         google.iam({{ version: 'v1', auth, rootUrl: '{google}' }})");
        Console.WriteLine(
            "#   @google-cloud/kms:  new KeyManagementServiceClient({ fallback: true, protocol: 'http', "
                + $"apiEndpoint: '{google.Host}', port: {google.Port} }})"
        );
        Console.WriteLine(
            "# Azure's host names lead to the sandbox through this proxy, which refuses all others. Trust azure-ca.pem:"
        );
        Console.WriteLine($"export HTTPS_PROXY={proxy} https_proxy={proxy}");
        Console.WriteLine(
            "#   login.microsoftonline.com graph.microsoft.com management.azure.com "
                + $"{sandbox.Properties["AzureKeyVaultName"].Value}.vault.azure.net"
        );
    }

    /// <summary>A value as a shell reads it.</summary>
    private static string Quoted(string value) =>
        PlainValue().IsMatch(value) ? value : $"'{value.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex("^[A-Za-z0-9_./:@%+=,-]+$")]
    private static partial Regex PlainValue();

    private static void WaitForEnd()
    {
        using var stop = new ManualResetEventSlim();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Set();
        };
        using var termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.Set();
        });
        stop.Wait();
    }
}
