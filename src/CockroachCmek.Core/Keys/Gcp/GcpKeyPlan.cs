using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>What new keys of a request are to be like: from the request itself, or from the key whose shape they take.</summary>
internal sealed record GcpKeyPlan
{
    private static readonly Regex IdForm = new("^[a-zA-Z0-9_-]{1,63}$", RegexOptions.CultureInvariant);
    private static readonly Regex RingForm = new(
        @"^projects/(?<project>[^/\s]+)/locations/(?<location>[^/\s]+)/keyRings/(?<ring>[a-zA-Z0-9_-]{1,63})$",
        RegexOptions.CultureInvariant
    );

    /// <summary>The key for each region asked for, in their order; the same one where they share it.</summary>
    public required IReadOnlyList<GcpKeyName> Names { get; init; }

    /// <summary>Protection level, as the API says it; null for its default, where none was asked for.</summary>
    public string? ProtectionLevel { get; init; }

    public TimeSpan? RotationPeriod { get; init; }

    public TimeSpan? DestroyScheduledDuration { get; init; }

    public required Dictionary<string, string> Labels { get; init; }

    /// <summary>What the policy of a new key says.</summary>
    public required IReadOnlyList<JsonObject> Bindings { get; init; }

    /// <exception cref="CmekException">NameMalformed, LabelMalformed, KeyRingElsewhere, ServiceAccountElsewhere, ProjectUnknown.</exception>
    public static async Task<GcpKeyPlan> OfAsync(
        KeyRequest request,
        ServiceAccountEmail account,
        FoundKey? like,
        GcpClients clients,
        CancellationToken cancellationToken
    )
    {
        var options = GcpKeyOptions.From(request.Options);
        var id = request.Name ?? like?.Label(GcpNames.FirstLabel) ?? like?.Name.Id ?? GcpNames.Default(request.Cluster);
        if (!IdForm.IsMatch(id))
            throw GcpErrors.NameMalformed(id, "a key has 1 to 63 letters, digits, - and _");
        if (GcpNames.ProblemOf(request.Tags) is { } problem)
            throw GcpErrors.LabelMalformed(request.Cluster.Name, problem);
        var ring = options.KeyRing is { } text && RingForm.Match(text) is { Success: true } match ? match : null;
        var ringId = ring?.Groups["ring"].Value ?? options.KeyRing ?? like?.Name.Ring ?? GcpNames.Ring;
        if (!IdForm.IsMatch(ringId))
            throw GcpErrors.NameMalformed(ringId, "a key ring has 1 to 63 letters, digits, - and _");
        var project = await clients.ProjectAsync(
            options.Project ?? ring?.Groups["project"].Value ?? like?.Name.Project,
            account.Project,
            cancellationToken
        );
        // Nobody said where the keys are to be, but the session's project is not the account's: that is as likely a slip as a purpose.
        if (options.Project is null && ring is null && like is null && project != account.Project)
            throw GcpErrors.ServiceAccountElsewhere(account.Text, account.Project, project);
        var names = request
            .Regions.Select(region => new GcpKeyName(project, options.Location ?? region, ringId, id))
            .ToList();
        if (ring is not null && names.FirstOrDefault(n => n.Location != ring.Groups["location"].Value) is { } elsewhere)
            throw GcpErrors.KeyRingElsewhere(options.KeyRing!, elsewhere.Location);

        var own = IamPolicy.Binding(GcpNames.UseRole, account.Member);
        return new GcpKeyPlan
        {
            Names = names,
            ProtectionLevel = options.ProtectionLevel?.ToString().ToUpperInvariant()
                ?? like?.Key.VersionTemplate?.ProtectionLevel,
            RotationPeriod = request.RotationPeriodInDays is { } days
                ? TimeSpan.FromDays(days)
                : GcpNames.Duration(like?.Key.RotationPeriod),
            DestroyScheduledDuration = options.DestroyScheduledDuration
                ?? GcpNames.Duration(like?.Key.DestroyScheduledDuration),
            Labels = GcpNames.Labels(
                request.Cluster,
                like is null ? request.Tags : Merged(GcpNames.Kept(like.Key.Labels), request.Tags)
            ),
            Bindings = like is null ? [own] : [own, .. like.Policy.Lasting],
        };
    }

    /// <summary>A new key as it is sent.</summary>
    public CryptoKey ToKey(Func<TimeSpan, string> nextRotation) =>
        new()
        {
            Purpose = "ENCRYPT_DECRYPT",
            VersionTemplate = new CryptoKeyVersionTemplate(
                ProtectionLevel ?? "SOFTWARE",
                "GOOGLE_SYMMETRIC_ENCRYPTION"
            ),
            Labels = Labels,
            RotationPeriod = RotationPeriod is { } period ? GcpNames.Seconds(period) : null,
            NextRotationTime = RotationPeriod is { } next ? nextRotation(next) : null,
            DestroyScheduledDuration = DestroyScheduledDuration is { } duration ? GcpNames.Seconds(duration) : null,
        };

    private static Dictionary<string, string> Merged(
        Dictionary<string, string> labels,
        IReadOnlyDictionary<string, string> further
    )
    {
        foreach (var label in further)
            labels[label.Key] = label.Value;
        return labels;
    }
}
