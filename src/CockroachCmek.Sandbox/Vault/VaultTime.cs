using System.Globalization;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>Writes times as Vault does.</summary>
internal static class VaultTime
{
    public static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
