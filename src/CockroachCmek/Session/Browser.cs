using System.ComponentModel;
using System.Diagnostics;

namespace CockroachCmek.Session;

/// <summary>Opens a page in the default browser. Used only where a parameter asks for it.</summary>
internal static class Browser
{
    /// <summary>Opens the page; false if there is no browser, for example on a server.</summary>
    public static bool Open(Uri page)
    {
        try
        {
            using var started = Process.Start(new ProcessStartInfo(page.AbsoluteUri) { UseShellExecute = true });
            return true;
        }
        catch (Exception error)
            when (error is Win32Exception or PlatformNotSupportedException or InvalidOperationException)
        {
            return false;
        }
    }
}
