using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The ARN of an IAM role, parsed once.</summary>
/// <param name="Text">The ARN as written.</param>
/// <param name="Partition">The partition: aws, aws-cn, aws-us-gov, …</param>
/// <param name="AccountId">The account that owns the role.</param>
/// <param name="Name">The role's name, without its path.</param>
internal sealed record RoleArn(string Text, string Partition, string AccountId, string Name)
{
    private static readonly Regex Form = new(
        @"^arn:(?<partition>aws[a-z-]*):iam::(?<account>[0-9]{12}):role/(?:[\x21-\x7e]*/)?(?<name>[\w+=,.@-]{1,64})\z",
        RegexOptions.CultureInvariant
    );

    /// <summary>Parses an ARN; null when the text is not a role ARN.</summary>
    public static RoleArn? TryParse(string text) =>
        Form.Match(text) is { Success: true } match
            ? new RoleArn(
                text,
                match.Groups["partition"].Value,
                match.Groups["account"].Value,
                match.Groups["name"].Value
            )
            : null;

    /// <summary>Parses an ARN.</summary>
    /// <exception cref="CmekException">RoleArnMalformed.</exception>
    public static RoleArn Parse(string text) => TryParse(text) ?? throw AwsErrors.RoleArnMalformed(text);

    /// <summary>The role's path, beginning and ending with a slash.</summary>
    public string Path
    {
        get
        {
            var start = Text.IndexOf(":role/", StringComparison.Ordinal) + ":role".Length;
            return Text.Substring(start, Text.Length - start - Name.Length);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
