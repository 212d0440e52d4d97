using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CockroachCmek.Benchmarks;
using CockroachCmek.Testing;

// dotnet run -c Release --project tests/Benchmarks
// Measures in turn, each time in a fresh process, the import of the staged module and of an empty binary module with as
// many cmdlets; then the first use (--first-use: only that; manifests of other stages to compare with may follow), and
// how long a revocation takes in a small and in a large organization (--revocation: only that). --fleet 1000 measures
// what a fleet costs; it takes minutes, because of the limit of ten requests a second.
// Benchmarks measure; no test asserts what they say.
if (args is ["--import", var manifest])
{
    Console.WriteLine(Import(manifest).ToString(CultureInfo.InvariantCulture));
    return;
}

if (args is ["--revocation"])
{
    await RevocationSpeed.ReportAsync();
    return;
}

var ours = Path.Combine(Repository.Root, "out", "CockroachCmek", "CockroachCmek.psd1");
if (args is ["--first-use", .. var others])
{
    FirstUse.Report([.. others, ours]);
    return;
}

if (args is ["--fleet", var count])
{
    FleetSpeed.Report(ours, int.Parse(count, CultureInfo.InvariantCulture), isUnlimited: false);
    FleetSpeed.Report(ours, int.Parse(count, CultureInfo.InvariantCulture), isUnlimited: true);
    return;
}

const int Rounds = 15;
var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
var empty = Path.Combine(
    Repository.Root,
    "tests",
    "Benchmarks",
    "EmptyModule",
    "bin",
    configuration,
    "net8.0",
    "EmptyModule.psd1"
);
foreach (var warmUp in new[] { ours, empty })
    Child(warmUp);
var (oursTimes, emptyTimes) = (new List<double>(), new List<double>());
for (var round = 0; round < Rounds; round++)
{
    oursTimes.Add(Child(ours));
    emptyTimes.Add(Child(empty));
}

Console.WriteLine(
    $"import, median of {Rounds}: CockroachCmek {Median(oursTimes):F1} ms, empty module {Median(emptyTimes):F1} ms, "
        + $"ratio {Median(oursTimes) / Median(emptyTimes):F2}"
);
Console.WriteLine(
    $"import, fastest:      CockroachCmek {oursTimes.Min():F1} ms, empty module {emptyTimes.Min():F1} ms, ratio "
        + $"{oursTimes.Min() / emptyTimes.Min():F2}"
);
Console.WriteLine(
    $"package: {Folder(Path.GetDirectoryName(ours)!) / 1e6:F1} MB staged, "
        + $"{Zipped(Path.GetDirectoryName(ours)!) / 1e6:F1} MB zipped"
);
FirstUse.Report([ours]);
await RevocationSpeed.ReportAsync();

static double Import(string manifest)
{
    using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
    runspace.Open();
    using var shell = PowerShell.Create(runspace);
    shell.AddScript("1").Invoke(); // the engine's own first use is not the module's
    shell.Commands.Clear();
    var watch = Stopwatch.StartNew();
    shell.AddCommand("Import-Module").AddParameter("Name", manifest).Invoke();
    watch.Stop();
    if (shell.HadErrors)
        throw new InvalidOperationException(shell.Streams.Error[0].ToString());
    return watch.Elapsed.TotalMilliseconds;
}

static double Child(string manifest)
{
    using var process = Process.Start(
        new ProcessStartInfo(Environment.ProcessPath!, ["--import", manifest]) { RedirectStandardOutput = true }
    )!;
    var text = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return double.Parse(text, CultureInfo.InvariantCulture);
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static long Folder(string path) =>
    Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);

static long Zipped(string path)
{
    using var memory = new MemoryStream();
    ZipFile.CreateFromDirectory(path, memory, CompressionLevel.Optimal, includeBaseDirectory: true);
    return memory.Length;
}
