namespace CockroachCmek.Sandbox.Gcp;

/// <summary>
/// The customer's organization with one folder and the projects in it. A policy applies to everything below its
/// resource.
/// </summary>
internal static class GcpHierarchy
{
    public const string Organization = "organizations/200000000010";
    public const string Folder = "folders/200000000011";

    /// <summary>The domain of the organization's people.</summary>
    public const string Domain = "example.com";

    /// <summary>The customer id of the organization in Cloud Identity.</summary>
    public const string CustomerId = "C00000000";

    /// <summary>True for everything in the customer's organization, also for what does not exist there.</summary>
    public static bool IsCustomers(string resource) =>
        resource is Organization or Folder
        || resource.StartsWith(Organization + "/", StringComparison.Ordinal)
        || GcpProjects.Numbers.ContainsKey(ProjectOf(resource));

    /// <summary>The id of the project that a resource belongs to; empty if it belongs to none.</summary>
    public static string ProjectOf(string resource) =>
        resource.Split('/') is ["projects", var project, ..] ? project : "";

    /// <summary>The resource and everything above it, up to the organization.</summary>
    public static IEnumerable<string> WithAncestors(string resource)
    {
        var segments = resource.Split('/');
        for (var count = segments.Length; count >= 2; count -= 2)
            yield return string.Join("/", segments.Take(count));
        if (GcpProjects.Numbers.ContainsKey(ProjectOf(resource)))
            yield return Folder;
        if (resource != Organization && IsCustomers(resource))
            yield return Organization;
    }

    /// <summary>The type of a resource, in the names that conditions and Policy Troubleshooter use.</summary>
    public static string TypeOf(string resource)
    {
        var segments = resource.Split('/');
        return segments[segments.Length - (segments.Length % 2 == 0 ? 2 : 1)] switch
        {
            "locations" => "cloudkms.googleapis.com/Location",
            "keyRings" => "cloudkms.googleapis.com/KeyRing",
            "cryptoKeys" => "cloudkms.googleapis.com/CryptoKey",
            "cryptoKeyVersions" => "cloudkms.googleapis.com/CryptoKeyVersion",
            "importJobs" => "cloudkms.googleapis.com/ImportJob",
            "serviceAccounts" => "iam.googleapis.com/ServiceAccount",
            "folders" => "cloudresourcemanager.googleapis.com/Folder",
            "organizations" => "cloudresourcemanager.googleapis.com/Organization",
            _ => "cloudresourcemanager.googleapis.com/Project",
        };
    }

    /// <summary>The name with the project's number instead of its id.</summary>
    public static string WithNumber(string resource) =>
        GcpProjects.Numbers.TryGetValue(ProjectOf(resource), out var number)
            ? string.Join("/", new[] { "projects", number }.Concat(resource.Split('/').Skip(2)))
            : resource;

    /// <summary>The name with the project's id instead of its number.</summary>
    public static string WithId(string resource) =>
        GcpProjects.Numbers.FirstOrDefault(p => p.Value == ProjectOf(resource)).Key is { } id
            ? string.Join("/", new[] { "projects", id }.Concat(resource.Split('/').Skip(2)))
            : resource;
}
