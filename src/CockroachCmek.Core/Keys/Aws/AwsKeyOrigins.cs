using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Where a KMS key's material comes from. KMS reports what it generated itself and what is in a key store. Of imported
/// material, a tag of this module or the alias that HashiCorp Vault gives its keys tells whose it is.
/// </summary>
internal sealed class AwsKeyOrigins(AwsRun run)
{
    private const string Kms = "AWS KMS";

    /// <summary>The origin of a key; Unknown when it does not exist or cannot be read.</summary>
    public async Task<KeyOrigin> ReadAsync(string keyUri)
    {
        if (AwsKeyArn.TryParse(keyUri) is not { } arn)
            return KeyOrigin.Unknown;
        try
        {
            return await run.Keys.DescribeAsync(arn) is { } key ? await ReadAsync(key) : KeyOrigin.Unknown;
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            run.Calls.Context.Host.Verbose($"The origin of {keyUri} cannot be read. {error.Message}");
            return KeyOrigin.Unknown;
        }
    }

    /// <summary>The origin of a described key.</summary>
    public async Task<KeyOrigin> ReadAsync(KeyMetadata key)
    {
        if (key.Origin == OriginType.AWS_KMS)
            return KeyOrigin.OfCloud(Kms);
        if (key.Origin == OriginType.AWS_CLOUDHSM)
            return new KeyOrigin(
                CmekKeyOrigin.CustomKeyStore,
                $"was generated in the CloudHSM key store {key.CustomKeyStoreId}"
            );
        if (key.Origin == OriginType.EXTERNAL_KEY_STORE)
            return new KeyOrigin(
                CmekKeyOrigin.ExternalKeyStore,
                $"is in the external key store {key.CustomKeyStoreId}, outside of AWS"
            );
        if (key.Origin != OriginType.EXTERNAL)
            return KeyOrigin.Unknown;
        var origin = await OfImportedAsync(key);
        return key.ValidTo?.ToUniversalTime() is { } end
            ? origin with
            {
                Detail = $"{origin.Detail}, with material that expires on {end:yyyy-MM-dd}",
                ExpiresAt = new DateTimeOffset(end),
            }
            : origin;
    }

    /// <summary>Marks a key as Vault's, unless it is marked.</summary>
    public async Task MarkAsync(string keyUri, CrdbCluster cluster)
    {
        var arn = AwsKeyArn.Parse(keyUri);
        var tags = await run.Keys.GetTagsAsync(arn.Region, keyUri);
        if (
            MarkOf(tags) is not null
            || !await run.ConfirmAsync(keyUri, "Mark the key as generated in HashiCorp Vault, by a tag")
        )
            return;
        try
        {
            await run.Writer.AddTagAsync(arn.Region, keyUri, AwsNames.VaultClusterTag, cluster.Id);
            await run.Writer.AddTagAsync(arn.Region, keyUri, AwsNames.OriginTag, KeyOrigin.VaultMark);
        }
        catch (Exception error) when (AwsCalls.IsDenied(error))
        {
            run.Calls.Context.Host.Verbose(
                $"kms:TagResource is not allowed on {keyUri}: only the alias tells that the key is Vault's."
            );
        }
    }

    private static string? MarkOf(IReadOnlyDictionary<string, string>? tags) => Value(tags, AwsNames.OriginTag);

    private static string? Value(IReadOnlyDictionary<string, string>? tags, string tag) =>
        tags is not null && tags.TryGetValue(tag, out var value) ? value : null;

    private async Task<KeyOrigin> OfImportedAsync(KeyMetadata key)
    {
        var region = AwsKeyArn.Parse(key.Arn).Region;
        var tags = await run.Keys.GetTagsAsync(region, key.KeyId);
        // A mark cannot make imported material the KMS's own.
        if (KeyOrigin.OfMark(MarkOf(tags), Kms) is { IsForeign: true } marked)
            return marked with { ClusterId = Value(tags, AwsNames.VaultClusterTag) };
        try
        {
            return (await run.Keys.GetAliasesAsync(region, key.KeyId)).Any(AwsNames.IsVaultAlias)
                ? KeyOrigin.OfVault
                : KeyOrigin.Imported;
        }
        catch (Exception error) when (AwsCalls.IsDenied(error))
        {
            run.Calls.Context.Host.Verbose($"kms:ListAliases is not allowed: {key.Arn} counts as imported.");
            return KeyOrigin.Imported;
        }
    }
}
