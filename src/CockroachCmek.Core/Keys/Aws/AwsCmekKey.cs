using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Makes the public object of a key on AWS.</summary>
internal static class AwsCmekKey
{
    /// <summary>A key that exists.</summary>
    /// <param name="region">The region that uses the key.</param>
    /// <param name="name">The alias, or the name that the key was given by.</param>
    public static CmekKey Of(KeyRequest request, string region, string name, KeyMetadata key, CmekOutcome outcome) =>
        Create(request, region, name, AwsKeyArn.Parse(key.Arn), outcome) with
        {
            IsMultiRegion = key.MultiRegion ?? false,
            IsPrimary = key.MultiRegionConfiguration?.MultiRegionKeyType == MultiRegionKeyType.PRIMARY,
            State = key.KeyState?.Value ?? "",
            Origin = key.Origin == OriginType.AWS_KMS ? CmekKeyOrigin.Cloud : CmekKeyOrigin.Unknown,
        };

    /// <summary>A key that does not exist yet. Only its alias is known.</summary>
    /// <param name="accountId">The account that will own the key.</param>
    public static CmekKey Planned(KeyRequest request, string region, string alias, string accountId, bool multiRegion)
    {
        var arn = AwsKeyArn.OfAlias(region, accountId, alias);
        return Create(request, region, alias, arn, CmekOutcome.Planned) with
        {
            IsMultiRegion = multiRegion,
            Origin = CmekKeyOrigin.Cloud,
        };
    }

    private static CmekKey Create(KeyRequest request, string region, string name, AwsKeyArn arn, CmekOutcome outcome) =>
        new()
        {
            Cluster = request.Cluster,
            Region = region,
            KeyType = AwsNames.KeyType,
            KeyUri = arn.ToString(),
            AuthPrincipal = request.AuthPrincipal,
            Name = name,
            Location = arn.Region,
            RotationPeriodInDays = request.RotationPeriodInDays,
            Outcome = outcome,
        };
}
