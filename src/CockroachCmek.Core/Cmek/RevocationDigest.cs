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
    /// <summary>SHA-256 over everything that the record says, as lower-case hexadecimal digits.</summary>
    public static string Of(CmekRevocation revocation)
    {
        var text = new StringBuilder();
        Add(text, revocation.ClusterId, revocation.ClusterName, revocation.CloudProvider);
        Add(text, revocation.Method.ToString(), Time(revocation.RevokedAt), revocation.Status);
        AddList(text, revocation.Runs, run =>
        {
            Add(text, run.Command, run.Operator, run.ModuleVersion, Time(run.StartedAt));
            AddList(text, run.Callers, c => Add(text, c));
        });
        AddList(text, revocation.Keys, k => Add(text, k.Region, k.KeyUri, k.AuthPrincipal));
        AddList(text, revocation.PastKeys, k => Add(text, k.Region, k.KeyUri, k.AuthPrincipal));
        AddList(text, revocation.Changes, change =>
        {
            Add(text, change.Kind, change.Target, change.KeyUri, change.AuthPrincipal, change.Action);
            Add(text, change.Method.ToString(), change.State.ToString(), change.Fault);
            text.Append(change.Document.Length).Append(':').Append(change.Document);
            AddList(text, change.Regions, r => Add(text, r));
            AddList(text, change.RequestIds, r => Add(text, r));
        });
        using var sha = SHA256.Create();
#pragma warning disable CA1850 // .NET Framework has no SHA256.HashData
        var hash = sha.ComputeHash(Encoding.UTF8.GetBytes(text.ToString()));
#pragma warning restore CA1850
        return string.Concat(hash.Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }

    private static string Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) ?? "";

    /// <summary>The count in front keeps two lists from reading like one.</summary>
    private static void AddList<T>(StringBuilder text, IReadOnlyList<T> list, Action<T> add)
    {
        text.Append(list.Count).Append('#');
        foreach (var item in list)
            add(item);
    }

    /// <summary>
    /// The length in front keeps two fields from reading like one. A text counts as it is read back: visible.
    /// </summary>
    private static void Add(StringBuilder text, params string[] fields)
    {
        foreach (var field in fields.Select(VisibleText.Line))
            text.Append(field.Length).Append(':').Append(field);
    }
}
