using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>The e-mail address of a service account.</summary>
internal sealed record ServiceAccountEmail(string Text, string Name, string Project)
{
    private static readonly Regex Form = new(
        @"\A(?<name>[a-z][a-z0-9-]{4,28}[a-z0-9])@(?<project>[a-z][a-z0-9-]*)(?:\.(?<domain>[a-z0-9.-]+))?"
            + @"\.iam\.gserviceaccount\.com\z",
        RegexOptions.CultureInvariant
    );

    /// <summary>The account as a member of an IAM policy.</summary>
    public string Member => $"serviceAccount:{Text}";

    /// <summary>The account's resource name.</summary>
    public string Resource => $"projects/{Project}/serviceAccounts/{Text}";

    public override string ToString() => Text;

    /// <summary>True for the address of any service account, that of Cockroach Labs included.</summary>
    public static bool IsWellFormed(string text) => Form.IsMatch(text);

    /// <summary>True for an account of Cockroach Labs: by its name, or in the project that hosts the cluster.</summary>
    public static bool IsOfCockroachLabs(string text, CrdbCluster cluster) =>
        text.StartsWith(GcpNames.ClusterAccountPrefix, StringComparison.Ordinal)
        || (
            cluster.AccountId.Length > 0
            && text.EndsWith($"@{cluster.AccountId}.iam.gserviceaccount.com", StringComparison.Ordinal)
        );

    /// <summary>Reads the address of a customer's service account.</summary>
    /// <exception cref="CmekException">
    /// ServiceAccountMalformed; ServiceAccountNotYours for the account of Cockroach Labs.
    /// </exception>
    public static ServiceAccountEmail Parse(string text)
    {
        if (Form.Match(text) is not { Success: true } match)
            throw GcpErrors.ServiceAccountMalformed(text);
        if (text.StartsWith(GcpNames.ClusterAccountPrefix, StringComparison.Ordinal))
            throw GcpErrors.ServiceAccountNotYours(text);
        // Old projects belong to a domain: example.com:db is db.example.com in an address.
        var (project, domain) = (match.Groups["project"].Value, match.Groups["domain"].Value);
        return new ServiceAccountEmail(
            text,
            match.Groups["name"].Value,
            domain.Length == 0 ? project : $"{domain}:{project}"
        );
    }

    /// <summary>The address that an account of this name gets in a project.</summary>
    public static ServiceAccountEmail Of(string name, string project)
    {
        var host = project.Split(':') is { Length: 2 } parts ? $"{parts[1]}.{parts[0]}" : project;
        return new ServiceAccountEmail($"{name}@{host}.iam.gserviceaccount.com", name, project);
    }
}
