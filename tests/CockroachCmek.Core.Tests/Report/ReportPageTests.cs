using System.Diagnostics;
using System.Text.RegularExpressions;
using CockroachCmek.Core.Report;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Report;

/// <summary>
/// The page in headless Chromium: its script runs, filters and asks nothing of the network. Skips where there is no
/// Chromium.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class ReportPageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crdb-page-").FullName;

    private static string? Chromium =>
        new[] { "chromium", "chromium-browser", "google-chrome" }
            .Select(Repository.Program)
            .FirstOrDefault(p => p is not null);

    [Fact]
    public async Task Search_and_filters_work_without_an_error_and_without_a_request()
    {
        Assert.SkipWhen(Chromium is null, "No Chromium on PATH.");
        using var report = new FleetReport([]);
        var page = Write(ReportSamples.Of(report, ["alpha", "beta", .. ReportSamples.Hostile[..11]]), "page.html");

        // Another page drives this one in a frame of the same origin; a file is one, with this switch.
        var (dom, log) = await RunAsync(Driver(page), "--allow-file-access-from-files", "--dump-dom");

        Assert.Equal(
            "13 of 13 shown|1 of 13 shown: alpha|7 of 13 shown|13 of 13 shown|0 of 13 shown|true false|true|0 requests|360 768 1400",
            Regex.Match(dom, "<pre>(.*?)</pre>").Groups[1].Value
        );
        Assert.DoesNotContain("CONSOLE", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_at_three_widths_are_kept_where_a_folder_is_named()
    {
        var folder = Environment.GetEnvironmentVariable("REPORT_PICTURES");
        Assert.SkipWhen(Chromium is null, "No Chromium on PATH.");
        Assert.SkipWhen(folder is null, "REPORT_PICTURES names no folder for the pictures.");
        using var report = new FleetReport([]);
        var page = Write(ReportSamples.Of(report, ["alpha", .. ReportSamples.Hostile]), "page.html");
        foreach (var width in new[] { 360, 768, 1400 })
        {
            var picture = Path.Combine(folder!, $"report-{width}.png");
            await RunAsync(page, $"--window-size={width},1600", $"--screenshot={picture}");
            Assert.True(new FileInfo(picture).Length > 10_000);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(ReportDocument report, string name)
    {
        var file = Path.Combine(_folder, name);
        ReportFiles.Write(report, file, CmekReportFormat.Html, overwrite: false);
        return file;
    }

    /// <summary>A page that uses the report as a person would, and notes what it shows.</summary>
    private string Driver(string page)
    {
        var driver = Path.Combine(_folder, "driver.html");
        File.WriteAllText(
            driver,
            $$"""
            <!DOCTYPE html><pre></pre><iframe src="{{Path.GetFileName(page)}}" width="1000" height="800"></iframe>
            <script>
            const frame = document.querySelector('iframe');
            const wait = (time) => new Promise((done) => setTimeout(done, time));
            frame.addEventListener('load', async () => {
              const page = frame.contentDocument, notes = [], get = (id) => page.getElementById(id);
              const shown = () => get('shown').textContent;
              const set = async (id, value) => {
                get(id).value = value;
                get(id).dispatchEvent(new frame.contentWindow.Event('input', { bubbles: true }));
                await wait(200);
              };
              notes.push(shown());
              await set('search', 'ALPHA inforce');
              notes.push(shown() + ': ' + page.querySelector('article:not([hidden]) h3').textContent);
              await set('search', '');
              await set('cloud', 'MOON');
              notes.push(shown());
              get('reset').click();
              await wait(50);
              notes.push(shown());
              await set('search', 'no such words');
              notes.push(shown());
              get('reset').click();
              await wait(50);
              const isOpen = () => page.querySelector('details').open;
              get('open').click();
              notes.push(isOpen());
              get('close').click();
              notes[notes.length - 1] += ' ' + isOpen();
              frame.contentWindow.location.hash = 'c1';
              await wait(100);
              notes.push(isOpen());
              notes.push(frame.contentWindow.performance.getEntriesByType('resource').length + ' requests');
              get('open').click();
              const fits = [];
              for (const width of [360, 768, 1400]) {
                frame.width = width;
                await wait(100);
                if (page.documentElement.scrollWidth <= frame.clientWidth) fits.push(width);
              }
              notes.push(fits.join(' '));
              document.querySelector('pre').textContent = notes.join('|');
            });
            </script>
            """
        );
        return driver;
    }

    private async Task<(string Output, string Log)> RunAsync(string page, params string[] switches)
    {
        var start = new ProcessStartInfo(Chromium!) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] always =
        [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            "--virtual-time-budget=4000",
            "--disable-features=NetworkTimeServiceQuerying,OptimizationHints",
            "--host-resolver-rules=MAP * ~NOTFOUND", // nothing of the browser's own leaves this machine either
            $"--user-data-dir={Path.Combine(_folder, "profile")}",
        ];
        foreach (var argument in always.Concat(switches).Append(new Uri(page).AbsoluteUri))
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var log = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (await output, await log);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
