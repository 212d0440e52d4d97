using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The kind of policy that denied a call.</summary>
internal enum AwsDenyingPolicy
{
    /// <summary>AWS does not tell: an older service, or a call across accounts.</summary>
    Unnamed,
    Identity,
    Resource,
    RoleTrust,
    ServiceControl,
    ResourceControl,
    Boundary,
    Session,
    Endpoint,
}

/// <summary>
/// What AWS tells about a denied call. Source: "Troubleshoot access denied error messages" in the IAM user guide. The
/// kind of policy is the end of the sentence; its ARN follows since January 2026, within an organization.
/// </summary>
/// <param name="Action">The denied action, for example kms:CreateKey; null when AWS does not name it.</param>
/// <param name="Policy">The kind of policy that decided.</param>
/// <param name="PolicyArn">The policy that decided; null when AWS does not name it.</param>
/// <param name="IsExplicit">True for a Deny; false where nothing allows the action.</param>
internal sealed record AwsDenial(string? Action, AwsDenyingPolicy Policy, string? PolicyArn, bool IsExplicit)
{
    // In this order: a VPC endpoint policy may be named together with a service control policy.
    private static readonly (string Phrase, AwsDenyingPolicy Policy)[] Phrases =
    [
        ("VPC endpoint policy", AwsDenyingPolicy.Endpoint),
        ("service control policy", AwsDenyingPolicy.ServiceControl),
        ("resource control policy", AwsDenyingPolicy.ResourceControl),
        ("permissions boundary", AwsDenyingPolicy.Boundary),
        ("session policy", AwsDenyingPolicy.Session),
        ("sessions policy", AwsDenyingPolicy.Session),
        ("role trust policy", AwsDenyingPolicy.RoleTrust),
        ("identity-based policy", AwsDenyingPolicy.Identity),
        ("resource-based policy", AwsDenyingPolicy.Resource),
    ];

    /// <summary>Reads the message of a denied call.</summary>
    public static AwsDenial Parse(string message)
    {
        var sentence = Regex.Match(
            message,
            @"perform: (?<action>[a-z0-9-]+:[A-Za-z]+)(?<rest>.*)$",
            RegexOptions.Singleline
        );
        var rest = sentence.Success ? sentence.Groups["rest"].Value : message;
        var policy = Phrases.FirstOrDefault(p => Contains(rest, p.Phrase)).Policy;
        var arn = Regex.Match(
            rest,
            @"policy: (?<arn>arn:aws[a-z-]*:(organizations|iam)::[^\s,;]+)|boundary: (?<arn>arn:aws[a-z-]*:iam::[^\s,;]+)"
        );
        return new AwsDenial(
            sentence.Success ? sentence.Groups["action"].Value : null,
            policy,
            arn.Success ? arn.Groups["arn"].Value.TrimEnd('.') : null,
            Contains(rest, "explicit deny")
        );
    }

    /// <summary>The error for it. A guardrail is named as what it is: more permissions do not help.</summary>
    /// <param name="target">What was worked on: a cluster's name or a key's ARN.</param>
    public CmekException ToException(string target, Exception inner) =>
        Policy switch
        {
            AwsDenyingPolicy.ServiceControl => AwsErrors.OrganizationPolicyDenies(target, "service", this, inner),
            AwsDenyingPolicy.ResourceControl => AwsErrors.OrganizationPolicyDenies(target, "resource", this, inner),
            AwsDenyingPolicy.Boundary => AwsErrors.BoundaryDenies(target, this, inner),
            AwsDenyingPolicy.Session => AwsErrors.SessionPolicyDenies(target, this, inner),
            AwsDenyingPolicy.Endpoint => AwsErrors.EndpointPolicyDenies(target, this, inner),
            _ => AwsErrors.AwsPermissionDenied(target, this, inner),
        };

    private static bool Contains(string text, string phrase) =>
        text.IndexOf(phrase, StringComparison.OrdinalIgnoreCase) >= 0;
}
