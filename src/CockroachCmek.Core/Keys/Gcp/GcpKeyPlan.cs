using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>What new keys look like: as the request says, or of the shape of an existing key.</summary>
internal sealed record GcpKeyPlan
{
    private static readonly Regex IdForm = new(@"\A[a-zA-Z0-9_-]{1,63}\z", RegexOptions.CultureInvariant);

    /// <summary>
    /// The key for each region, in the order of the request. Regions that share a key have the same name.
    /// </summary>
    public required IReadOnlyList<GcpKeyName> Names { get; init; }

    /// <summary>Protection level, with the API's own names. Default: SOFTWARE.</summary>
    public string? ProtectionLevel { get; init; }

    public TimeSpan? RotationPeriod { get; init; }

    public TimeSpan? DestroyScheduledDuration { get; init; }

    public required Dictionary<string, string> Labels { get; init; }

    /// <summary>Bindings of a new key's policy.</summary>
    public required IReadOnlyList<JsonObject> Bindings { get; init; }

    /// <summary>True for keys in hardware.</summary>
    public bool NeedsHsm => ProtectionLevel == "HSM";

    /// <summary>The plan for a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="account">The service account that uses the keys.</param>
    /// <param name="like">The key whose shape new keys take; null for the request's own.</param>
    /// <param name="clients">Name the project if nothing else does.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="CmekException">
    /// NameMalformed, LabelMalformed, KeyRingElsewhere, ServiceAccountElsewhere, ProjectUnknown.
    /// </exception>
    public static async Task<GcpKeyPlan> FromAsync(
        KeyRequest request,
        ServiceAccountEmail account,
        FoundKey? like,
        GcpClients clients,
        CancellationToken cancellationToken
    )
    {
        if (GcpLabels.FindMalformed(request.Tags) is { } malformed)
            throw GcpErrors.LabelMalformed(request.Cluster.Name, malformed);
        var names = await NamesAsync(request, account, like, clients, cancellationToken);
        var options = GcpKeyOptions.From(request.Options);
        var grant = IamPolicy.Binding(GcpNames.UseRole, account.Member);
        if (like is null)
            return new GcpKeyPlan
            {
                Names = names,
                ProtectionLevel = options.ProtectionLevel?.ToString().ToUpperInvariant(),
                RotationPeriod = PeriodOf(request),
                DestroyScheduledDuration = options.DestroyScheduledDuration,
                Labels = GcpLabels.For(request.Cluster, request.Tags),
                Bindings = [grant],
            };
        var shape = OfShape(like, names, request.Cluster, account);
        foreach (var label in request.Tags)
            shape.Labels[label.Key] = label.Value;
        return shape with
        {
            ProtectionLevel = options.ProtectionLevel?.ToString().ToUpperInvariant() ?? shape.ProtectionLevel,
            RotationPeriod = PeriodOf(request) ?? shape.RotationPeriod,
            DestroyScheduledDuration = options.DestroyScheduledDuration ?? shape.DestroyScheduledDuration,
        };
    }

    /// <summary>
    /// The plan for keys of the shape of an existing one, with its bindings. A grant that somebody narrowed by a
    /// condition is copied as it is.
    /// </summary>
    public static GcpKeyPlan OfShape(
        FoundKey like,
        IReadOnlyList<GcpKeyName> names,
        CrdbCluster cluster,
        ServiceAccountEmail account
    ) =>
        new()
        {
            Names = names,
            // Only Google Cloud's own levels: the new key is generated there.
            ProtectionLevel = GcpKeyFitness.IsExternal(like.Key) ? null : like.Key.VersionTemplate?.ProtectionLevel,
            RotationPeriod = GcpDuration.Parse(like.Key.RotationPeriod),
            DestroyScheduledDuration = GcpDuration.Parse(like.Key.DestroyScheduledDuration),
            Labels = GcpLabels.For(cluster, GcpLabels.GivenByPeople(like.Key)),
            Bindings =
            [
                .. like.Access.Narrowed.Count > 0 ? [] : new[] { IamPolicy.Binding(GcpNames.UseRole, account.Member) },
                .. like.Policy.BindingsOfExistingMembers,
            ],
        };

    /// <summary>A new key as it is sent.</summary>
    /// <param name="now">Google Cloud wants the time of the first rotation with a rotation period.</param>
    public CryptoKey ToKey(DateTimeOffset now) =>
        new()
        {
            Purpose = "ENCRYPT_DECRYPT",
            VersionTemplate = new CryptoKeyVersionTemplate(
                ProtectionLevel ?? "SOFTWARE",
                "GOOGLE_SYMMETRIC_ENCRYPTION"
            ),
            Labels = Labels,
            RotationPeriod = RotationPeriod is { } period ? GcpDuration.Format(period) : null,
            NextRotationTime = RotationPeriod is { } first ? GcpDuration.FormatTime(now + first) : null,
            DestroyScheduledDuration = DestroyScheduledDuration is { } duration ? GcpDuration.Format(duration) : null,
        };

    private static async Task<IReadOnlyList<GcpKeyName>> NamesAsync(
        KeyRequest request,
        ServiceAccountEmail account,
        FoundKey? like,
        GcpClients clients,
        CancellationToken cancellationToken
    )
    {
        var options = GcpKeyOptions.From(request.Options);
        var id = request.Name ?? like?.Label(GcpLabels.First) ?? like?.Name.Id ?? GcpNames.Default(request.Cluster);
        if (!IdForm.IsMatch(id))
            throw GcpErrors.NameMalformed(id, "a key has 1 to 63 letters, digits, hyphens and underscores");
        var ring = GcpRingName.TryParse(options.KeyRing ?? "");
        var ringId = ring?.Id ?? options.KeyRing ?? like?.Name.Ring.Id ?? GcpNames.DefaultRing;
        if (!IdForm.IsMatch(ringId))
            throw GcpErrors.NameMalformed(ringId, "a key ring has 1 to 63 letters, digits, hyphens and underscores");
        var project = await clients.ResolveProjectAsync(
            options.Project ?? ring?.Project ?? like?.Name.Project,
            account.Project,
            cancellationToken
        );
        // Nothing names the keys' project but the session, and the account is in another: as likely a slip as a
        // purpose.
        if (options.Project is null && ring is null && like is null && project != account.Project)
            throw GcpErrors.ServiceAccountElsewhere(account.Text, account.Project, project);
        var names = request
            .Regions.Select(region => new GcpRingName(project, options.Location ?? region, ringId).Key(id))
            .ToList();
        if (ring is not null && names.FirstOrDefault(n => n.Location != ring.Location) is { } elsewhere)
            throw GcpErrors.KeyRingElsewhere(ring, elsewhere.Location);
        return names;
    }

    private static TimeSpan? PeriodOf(KeyRequest request) =>
        request.RotationPeriodInDays is { } days ? TimeSpan.FromDays(days) : null;
}
