using Amazon.Runtime;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>The clusters that a key and its role are marked for: by their tags, and by the role's name.</summary>
internal sealed class AwsClusterMarks(AwsRun run)
{
    /// <summary>Reads the tags of both.</summary>
    public async Task<ClusterMarks> ReadAsync(CmekRegionSpec spec)
    {
        var arn = AwsKeyArn.Parse(spec.KeyUri);
        var role = RoleArn.Parse(spec.AuthPrincipal);
        var ofKey = run.Keys.GetTagsAsync(arn.Region, arn.ToString());
        var unread = new List<UnreadPlace>();
        var ofRole = await ReadRoleTagsAsync(role, unread);
        var tags = await ofKey;
        if (tags is null)
            unread.Add(
                new(
                    $"the tags of {arn}",
                    "kms:ListResourceTags",
                    $"aws kms list-resource-tags --region {arn.Region} --key-id {arn.KeyId}".Needing(
                        "kms:ListResourceTags"
                    )
                )
            );
        ClusterMark[] found = [.. new[] { ClusterMark.OfName(role.Name), Of(tags), Of(ofRole) }.OfType<ClusterMark>()];
        return new ClusterMarks(found, unread, found.Length > 0 || tags is not null || ofRole is not null);
    }

    private static ClusterMark? Of(IReadOnlyDictionary<string, string>? tags) =>
        ClusterMark.Of(tags, AwsNames.ClusterIdTag, AwsNames.ClusterNameTag);

    private async Task<IReadOnlyDictionary<string, string>?> ReadRoleTagsAsync(RoleArn role, List<UnreadPlace> unread)
    {
        try
        {
            var found = await run.FindRoleOnceAsync(AwsPartition.Named(role.Partition), role.Name);
            if (found?.Arn == role.Text)
                return found.Tags;
            // A role of the same name in another account is another role.
            unread.Add(Unread(role));
            return null;
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            unread.Add(Unread(role));
            return null;
        }
    }

    private static UnreadPlace Unread(RoleArn role) =>
        new($"the tags of {role}", "iam:GetRole", AwsCommands.GetRole(role.Name).Needing("iam:GetRole"));
}
