using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Reads a key as KMS shows it: state, origin, age, and the alias that tells people whose it is.</summary>
internal sealed class AwsKeyDescriber(AwsRun run)
{
    public async Task<KeyDescription> ReadAsync(string keyUri)
    {
        if (AwsKeyArn.TryParse(keyUri) is not { } arn)
            return KeyDescription.Unread;
        var unread = KeyDescription.Unread with { Location = arn.Region };
        try
        {
            return await run.Keys.DescribeAsync(arn) is { } key
                ? Of(key, arn, await new AwsKeyOrigins(run).ReadAsync(key), await AliasAsync(arn))
                : KeyDescription.Missing with
                {
                    Location = arn.Region,
                };
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            run.Calls.Context.Host.Verbose($"{keyUri} cannot be read. {error.Message}");
            return unread;
        }
    }

    private static KeyDescription Of(KeyMetadata key, AwsKeyArn arn, KeyOrigin origin, string alias) =>
        new()
        {
            Origin = origin,
            State = key.KeyState?.Value ?? "",
            Name = alias,
            Location = arn.Region,
            CreatedAt = key.CreationDate?.ToUniversalTime() is { } created ? new DateTimeOffset(created) : null,
            ExpiresAt = origin.ExpiresAt,
            IsPrimary = key.MultiRegionConfiguration?.MultiRegionKeyType == MultiRegionKeyType.PRIMARY,
        };

    /// <summary>This module's alias, or the first; empty without one, or where aliases may not be listed.</summary>
    private async Task<string> AliasAsync(AwsKeyArn arn)
    {
        try
        {
            var aliases = await run.Keys.GetAliasesAsync(arn.Region, arn.KeyId);
            return aliases.FirstOrDefault(AwsNames.IsOurAlias) ?? (aliases.Count > 0 ? aliases[0] : "");
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            run.Calls.Context.Host.Verbose($"The aliases of {arn} cannot be listed. {error.Message}");
            return "";
        }
    }
}
