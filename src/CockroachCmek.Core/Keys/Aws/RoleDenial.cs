using System.Globalization;
using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The documents that deny a role the keys.</summary>
internal static class RoleDenial
{
    public const string NameField = "PolicyName";

    private const string PolicyField = "PolicyDocument";
    private const string TimeKey = "aws:TokenIssueTime";
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>Beginning of the Sid. IAM takes letters and digits only.</summary>
    public const string SidPrefix = "CockroachCmekRevoked";

    public static string Sid(string cluster) => SidPrefix + cluster.Replace("-", "");

    /// <summary>A policy that denies every use of every key.</summary>
    /// <param name="issuedBefore">Only to sessions that were issued before; null for all.</param>
    public static JsonObject Policy(string cluster, DateTimeOffset? issuedBefore)
    {
        var statement = new JsonObject
        {
            ["Sid"] = Sid(cluster),
            ["Effect"] = "Deny",
            ["Action"] = "kms:*",
            ["Resource"] = "*",
        };
        if (issuedBefore is { } time)
            statement["Condition"] = new JsonObject
            {
                ["DateLessThan"] = new JsonObject
                {
                    [TimeKey] = time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture),
                },
            };
        return new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray(statement) };
    }

    /// <summary>A statement of a trust policy that denies a principal the role.</summary>
    public static JsonObject TrustStatement(string cluster, string principal) =>
        new()
        {
            ["Sid"] = Sid(cluster),
            ["Effect"] = "Deny",
            ["Principal"] = new JsonObject { ["AWS"] = principal },
            ["Action"] = "sts:AssumeRole",
        };

    /// <summary>A policy and its name.</summary>
    public static JsonObject Describe(string name, JsonObject policy) =>
        new() { [NameField] = name, [PolicyField] = policy };

    /// <summary>The cluster that the name of a policy carries; null for any other name.</summary>
    public static string? ClusterOf(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) && Guid.TryParse(name.Substring(prefix.Length), out _)
            ? name.Substring(prefix.Length)
            : null;

    /// <summary>The account of a trust statement's principal; empty when there is none.</summary>
    public static string AccountOf(JsonNode? statement) =>
        PolicyPrincipal
            .Parse("AWS", ((statement as JsonObject)?["Principal"] as JsonObject)?["AWS"]?.ToString() ?? "")
            .AccountId;

    /// <summary>Which sessions a policy cuts; null when it does not say.</summary>
    public static DateTimeOffset? IssuedBeforeOf(JsonObject? described) =>
        DateTimeOffset.TryParseExact(
            (described?[PolicyField]?["Statement"] as JsonArray)
                ?.FirstOrDefault()
                ?["Condition"]?["DateLessThan"]?[TimeKey]?.ToString(),
            TimeForm,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var time
        )
            ? time
            : null;

    public static DateTimeOffset ToSeconds(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
