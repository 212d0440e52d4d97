using System.ComponentModel;
using System.Diagnostics;

namespace CockroachCmek.Session;

/// <summary>Opens pages for a person. A browser is opened only when somebody asked for one.</summary>
internal static class Browser
{
    /// <summary>False where there is none, for example on a server.</summary>
    public static bool Open(Uri page)
    {
        try
        {
            using var started = Process.Start(new ProcessStartInfo(page.AbsoluteUri) { UseShellExecute = true });
            return true;
        }
        catch (Exception fault)
            when (fault is Win32Exception or PlatformNotSupportedException or InvalidOperationException)
        {
            return false;
        }
    }
}
