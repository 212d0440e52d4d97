namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Options of an identity that only AWS has.</summary>
internal sealed record AwsRoleOptions
{
    private const string BoundaryName = "PermissionsBoundary";

    /// <summary>Names of the parameters that these options come from.</summary>
    public static IReadOnlyCollection<string> Names { get; } = ["Name", "Path", "Tag", BoundaryName];

    /// <summary>Path of the role, beginning and ending with a slash. Default: /.</summary>
    public string Path { get; private init; } = "/";

    /// <summary>ARN of the policy that limits what the role can ever do; null for none.</summary>
    public string? PermissionsBoundary { get; private init; }

    public static AwsRoleOptions From(CloudOptions options) =>
        new() { Path = options.Get<string>("Path") ?? "/", PermissionsBoundary = options.Get<string>(BoundaryName) };
}

/// <summary>Options of keys that only AWS has.</summary>
internal sealed record AwsKeyOptions
{
    private const string MultiRegionName = "MultiRegion";
    private const string RemoveStaleName = "RemoveStalePrincipal";

    /// <summary>Names of the parameters that these options come from.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [MultiRegionName, "Administrator", RemoveStaleName];

    /// <summary>One multi-region key with a replica in each region. Default: a separate key in each region.</summary>
    public bool MultiRegion { get; private init; }

    /// <summary>ARNs of the key's administrators, in addition to the account itself.</summary>
    public IReadOnlyList<string> Administrators { get; private init; } = [];

    /// <summary>Remove principals that were deleted from the policy of an imported key.</summary>
    public bool RemoveStalePrincipal { get; private init; }

    public static AwsKeyOptions From(CloudOptions options) =>
        new()
        {
            MultiRegion = options.Get<bool>(MultiRegionName),
            Administrators = options.Get<string[]>("Administrator") ?? [],
            RemoveStalePrincipal = options.Get<bool>(RemoveStaleName),
        };
}
