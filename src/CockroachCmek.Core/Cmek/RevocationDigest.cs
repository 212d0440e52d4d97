using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// The digest of a record: it finds a file that was edited or damaged. Somebody who edits a file on purpose can make it
/// anew, so every change is also verified against the cluster (<see cref="Keys.ICustomerCloud.VerifyChange"/>).
/// </summary>
internal static class RevocationDigest
{
    /// <summary>SHA-256 over what a restore acts on, as lower-case hexadecimal digits.</summary>
    public static string Of(string clusterId, IEnumerable<CmekAccessChange> changes)
    {
        var text = new StringBuilder();
        Add(text, clusterId);
        foreach (var change in changes)
        {
            Add(text, change.Kind);
            Add(text, change.Target);
            Add(text, change.KeyUri);
            Add(text, change.AuthPrincipal);
            Add(text, change.Document);
            Add(text, change.State.ToString());
            foreach (var region in change.Regions)
                Add(text, region);
        }

        using var sha = SHA256.Create();
#pragma warning disable CA1850 // .NET Framework has no SHA256.HashData
        var hash = sha.ComputeHash(Encoding.UTF8.GetBytes(text.ToString()));
#pragma warning restore CA1850
        return string.Concat(hash.Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }

    /// <summary>The length in front keeps two fields from reading like one.</summary>
    private static void Add(StringBuilder text, string field) => text.Append(field.Length).Append(':').Append(field);
}
