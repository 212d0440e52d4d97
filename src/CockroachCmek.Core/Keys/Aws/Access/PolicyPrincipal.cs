using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>What a principal of a policy stands for.</summary>
internal enum PrincipalKind
{
    /// <summary>Everybody: *.</summary>
    Everybody,

    /// <summary>An account as a whole: its root ARN or its id.</summary>
    Account,

    /// <summary>A role or a user by its ARN.</summary>
    Identity,

    /// <summary>One session of a role.</summary>
    Session,

    /// <summary>The unique id that AWS shows for a role or user that was deleted.</summary>
    UniqueId,

    /// <summary>A service of AWS.</summary>
    Service,

    /// <summary>An identity provider.</summary>
    Federated,

    /// <summary>A canonical user id of S3.</summary>
    CanonicalUser,

    /// <summary>A form that is not known.</summary>
    Other,
}

/// <summary>A principal of a policy, parsed once.</summary>
/// <param name="AccountId">Its account; empty when it has none.</param>
/// <param name="Name">Of a session, the name of its role; else empty.</param>
internal sealed record PolicyPrincipal(PrincipalKind Kind, string Text, string AccountId = "", string Name = "")
{
    private static readonly Regex ArnForm = new(
        @"^arn:aws[a-z-]*:(?<service>iam|sts)::(?<account>[0-9]{12}):(?<resource>.+)\z",
        RegexOptions.CultureInvariant
    );

    /// <summary>Parses a principal.</summary>
    /// <param name="type">The type that the policy gives it: AWS, Service, Federated or CanonicalUser.</param>
    public static PolicyPrincipal Parse(string type, string text) =>
        type switch
        {
            "Service" => new(PrincipalKind.Service, text),
            "Federated" => new(PrincipalKind.Federated, text),
            "CanonicalUser" => new(PrincipalKind.CanonicalUser, text),
            "AWS" => OfAws(text),
            _ => new(PrincipalKind.Other, text),
        };

    private static PolicyPrincipal OfAws(string text)
    {
        if (text == "*")
            return new(PrincipalKind.Everybody, text);
        if (Regex.IsMatch(text, @"^[0-9]{12}\z"))
            return new(PrincipalKind.Account, text, text);
        if (Regex.IsMatch(text, @"^A(ROA|IDA)[A-Z0-9]+\z"))
            return new(PrincipalKind.UniqueId, text);
        if (ArnForm.Match(text) is not { Success: true } match)
            return new(PrincipalKind.Other, text);
        var (account, resource) = (match.Groups["account"].Value, match.Groups["resource"].Value);
        if (resource == "root")
            return new(PrincipalKind.Account, text, account);
        return match.Groups["service"].Value == "sts" && resource.Split('/') is ["assumed-role", var role, ..]
            ? new(PrincipalKind.Session, text, account, role)
            : new(PrincipalKind.Identity, text, account);
    }
}

/// <summary>Whose request is judged.</summary>
internal sealed record PolicySubject
{
    /// <summary>The account of somebody whose account nobody named.</summary>
    public const string NoAccount = "000000000000";

    /// <summary>The ARN of the role or user; null for an identity of the account that is not known.</summary>
    public string? Arn { get; private init; }

    /// <summary>The account.</summary>
    public required string AccountId { get; init; }

    /// <summary>True when it uses sessions of the role, as CockroachDB Cloud does.</summary>
    public bool IsRole { get; private init; }

    /// <summary>The name of the role, without its path.</summary>
    public string RoleName => Arn?.Substring(Arn.LastIndexOf('/') + 1) ?? "";

    /// <summary>Somebody whose account nobody named.</summary>
    public static PolicySubject Anybody { get; } = new() { AccountId = NoAccount };

    /// <summary>Somebody of whom nothing is known, whom a condition may be about.</summary>
    public static PolicySubject Somebody { get; } = new() { AccountId = "" };

    /// <summary>A session of a role.</summary>
    public static PolicySubject Role(string arn, string accountId) =>
        new()
        {
            Arn = arn,
            AccountId = accountId,
            IsRole = true,
        };

    /// <summary>Somebody in an account.</summary>
    public static PolicySubject In(string accountId) => new() { AccountId = accountId };

    /// <summary>The identity that a principal of a policy names.</summary>
    public static PolicySubject Of(PolicyPrincipal principal) =>
        principal.Kind == PrincipalKind.Identity
            ? new()
            {
                Arn = principal.Text,
                AccountId = principal.AccountId,
                IsRole = principal.Text.Contains(":role/"),
            }
            : In(principal.AccountId.Length > 0 ? principal.AccountId : NoAccount);
}
