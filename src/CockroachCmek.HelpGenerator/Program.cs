using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;
using System.Xml.Linq;
using CockroachCmek.HelpGenerator;

if (args is not [var assemblyPath, var helpPath, var pagesFolder, .. { Length: > 0 } documentationPaths])
{
    Console.Error.WriteLine(
        "usage: CockroachCmek.HelpGenerator <assembly> <help.xml to write> <folder for pages> <documentation.xml>..."
    );
    return 2;
}

var folder = Path.GetDirectoryName(Path.GetFullPath(assemblyPath))!;
string[] folders = [folder, Path.Combine(folder, "deps")];
AssemblyLoadContext.Default.Resolving += (context, name) =>
    folders.Select(f => Path.Combine(f, name.Name + ".dll")).FirstOrDefault(File.Exists) is { } file
        ? context.LoadFromAssemblyPath(file)
        : null;
var assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.GetFullPath(assemblyPath));
var documentation = new Documentation(documentationPaths.Select(path => XDocument.Load(path)));
var cmdlets = assembly
    .GetExportedTypes()
    .Where(t => t.GetCustomAttribute<CmdletAttribute>() is not null)
    .Select(t => new CmdletHelp(t, documentation))
    .OrderBy(c => c.Name, StringComparer.Ordinal)
    .ToList();
foreach (var gap in documentation.Gaps.Distinct())
    Console.Error.WriteLine($"{assemblyPath}: error CRDBHELP: {gap}");
if (documentation.Gaps.Count > 0)
    return 1;

Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(helpPath))!);
Maml.Write(cmdlets).Save(helpPath);
foreach (var (cloud, topic) in Clouds.All)
    File.WriteAllText(
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(helpPath))!, $"{AboutTopic.NameOf(topic)}.help.txt"),
        AboutTopic.Write(cloud, topic, cmdlets)
    );

Directory.CreateDirectory(pagesFolder);
foreach (var old in Directory.EnumerateFiles(pagesFolder, "*.md"))
    File.Delete(old);
File.WriteAllText(Path.Combine(pagesFolder, "README.md"), MarkdownPage.WriteIndex(cmdlets));
foreach (var cmdlet in cmdlets)
    File.WriteAllText(Path.Combine(pagesFolder, cmdlet.Name + ".md"), MarkdownPage.Write(cmdlet));
return 0;
