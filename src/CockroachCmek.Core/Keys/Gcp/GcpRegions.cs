namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Regions of Google Cloud in which CockroachDB Advanced is offered
/// (https://www.cockroachlabs.com/docs/cockroachcloud/regions).
/// Only to be offered: CockroachDB Cloud decides.
/// </summary>
internal static class GcpRegions
{
    public static IReadOnlyList<Suggestion> Offered { get; } =
    [
        Suggestion.Region("asia-east1", "Changhua County"),
        Suggestion.Region("asia-east2", "Hong Kong"),
        Suggestion.Region("asia-northeast1", "Tokyo"),
        Suggestion.Region("asia-northeast2", "Osaka"),
        Suggestion.Region("asia-northeast3", "Seoul"),
        Suggestion.Region("asia-south1", "Mumbai"),
        Suggestion.Region("asia-south2", "Delhi"),
        Suggestion.Region("asia-southeast1", "Jurong West"),
        Suggestion.Region("asia-southeast2", "Jakarta"),
        Suggestion.Region("australia-southeast1", "Sydney"),
        Suggestion.Region("australia-southeast2", "Melbourne"),
        Suggestion.Region("europe-central2", "Warsaw"),
        Suggestion.Region("europe-north1", "Hamina"),
        Suggestion.Region("europe-southwest1", "Madrid"),
        Suggestion.Region("europe-west1", "St. Ghislain"),
        Suggestion.Region("europe-west12", "Turin"),
        Suggestion.Region("europe-west2", "London"),
        Suggestion.Region("europe-west3", "Frankfurt"),
        Suggestion.Region("europe-west4", "Eemshaven"),
        Suggestion.Region("europe-west6", "Zürich"),
        Suggestion.Region("europe-west9", "Paris"),
        Suggestion.Region("me-central1", "Doha"),
        Suggestion.Region("me-west1", "Tel Aviv"),
        Suggestion.Region("northamerica-northeast1", "Montréal"),
        Suggestion.Region("northamerica-northeast2", "Toronto"),
        Suggestion.Region("southamerica-east1", "São Paulo"),
        Suggestion.Region("us-central1", "Iowa"),
        Suggestion.Region("us-east1", "South Carolina"),
        Suggestion.Region("us-east4", "Virginia"),
        Suggestion.Region("us-east5", "Columbus"),
        Suggestion.Region("us-south1", "Dallas"),
        Suggestion.Region("us-west1", "Oregon"),
        Suggestion.Region("us-west2", "Los Angeles"),
        Suggestion.Region("us-west3", "Salt Lake City"),
        Suggestion.Region("us-west4", "Las Vegas"),
    ];
}
