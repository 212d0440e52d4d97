using System.IO;
using System.Runtime.InteropServices;
using System.Security.AccessControl;
using System.Security.Principal;

namespace CockroachCmek.Core;

/// <summary>A file for a secret: from the start only its owner can read it.</summary>
internal static class OwnersFile
{
    /// <summary>Creates the file, or reuses an empty one from an interrupted run.</summary>
    /// <exception cref="CmekException">ServiceAccountKeyFileNotWritten.</exception>
    public static FileStream Create(string path)
    {
        try
        {
            if (File.Exists(path) && new FileInfo(path).Length == 0)
                File.Delete(path);
#if NET
            if (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
                return new FileStream(
                    path,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        Share = FileShare.None,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    }
                );
#endif
            return ForWindows(path);
        }
        catch (Exception fault)
            when (fault is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw Errors.ServiceAccountKeyFileNotWritten(path, fault);
        }
    }

#if NET
    [System.Runtime.Versioning.SupportedOSPlatform("windows")]
#endif
    private static FileStream ForWindows(string path)
    {
        var security = new FileSecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        security.AddAccessRule(
            new FileSystemAccessRule(
                WindowsIdentity.GetCurrent().User!,
                FileSystemRights.FullControl,
                AccessControlType.Allow
            )
        );
#if NET
        return new FileInfo(path).Create(
            FileMode.CreateNew,
            FileSystemRights.FullControl,
            FileShare.None,
            4096,
            FileOptions.None,
            security
        );
#else
        return new FileStream(
            path,
            FileMode.CreateNew,
            FileSystemRights.FullControl,
            FileShare.None,
            4096,
            FileOptions.None,
            security
        );
#endif
    }
}
