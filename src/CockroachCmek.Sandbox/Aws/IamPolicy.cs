namespace CockroachCmek.Sandbox.Aws;

/// <summary>A managed policy: of the customer's account, or of AWS.</summary>
internal sealed class IamPolicy(string arn, string uniqueId, PolicyDocument document, DateTimeOffset created)
{
    public string Arn { get; } = arn;
    public string Name { get; } = arn.Split('/').Last();
    public string UniqueId { get; } = uniqueId;
    public PolicyDocument Document { get; } = document;
    public DateTimeOffset Created { get; } = created;
    public string Description { get; init; } = "";

    /// <summary>Between "policy" and the name, for example /teams/db/.</summary>
    public string Path { get; } =
        arn.Substring(arn.IndexOf(":policy/", StringComparison.Ordinal) + ":policy".Length)
            .Substring(
                0,
                arn.LastIndexOf('/') - arn.IndexOf(":policy/", StringComparison.Ordinal) - ":policy".Length + 1
            );
}
