using CockroachCmek.Rehearsal;

// dotnet run --project src/CockroachCmek.Rehearsal                  tells the life of a key
// dotnet run --project src/CockroachCmek.Rehearsal -- --all         runs every example of the module
// dotnet run --project src/CockroachCmek.Rehearsal -- script.ps1    runs another script
// dotnet run --project src/CockroachCmek.Rehearsal -- --shell       opens pwsh with the module and a sandbox
// dotnet run --project src/CockroachCmek.Rehearsal -- --sandbox     serves a sandbox for other clients until Ctrl+C;
//                                                                  names of scenarios may follow
// dotnet run --project src/CockroachCmek.Rehearsal -- --pictures    draws docs/pictures anew; a folder may follow
const string Usage = "Usage: [--all | --shell | --sandbox [scenario ...] | --pictures [folder] | path/to/script.ps1]";
return args switch
{
    [] => Tell(),
    ["--all"] => Rehearse(
        Directory
            .GetFiles(Path.Combine(Path.GetDirectoryName(ModuleEngine.StagedManifest)!, "Examples"), "*.ps1")
            .Order(StringComparer.Ordinal)
    ),
    ["--shell"] => Prompt.Open(),
    ["--sandbox", .. var scenarios] => Serving.Run(scenarios),
    ["--pictures"] => Draw(Path.Combine(ModuleEngine.Root, "docs", "pictures")),
    ["--pictures", var folder] => Draw(folder),
    [var script] when File.Exists(script) => Rehearse([Path.GetFullPath(script)]),
    [var script] => Fail($"There is no script '{script}'. {Usage}"),
    _ => Fail(Usage),
};

static int Tell()
{
    if (!Story.Run("Story.ps1", new TextHost(Console.Out, width: 100, showProgress: true), Console.Out))
        return Fail("The story stopped: its last command above failed.");
    Console.WriteLine(
        """

        That was the life of a key, on clouds of this machine. Now try it yourself:
          dotnet run --project src/CockroachCmek.Rehearsal -- --shell    a PowerShell that is connected to such clouds
          dotnet run --project src/CockroachCmek.Rehearsal -- --all      every example, on AWS, Google Cloud and Azure
        """
    );
    return 0;
}

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

static int Draw(string folder)
{
    var session = new StringWriter { NewLine = "\n" };
    var host = new TextHost(session, width: Picture.Columns, showProgress: true, keepColours: true);
    if (!Story.Run("Picture.ps1", host, session))
        return Fail($"There is no picture: a command failed.\n{session}");
    foreach (var file in Picture.Save(session.ToString(), folder))
        Console.WriteLine(file);
    return 0;
}

static int Fail(string message)
{
    Console.Error.WriteLine(message);
    return 1;
}
