namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Values for parameters of AWS: the profiles of the shared configuration files, regions, and roles that were seen.
/// </summary>
internal static class AwsSuggestions
{
    public static IEnumerable<Suggestion> Of(string parameter, SeenNames seen) =>
        parameter switch
        {
            "AwsProfile" or "KeyProfile" => Profiles(),
            "Region" => AwsRegions.Offered,
            "Name" => seen
                .Principals.Select(RoleArn.TryParse)
                .OfType<RoleArn>()
                .Select(r => new Suggestion(r.Name, $"role that was seen, in account {r.AccountId}")),
            _ => [],
        };

    private static IEnumerable<Suggestion> Profiles()
    {
        var config = LocalConfiguration.PathOf("AWS_CONFIG_FILE", ".aws", "config");
        var credentials = LocalConfiguration.PathOf("AWS_SHARED_CREDENTIALS_FILE", ".aws", "credentials");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (section, settings) in LocalConfiguration.Sections(LocalConfiguration.Text(config)))
            if (ProfileOf(section) is { } profile && seen.Add(profile))
                yield return new Suggestion(profile, Describe(settings));
        foreach (var (section, settings) in LocalConfiguration.Sections(LocalConfiguration.Text(credentials)))
            if (seen.Add(section))
                yield return new Suggestion(section, Describe(settings));
    }

    /// <summary>In the configuration file a profile is "[default]" or "[profile name]"; sso-session is none.</summary>
    private static string? ProfileOf(string section) =>
        section == "default" ? section
        : section.StartsWith("profile ", StringComparison.Ordinal) ? section.Substring(8).Trim().Trim('"')
        : null;

    /// <summary>What a profile is, without its secrets.</summary>
    private static string Describe(IReadOnlyDictionary<string, string> settings)
    {
        string[] shown = ["role_arn", "sso_account_id", "sso_role_name", "source_profile", "region"];
        var known = shown.Where(settings.ContainsKey).Select(name => $"{name} {settings[name]}").ToList();
        return known.Count == 0 ? "AWS profile" : $"AWS profile: {string.Join(", ", known)}";
    }
}
