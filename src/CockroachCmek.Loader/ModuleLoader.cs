using System;
using System.IO;
using System.Management.Automation;
using System.Reflection;
#if !NETFRAMEWORK
using System.Runtime.Loader;
#endif

namespace CockroachCmek.Loader;

/// <summary>
/// The module's first nested module. PowerShell calls it at import and removal; it answers for the two assemblies that
/// the cmdlets need and that must not be loaded where other modules load theirs.
/// </summary>
/// <remarks>
/// PowerShell (Core) loads a binary module into the default load context, and resolves what that module references
/// there too. The runtime raises <c>Resolving</c> only when the default context finds nothing; Core and Sandbox lie in
/// deps/, where it never looks. So our handler is asked, and loads them into a context of our own, in which all of
/// their packages are found beside them. Nothing else is answered: another module's request is none of our business.
/// </remarks>
public sealed class ModuleLoader : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    private static readonly string Dependencies = Path.Combine(
        Path.GetDirectoryName(typeof(ModuleLoader).Assembly.Location)!,
        "deps"
    );

    /// <summary>Called by the engine at every import.</summary>
    /// <exception cref="NotSupportedException">The engine runs on a .NET that cannot load the module.</exception>
    public void OnImport()
    {
#if !NETFRAMEWORK
        // PowerShell 7.0 to 7.3 run on .NET 6 or older; without this the user reads "Could not load file or assembly
        // System.Runtime, Version=8.0.0.0".
        if (Refusal(Environment.Version) is { } refusal)
            throw new NotSupportedException(refusal);
#endif
        Hook.Attach();
    }

    /// <summary>Called by the engine when the module is removed.</summary>
    public void OnRemove(PSModuleInfo psModuleInfo) => Hook.Detach();

#if NETFRAMEWORK
    private static class Hook
    {
        public static void Attach() => AppDomain.CurrentDomain.AssemblyResolve += Resolve;

        public static void Detach() => AppDomain.CurrentDomain.AssemblyResolve -= Resolve;

        // A polite guest: one AppDomain is shared with every other module, so only requests that come from our own
        // assemblies are answered.
        private static Assembly? Resolve(object? sender, ResolveEventArgs request)
        {
            var name = new AssemblyName(request.Name).Name;
            var own = Path.GetDirectoryName(Dependencies)! + Path.DirectorySeparatorChar;
            if (
                request.RequestingAssembly is not { IsDynamic: false } from
                || !from.Location.StartsWith(own, StringComparison.OrdinalIgnoreCase)
            )
                return null;
            var path = Path.Combine(Dependencies, name + ".dll");
            if (File.Exists(path))
                return Assembly.LoadFrom(path);
            // Packages that were built against the NuGet package of System.ValueTuple ask for a newer version than the
            // framework's own, which is the one to use (the package has none for 4.7.1 and later).
            return name == "System.ValueTuple"
                ? Assembly.Load("System.ValueTuple, Version=4.0.0.0, Culture=neutral, PublicKeyToken=cc7b13ffcd2ddd51")
                : null;
        }
    }
#else
    /// <summary>The sentence that a PowerShell on an older .NET than 8 gets; null for one that will do.</summary>
    internal static string? Refusal(Version runtime) =>
        runtime.Major >= 8
            ? null
            : "CockroachCmek needs PowerShell 7.4 or newer, or Windows PowerShell 5.1; this PowerShell runs on .NET "
                + $"{runtime.ToString(2)}. Install a current one: https://aka.ms/powershell";

    private static class Hook
    {
        private static readonly DependencyContext Context = new();

        public static void Attach() => AssemblyLoadContext.Default.Resolving += Resolve;

        public static void Detach() => AssemblyLoadContext.Default.Resolving -= Resolve;

        private static Assembly? Resolve(AssemblyLoadContext _, AssemblyName name) =>
            name.Name is "CockroachCmek.Core" or "CockroachCmek.Sandbox" ? Context.LoadFromAssemblyName(name) : null;
    }

    /// <summary>
    /// Holds Core, the Sandbox and every package. What is not in deps/ (the engine, the base library, our public
    /// models) comes from the default context; so do packages that the runtime has itself, in the same version or a
    /// newer one: those are precompiled, and often loaded already.
    /// </summary>
    private sealed class DependencyContext() : AssemblyLoadContext("CockroachCmek", isCollectible: false)
    {
        private static readonly string Runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            var path = Path.Combine(Dependencies, assemblyName.Name + ".dll");
            return !File.Exists(path) || IsInRuntime(assemblyName.Name!, path) ? null : LoadFromAssemblyPath(path);
        }

        private static bool IsInRuntime(string name, string path)
        {
            // Only the base library's: where pwsh is one with its runtime, other packages lie beside it.
            if (!name.StartsWith("System.", StringComparison.Ordinal))
                return false;
            var other = Path.Combine(Runtime, name + ".dll");
            return File.Exists(other)
                && AssemblyName.GetAssemblyName(other).Version >= AssemblyName.GetAssemblyName(path).Version;
        }
    }
#endif
}
