namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Regions of Azure in which CockroachDB Advanced is offered
/// (https://www.cockroachlabs.com/docs/cockroachcloud/regions).
/// Only to be offered: CockroachDB Cloud decides.
/// </summary>
internal static class AzureRegions
{
    public static IReadOnlyList<Suggestion> Offered { get; } =
    [
        Suggestion.Region("australiaeast", "New South Wales"),
        Suggestion.Region("canadacentral", "Toronto"),
        Suggestion.Region("centralindia", "Pune"),
        Suggestion.Region("centralus", "Iowa"),
        Suggestion.Region("eastasia", "Hong Kong"),
        Suggestion.Region("eastus", "Virginia"),
        Suggestion.Region("eastus2", "Virginia"),
        Suggestion.Region("francecentral", "Paris"),
        Suggestion.Region("germanywestcentral", "Frankfurt"),
        Suggestion.Region("japaneast", "Tokyo"),
        Suggestion.Region("koreacentral", "Seoul"),
        Suggestion.Region("northeurope", "Ireland"),
        Suggestion.Region("norwayeast", "Oslo"),
        Suggestion.Region("polandcentral", "Warsaw"),
        Suggestion.Region("southafricanorth", "Johannesburg"),
        Suggestion.Region("southcentralus", "Texas"),
        Suggestion.Region("southeastasia", "Singapore"),
        Suggestion.Region("swedencentral", "Gävle"),
        Suggestion.Region("switzerlandnorth", "Zürich"),
        Suggestion.Region("uaenorth", "Dubai"),
        Suggestion.Region("uksouth", "London"),
        Suggestion.Region("westeurope", "Netherlands"),
        Suggestion.Region("westus2", "Washington"),
        Suggestion.Region("westus3", "Arizona"),
    ];
}
