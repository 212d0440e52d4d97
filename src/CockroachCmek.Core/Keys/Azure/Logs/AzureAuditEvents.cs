using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Azure.Logs;

/// <summary>
/// Changes of keys, from the audit log of their Key Vault and from the versions that it lists: those are known also
/// where the log does not reach.
/// </summary>
internal sealed class AzureAuditEvents(AzureEventKeys keys)
{
    /// <summary>Key Vault reports the times of versions in seconds.</summary>
    private static readonly TimeSpan Precision = TimeSpan.FromSeconds(5);

    private static readonly string[] NewVersions = ["KeyCreate", "KeyImport", "KeyRotate", "KeyRotateIfDue"];
    private static readonly Regex Path = new(
        "^/(?:deleted)?keys/(?<name>[^/]+)(?:/(?<version>[0-9a-f]{32}))?",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );

    private static readonly Regex Identifier = new("[0-9a-f]{32}$", RegexOptions.CultureInvariant);

    /// <summary>The rows of a log as events.</summary>
    /// <param name="rows">The rows of one workspace.</param>
    /// <param name="versions">The versions of each key, as far as they can be read.</param>
    /// <param name="source">What was read, for people.</param>
    public IReadOnlyList<KeyEvent> FromLog(
        IEnumerable<AzureQueryRow> rows,
        IReadOnlyList<ListedVersion> versions,
        string source
    )
    {
        var events = new List<KeyEvent>();
        var enabled = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var row in rows.OrderBy(r => r.Time("TimeGenerated")))
        {
            if (
                row.Time("TimeGenerated") is not { } time
                || Path.Match(row.Text("Path")) is not { Success: true } match
            )
                continue;
            var (name, operation) = (match.Groups["name"].Value, row.Text("OperationName"));
            var made = NewVersions.Contains(operation) ? VersionMade(name, row, versions, time) : null;
            var version = match.Groups["version"] is { Success: true } group ? group.Value : made;
            if (keys.UriOf(name, version) is not { } uri)
                continue;
            var isRefused = row.Number("Status") >= 300;
            enabled.TryGetValue($"{name}/{version}", out var before);
            events.Add(
                new KeyEvent
                {
                    Time = time,
                    KeyUri = uri,
                    Action = ActionOf(
                        operation,
                        row.Text("Enabled"),
                        before,
                        made is null || IsFirst(name, made, versions)
                    ),
                    Who = AzureUsage.WhoOf(row),
                    Source = source,
                    Detail = version is null ? operation : $"{operation}, version {version}",
                    RequestId = row.Text("CorrelationId"),
                    Error = isRefused ? AzureUsage.CodeOf(row) : "",
                }
            );
            if (!isRefused && row.Text("Enabled") is { Length: > 0 } state)
                enabled[$"{name}/{version}"] = state.ToLowerInvariant();
        }

        return events;
    }

    /// <summary>Versions whose creation the log does not have.</summary>
    public IEnumerable<KeyEvent> FromVersions(
        IReadOnlyList<ListedVersion> versions,
        IReadOnlyList<KeyEvent> logged,
        DateTimeOffset since
    ) =>
        from version in versions
        let created = version.Attributes.CreatedOn
        where
            created >= since
            && !logged.Any(e =>
                e.Error.Length == 0
                && NewVersions.Contains(e.Detail.Split(',')[0])
                && e.Detail.EndsWith(version.Id.Version!, StringComparison.Ordinal)
            )
        let uri = keys.UriOf(version.Id.Name, version.Id.Version)
        where uri is not null
        select new KeyEvent
        {
            Time = created.Value,
            KeyUri = uri,
            Action = IsFirst(version.Id.Name, version.Id.Version!, versions)
                ? KeyEventAction.Created
                : KeyEventAction.Rotated,
            Source = "Key Vault",
            Detail = $"version {version.Id.Version}",
        };

    /// <param name="operation">The operation, as Key Vault calls it.</param>
    /// <param name="enabled">Whether the version is enabled after it: true, false, or empty.</param>
    /// <param name="before">Whether it was before, as far as the log shows.</param>
    /// <param name="isFirst">True for the first version of a key, or if that is not known.</param>
    private static KeyEventAction ActionOf(string operation, string enabled, string? before, bool isFirst) =>
        operation switch
        {
            "KeyCreate" => isFirst ? KeyEventAction.Created : KeyEventAction.Rotated,
            "KeyRotate" or "KeyRotateIfDue" => KeyEventAction.Rotated,
            "KeyImport" => KeyEventAction.MaterialImported,
            "KeyRestore" => KeyEventAction.Created,
            "KeyDelete" => KeyEventAction.DeletionScheduled,
            "KeyRecover" => KeyEventAction.DeletionCanceled,
            "KeyPurge" => KeyEventAction.Deleted,
            "KeyRotationPolicySet" => KeyEventAction.RotationChanged,
            // An update of tags reports the state too: only a change of the state is one.
            _ when AzureScope.Same(enabled, "false") && before != "false" => KeyEventAction.Disabled,
            _ when AzureScope.Same(enabled, "true") && before == "false" => KeyEventAction.Enabled,
            _ => KeyEventAction.PropertiesChanged,
        };

    /// <summary>
    /// The version that a request made: from the identifier in its response, which some logs leave empty, else the one
    /// of that time.
    /// </summary>
    private static string? VersionMade(
        string name,
        AzureQueryRow row,
        IReadOnlyList<ListedVersion> versions,
        DateTimeOffset time
    ) =>
        Identifier.Match(row.Text("Kid")) is { Success: true } match
            ? match.Value
            : versions
                .Where(v =>
                    AzureScope.Same(v.Id.Name, name)
                    && v.Attributes.CreatedOn is { } created
                    && (created - time).Duration() <= Precision
                )
                .OrderBy(v => (v.Attributes.CreatedOn!.Value - time).Duration())
                .Select(v => v.Id.Version)
                .FirstOrDefault();

    private static bool IsFirst(string name, string version, IReadOnlyList<ListedVersion> versions) =>
        versions.FirstOrDefault(v => AzureScope.Same(v.Id.Name, name)) is not { } first || first.Id.Version == version;
}
