using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;
using System.Xml.Linq;
using CockroachCmek.HelpGenerator;

// CockroachCmek.HelpGenerator <CockroachCmek.dll> <CockroachCmek.xml> <output: CockroachCmek.dll-Help.xml>
if (args is not [var assemblyPath, var documentationPath, var outputPath])
{
    Console.Error.WriteLine("usage: CockroachCmek.HelpGenerator <assembly> <documentation.xml> <output.xml>");
    return 2;
}

var folder = Path.GetDirectoryName(Path.GetFullPath(assemblyPath))!;
AssemblyLoadContext.Default.Resolving += (context, name) =>
    File.Exists(Path.Combine(folder, name.Name + ".dll"))
        ? context.LoadFromAssemblyPath(Path.Combine(folder, name.Name + ".dll"))
        : null;
var assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.GetFullPath(assemblyPath));
var documentation = new Documentation(XDocument.Load(documentationPath));
var cmdlets = assembly
    .GetExportedTypes()
    .Where(t => t.GetCustomAttribute<CmdletAttribute>() is not null)
    .OrderBy(t => t.Name, StringComparer.Ordinal)
    .ToList();
var help = new Maml(documentation).Write(cmdlets);
foreach (var gap in documentation.Gaps)
    Console.Error.WriteLine($"{assemblyPath}: error CRDBHELP: {gap}");
if (documentation.Gaps.Count > 0)
    return 1;
Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(outputPath))!);
help.Save(outputPath);
return 0;
