using System.IO;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>The machine that Vault runs on, whose credentials providers use if they have none of their own.</summary>
internal sealed class VaultHost(VaultData data)
{
    public string? Variable(string name) => data.Environment.TryGetValue(name, out var value) ? value : null;

    /// <summary>Reads a file of Vault's server, which is the local machine.</summary>
    /// <exception cref="CloudRefusedException">The file does not exist or cannot be read.</exception>
    public static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error)
            when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CloudRefusedException($"error reading credentials: open {path}: no such file or directory");
        }
    }
}
