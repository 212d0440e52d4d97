using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The clusters that a key and its role are marked for: by their tags, and by the role's name.</summary>
internal sealed class AwsClusterMarks(AwsRun run)
{
    /// <returns>Null when neither the key nor the role could be read.</returns>
    public async Task<IReadOnlyList<ClusterMark>?> ReadAsync(CmekRegionSpec spec)
    {
        var arn = AwsKeyArn.Parse(spec.KeyUri);
        var role = RoleArn.Parse(spec.AuthPrincipal);
        var ofKey = run.Keys.GetTagsAsync(arn.Region, arn.ToString());
        var ofRole = ReadRoleTagsAsync(role);
        ClusterMark[] found =
        [
            .. new[] { ClusterMark.OfName(role.Name), Of(await ofKey), Of(await ofRole) }.OfType<ClusterMark>(),
        ];
        return found.Length == 0 && await ofKey is null && await ofRole is null ? null : found;
    }

    private static ClusterMark? Of(IReadOnlyDictionary<string, string>? tags) =>
        ClusterMark.Of(tags, AwsNames.ClusterIdTag, AwsNames.ClusterNameTag);

    private async Task<IReadOnlyDictionary<string, string>?> ReadRoleTagsAsync(RoleArn role)
    {
        try
        {
            // A role of the same name in another account is another role.
            return
                await run.FindRoleOnceAsync(AwsPartition.Named(role.Partition), role.Name) is { } found
                && found.Arn == role.Text
                ? found.Tags
                : null;
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            return null;
        }
    }
}
