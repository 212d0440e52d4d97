using System.Diagnostics;
using System.Globalization;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Benchmarks;

/// <summary>
/// The time from the import to the first responses of the KMS, in a new pwsh each time, with clouds that respond at
/// once. Several stages of the module are measured in turn.
/// </summary>
internal static class FirstUse
{
    private const int Rounds = 9;

    // The first run creates the role and the key; all others find them.
    private const string Script = """
        $watch = [Diagnostics.Stopwatch]::StartNew()
        Import-Module $env:CRDB_BENCH_MANIFEST
        $null = Connect-CrdbCloud -Endpoint $env:COCKROACH_SERVER
        $null = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey
        $watch.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture)
        """;

    /// <summary>Measures each manifest; ratios are to the first.</summary>
    public static void Report(IReadOnlyList<string> manifests)
    {
        using var server = SandboxServer.Start(new SandboxOptions());
        var times = manifests.ToDictionary(m => m, _ => new List<double>());
        foreach (var manifest in manifests)
            Measure(manifest, server);
        for (var round = 0; round < Rounds; round++)
            foreach (var manifest in manifests)
                times[manifest].Add(Measure(manifest, server));

        var first = times[manifests[0]];
        foreach (var (manifest, measured) in times)
            Console.WriteLine(
                $"first use, median of {Rounds}: {Median(measured):F0} ms, fastest {measured.Min():F0} ms, ratio "
                    + $"{Median(measured) / Median(first):F2} and {measured.Min() / first.Min():F2}: {manifest}"
            );
    }

    private static double Measure(string manifest, SandboxServer server)
    {
        var start = new ProcessStartInfo("dotnet", ["tool", "run", "pwsh", "-NoProfile", "-Command", Script])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        };
        start.Environment["CRDB_BENCH_MANIFEST"] = manifest;
        start.Environment["COCKROACH_SERVER"] = server.CloudEndpoint.ToString();
        start.Environment["COCKROACH_API_KEY"] = server.Cloud.AdminKey;
        start.Environment["AWS_ENDPOINT_URL"] = server.AwsEndpoint.ToString();
        start.Environment["AWS_ACCESS_KEY_ID"] = server.Aws.AccessKeyId;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = server.Aws.SecretAccessKey;
        start.Environment["NO_PROXY"] = "127.0.0.1";
        using var process = Process.Start(start)!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return double.Parse(text, CultureInfo.InvariantCulture);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
