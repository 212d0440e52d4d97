using CockroachCmek.Rehearsal;

// dotnet run --project src/CockroachCmek.Rehearsal                  runs every example of the module
// dotnet run --project src/CockroachCmek.Rehearsal -- script.ps1    runs another script
// dotnet run --project src/CockroachCmek.Rehearsal -- --shell       opens pwsh with the module and a sandbox
// dotnet run --project src/CockroachCmek.Rehearsal -- --sandbox     serves a sandbox for other clients until Ctrl+C;
//                                                                  names of scenarios may follow
const string Usage = "Usage: [--shell | --sandbox [scenario ...] | path/to/script.ps1]";
return args switch
{
    [] => Rehearse(
        Directory
            .GetFiles(Path.Combine(Path.GetDirectoryName(ModuleEngine.StagedManifest)!, "Examples"), "*.ps1")
            .Order(StringComparer.Ordinal)
    ),
    ["--shell"] => Prompt.Open(),
    ["--sandbox", .. var scenarios] => Serving.Run(scenarios),
    [var script] when File.Exists(script) => Rehearse([Path.GetFullPath(script)]),
    [var script] => Fail($"There is no script '{script}'. {Usage}"),
    _ => Fail(Usage),
};

static int Rehearse(IEnumerable<string> scripts)
{
    foreach (var script in scripts)
    {
        Console.WriteLine($"=== {Path.GetFileName(script)}");
        using var runspace = ModuleEngine.Open(new TextHost(Console.Out, showProgress: true));
        if (!new TypedSession(runspace, Console.Out).Run(script))
            return Fail($"The rehearsal stopped: the last command of {Path.GetFileName(script)} above failed.");
    }

    Console.WriteLine();
    Console.WriteLine("Every step succeeded.");
    return 0;
}

static int Fail(string message)
{
    Console.Error.WriteLine(message);
    return 1;
}
