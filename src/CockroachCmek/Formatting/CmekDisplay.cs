using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;
using System.Text.RegularExpressions;

namespace CockroachCmek.Formatting;

/// <summary>
/// Text for the views in CockroachCmek.Format.ps1xml. PowerShell breaks the lines of a table in the middle of a word; a
/// command that is broken so cannot be copied from a log.
/// </summary>
public static class CmekDisplay
{
    private const int UsualWidth = 80;

    private const int LeastWidth = 10;

    private const RegexOptions Options = RegexOptions.CultureInvariant;

    private static readonly Regex KmsArn = new(@"\barn:aws[\w-]*:kms:[\w-]*:\d*:key/([\w-]+)", Options);

    private static readonly Regex RoleArn = new(@"\barn:aws[\w-]*:iam::\d*:(role/[\w+=,.@/-]*[\w])", Options);

    private static readonly Regex Resource = new(
        @"\bprojects/[\w:.-]+/locations/[\w-]+/keyRings/([\w-]+)/cryptoKeys/([\w-]+)(?:/cryptoKeyVersions/(\d+))?",
        Options
    );

    private static readonly Regex Url = new(
        @"\bhttps://([\w-]+)\.vault\.[\w.-]+/keys/([\w-]+)(?:/([0-9a-f]{8})[0-9a-f]*)?",
        Options
    );

    /// <summary>Text with line breaks between words, for the last column of a table.</summary>
    /// <param name="text">The text. Its own line breaks stay.</param>
    /// <param name="before">The width of the columns before it, with the spaces between.</param>
    /// <param name="host">$Host, which knows how wide the window is.</param>
    public static string Fold(string? text, int before, PSHost? host) =>
        string.Join(
            "\n",
            (text ?? "")
                .Split('\n')
                .Select(line => FoldLine(line.TrimEnd('\r'), Math.Max(LeastWidth, Width(host) - before)))
        );

    /// <summary>Text in which the names of keys and roles are shortened to what tells them apart.</summary>
    public static string Shorten(string? text)
    {
        var shorter = KmsArn.Replace(text ?? "", "$1");
        shorter = RoleArn.Replace(shorter, "$1");
        shorter = Resource.Replace(shorter, Joined);
        return Url.Replace(shorter, Joined);
    }

    /// <summary>The short name of a key without the location that the row shows anyway.</summary>
    public static string KeyName(string? name, string? region) =>
        name is not null && !string.IsNullOrEmpty(region) && name.EndsWith($" {region}", StringComparison.Ordinal)
            ? name.Substring(0, name.Length - region!.Length - 1)
            : name ?? "";

    /// <summary>A time to the minute, UTC, also of an object that comes from a job or a file.</summary>
    public static string Time(object? value)
    {
        var given = value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
        return given switch
        {
            null => "",
            DateTimeOffset time => Text(time),
            DateTime time => Text(time.ToUniversalTime()),
            // A file has the text, and in one form or another the parts.
            PSObject parts when parts.Properties["UtcDateTime"]?.Value is DateTime time => Text(
                DateTime.SpecifyKind(time, DateTimeKind.Utc)
            ),
            _ when Parsed(given) is { } time => Text(time),
            _ => given.ToString() ?? "",
        };
    }

    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Parsed(object value) =>
        DateTimeOffset.TryParse(
            value.ToString(),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var time
        )
            ? time
            : null;

    private static string Joined(Match match) =>
        string.Join("/", match.Groups.Cast<Group>().Skip(1).Where(g => g.Success).Select(g => g.Value));

    private static string FoldLine(string line, int width)
    {
        var folded = new StringBuilder();
        var column = 0;
        foreach (var word in line.Split(' '))
        {
            if (column > 0 && column + 1 + word.Length > width)
            {
                folded.Append('\n');
                column = 0;
            }
            else if (column > 0)
            {
                folded.Append(' ');
                column++;
            }

            folded.Append(word);
            column += word.Length;
        }

        return folded.ToString();
    }

    /// <summary>The columns of the window, less one: some hosts keep the last one free.</summary>
    private static int Width(PSHost? host)
    {
        try
        {
            return host?.UI?.RawUI?.BufferSize.Width is > LeastWidth and var width ? width - 1 : UsualWidth - 1;
        }
        catch (Exception error) when (error is HostException or NotImplementedException or InvalidOperationException)
        {
            // A host without a window.
            return UsualWidth - 1;
        }
    }
}
