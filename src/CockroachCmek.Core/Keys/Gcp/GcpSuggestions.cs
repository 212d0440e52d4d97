using System.IO;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Values for parameters of Google Cloud: the projects of gcloud's configurations and of the keys that were seen, their
/// key rings, and the locations that serve several regions.
/// </summary>
internal static class GcpSuggestions
{
    /// <summary>Locations that serve several regions (Cloud KMS: locations). Regions come from the keys.</summary>
    private static readonly Suggestion[] WideLocations =
    [
        new("europe", "multi-region: Europe"),
        new("us", "multi-region: United States"),
        new("asia", "multi-region: Asia"),
        new("global", "everywhere; a key for regions on several continents"),
    ];

    public static IEnumerable<Suggestion> Of(string parameter, SeenNames seen)
    {
        var rings = seen.KeyUris.Select(GcpKeyName.TryParse).OfType<GcpKeyName>().Select(k => k.Ring).Distinct();
        return parameter switch
        {
            "GcpProject" or "GcpQuotaProject" or "Project" => Projects(rings, seen.Principals),
            "Location" => WideLocations.Concat(
                rings.Select(r => new Suggestion(r.Location, "location of a key that was seen"))
            ),
            "KeyRing" => rings
                .Select(r => new Suggestion(r.Id, $"key ring in {r.Project}, {r.Location}"))
                .Append(new Suggestion(GcpNames.DefaultRing, "the default key ring")),
            "Name" => seen
                .Principals.Where(p => ServiceAccountEmail.IsWellFormed(p) && !IsOfCockroachLabs(p))
                .Select(ServiceAccountEmail.Parse)
                .Select(a => new Suggestion(a.Name, $"service account that was seen, in project {a.Project}")),
            "Region" => GcpRegions.Offered,
            "VaultKeyCollection" => rings.Select(r => new Suggestion(r.ToString(), "key ring of a key that was seen")),
            _ => [],
        };
    }

    private static IEnumerable<Suggestion> Projects(IEnumerable<GcpRingName> rings, IEnumerable<string> principals)
    {
        if (LocalConfiguration.Variable("GOOGLE_CLOUD_PROJECT") is { } project)
            yield return new Suggestion(project, "GOOGLE_CLOUD_PROJECT");
        foreach (var file in LocalConfiguration.Files(Path.Combine(GcloudFolder(), "configurations"), "config_*"))
        foreach (var (section, settings) in LocalConfiguration.Sections(LocalConfiguration.Text(file)))
            if (section == "core" && settings.TryGetValue("project", out var configured))
                yield return new Suggestion(
                    configured,
                    $"gcloud configuration {Path.GetFileName(file).Substring("config_".Length)}"
                );
        foreach (var ring in rings)
            yield return new Suggestion(ring.Project, "project of a key that was seen");
        foreach (var principal in principals)
            if (ServiceAccountEmail.IsWellFormed(principal) && !IsOfCockroachLabs(principal))
                yield return new Suggestion(
                    ServiceAccountEmail.Parse(principal).Project,
                    "project of a service account that was seen"
                );
    }

    private static bool IsOfCockroachLabs(string principal) =>
        principal.StartsWith(GcpNames.ClusterAccountPrefix, StringComparison.Ordinal);

    /// <summary>Where gcloud keeps its configurations (gcloud topic configurations).</summary>
    private static string GcloudFolder() =>
        Environment.OSVersion.Platform == PlatformID.Win32NT
            ? LocalConfiguration.PathOf("CLOUDSDK_CONFIG", "AppData", "Roaming", "gcloud")
            : LocalConfiguration.PathOf("CLOUDSDK_CONFIG", ".config", "gcloud");
}
