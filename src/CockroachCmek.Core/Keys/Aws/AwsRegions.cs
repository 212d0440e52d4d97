namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Regions of AWS in which CockroachDB Advanced is offered (https://www.cockroachlabs.com/docs/cockroachcloud/regions).
/// Only to be offered: CockroachDB Cloud decides.
/// </summary>
internal static class AwsRegions
{
    public static IReadOnlyList<Suggestion> Offered { get; } =
    [
        Suggestion.Region("ap-east-1", "Hong Kong"),
        Suggestion.Region("ap-northeast-1", "Tokyo"),
        Suggestion.Region("ap-northeast-2", "Seoul"),
        Suggestion.Region("ap-northeast-3", "Osaka"),
        Suggestion.Region("ap-south-1", "Mumbai"),
        Suggestion.Region("ap-southeast-1", "Singapore"),
        Suggestion.Region("ap-southeast-2", "Sydney"),
        Suggestion.Region("ap-southeast-3", "Jakarta"),
        Suggestion.Region("ca-central-1", "Central Canada"),
        Suggestion.Region("ca-west-1", "Calgary"),
        Suggestion.Region("eu-central-1", "Frankfurt"),
        Suggestion.Region("eu-north-1", "Stockholm"),
        Suggestion.Region("eu-south-1", "Milan"),
        Suggestion.Region("eu-west-1", "Ireland"),
        Suggestion.Region("eu-west-2", "London"),
        Suggestion.Region("eu-west-3", "Paris"),
        Suggestion.Region("il-central-1", "Tel Aviv"),
        Suggestion.Region("me-central-1", "United Arab Emirates"),
        Suggestion.Region("me-south-1", "Bahrain"),
        Suggestion.Region("sa-east-1", "São Paulo"),
        Suggestion.Region("us-east-1", "N. Virginia"),
        Suggestion.Region("us-east-2", "Ohio"),
        Suggestion.Region("us-west-2", "Oregon"),
    ];
}
