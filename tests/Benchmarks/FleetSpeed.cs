using System.Diagnostics;
using System.Globalization;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Benchmarks;

/// <summary>
/// What a fleet costs: requests to CockroachDB Cloud, time and peak memory of a new pwsh, beside a loop of
/// Invoke-RestMethod. Once against the limit of ten requests a second in real time, once against an API that takes 20 ms
/// for a request and has no limit that matters.
/// </summary>
internal static class FleetSpeed
{
    private const string Script = """
        Import-Module $env:CRDB_BENCH_MANIFEST
        $null = Connect-CrdbCloud -Endpoint $env:COCKROACH_SERVER -WarningAction SilentlyContinue
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $rows = 0
        {0} | ForEach-Object {{ $rows++ }}
        $peak = [Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64 / 1e6
        [string]::Format([cultureinfo]::InvariantCulture, '{{0}} {{1}} {{2}}', $watch.Elapsed.TotalSeconds, $peak, $rows)
        """;

    private const string Loop = """
        $headers = @{{ Authorization = "Bearer $env:COCKROACH_API_KEY" }}
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $rows = 0; $page = ''
        do {{
            $list = Invoke-RestMethod "$($env:COCKROACH_SERVER)api/v1/clusters?pagination.limit=500$page" -Headers $headers
            foreach ($cluster in $list.clusters) {{
                while ($true) {{
                    try {{
                        $null = Invoke-RestMethod "$($env:COCKROACH_SERVER)api/v1/clusters/$($cluster.id)/cmek" -Headers $headers
                    }} catch {{
                        if ([int]$_.Exception.Response.StatusCode -eq 429) {{ Start-Sleep 1; continue }}
                    }}
                    break
                }}
                $rows++
            }}
            $next = $list.pagination.next_page
            $page = "&pagination.page=$([uri]::EscapeDataString($next))"
        }} while ($next)
        $peak = [Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64 / 1e6
        [string]::Format([cultureinfo]::InvariantCulture, '{{0}} {{1}} {{2}}', $watch.Elapsed.TotalSeconds, $peak, $rows)
        """;

    /// <summary>Measures and prints.</summary>
    /// <param name="manifest">The staged module.</param>
    /// <param name="clusters">Clusters of the organization.</param>
    /// <param name="isUnlimited">
    /// The sandbox's second is a hundredth of a real one, so that its limit is 1,000 requests a second; each takes 20 ms.
    /// </param>
    public static void Report(string manifest, int clusters, bool isUnlimited)
    {
        Measure(manifest, clusters, isUnlimited, "Get-CrdbCmek -ThrottleLimit 32", Script);
        Measure(manifest, clusters, isUnlimited, "Test-CrdbCmek -ThrottleLimit 32", Script);
        Measure(manifest, clusters, isUnlimited, "Invoke-RestMethod", Loop);
    }

    private static void Measure(string manifest, int clusters, bool isUnlimited, string command, string script)
    {
        const double Scale = 100;
        using var server = SandboxServer.Start(
            new SandboxOptions
            {
                TimeScale = isUnlimited ? Scale : 1,
                FleetSize = clusters - 14,
                Record = true,
            }
        );
        if (isUnlimited)
            server.Faults.Add(
                new FaultRule
                {
                    Service = "cloud",
                    Action = FaultAction.Delay,
                    Delay = TimeSpan.FromMilliseconds(20 * Scale),
                    Count = int.MaxValue,
                }
            );
        var start = new ProcessStartInfo(
            "dotnet",
            [
                "tool",
                "run",
                "pwsh",
                "-NoProfile",
                "-Command",
                string.Format(CultureInfo.InvariantCulture, script, command),
            ]
        )
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        };
        start.Environment["CRDB_BENCH_MANIFEST"] = manifest;
        start.Environment["COCKROACH_SERVER"] = server.CloudEndpoint.ToString();
        start.Environment["COCKROACH_API_KEY"] = server.Cloud.AdminKey;
        start.Environment["NO_PROXY"] = "127.0.0.1";
        using var process = Process.Start(start)!;
        var text = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        var figures = text.Split('\n')[^1]
            .Split(' ')
            .Select(f => double.Parse(f, CultureInfo.InvariantCulture))
            .ToArray();
        var cloud = server.Exchanges.Where(e => e.Request.Service == "cloud").ToList();
        var refused = cloud.Count(e => e.Response?.Status == 429);
        Console.WriteLine(
            $"{command}, {clusters} clusters{(isUnlimited ? ", 20 ms, no limit" : ", 10 requests/s")}: {figures[0]:F1} s, "
                + $"{cloud.Count} requests ({(double)cloud.Count / clusters:F2} a cluster, {cloud.Count / figures[0]:F1}/s), "
                + $"{refused} refused with 429, peak memory {figures[1]:F0} MB, {figures[2]:F0} rows"
        );
    }
}
