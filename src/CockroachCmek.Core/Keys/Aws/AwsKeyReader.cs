using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Reads of KMS.</summary>
internal sealed class AwsKeyReader(AwsClients clients, AwsCalls calls)
{
    /// <summary>The key with its policy; null when there is none.</summary>
    /// <param name="keyId">An id, ARN, alias or alias ARN.</param>
    public async Task<FoundKey?> FindAsync(string region, string keyId) =>
        await DescribeAsync(region, keyId) is { } metadata
            ? new FoundKey(metadata, await GetPolicyAsync(region, metadata.KeyId))
            : null;

    /// <summary>The key of an ARN with its policy; null when there is none.</summary>
    public Task<FoundKey?> FindAsync(AwsKeyArn arn) => FindAsync(arn.Region, arn.ToString());

    /// <summary>The key with its policy and tags; null when there is none.</summary>
    /// <param name="keyId">An id, ARN, alias or alias ARN.</param>
    public async Task<FoundKey?> FindTaggedAsync(string region, string keyId) =>
        await DescribeAsync(region, keyId) is { } metadata ? await ReadTaggedAsync(region, metadata) : null;

    /// <summary>A described key with its policy and tags.</summary>
    public async Task<FoundKey> ReadTaggedAsync(string region, KeyMetadata metadata)
    {
        var policy = GetPolicyAsync(region, metadata.KeyId);
        var tags = GetTagsAsync(region, metadata.KeyId);
        return new FoundKey(metadata, await policy, await tags);
    }

    /// <summary>The key's metadata; null when there is none.</summary>
    public async Task<KeyMetadata?> DescribeAsync(string region, string keyId)
    {
        try
        {
            var response = await calls.ReadAsync("KMS", "DescribeKey", $"{region} {keyId}", c =>
                clients.Kms(region).DescribeKeyAsync(new DescribeKeyRequest { KeyId = keyId }, c)
            );
            return response.KeyMetadata;
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    /// <summary>The metadata of an ARN's key; null when there is none.</summary>
    public Task<KeyMetadata?> DescribeAsync(AwsKeyArn arn) => DescribeAsync(arn.Region, arn.ToString());

    /// <summary>The key policy.</summary>
    /// <exception cref="CmekException">AwsRefused when KMS returns something that is not a policy.</exception>
    public async Task<KeyPolicyDocument> GetPolicyAsync(string region, string keyId)
    {
        var request = new GetKeyPolicyRequest { KeyId = keyId, PolicyName = "default" };
        var response = await calls.ReadAsync("KMS", "GetKeyPolicy", $"{region} {keyId}", c =>
            clients.Kms(region).GetKeyPolicyAsync(request, c)
        );
        try
        {
            return KeyPolicyDocument.Parse(response.Policy);
        }
        catch (FormatException error)
        {
            throw AwsErrors.AwsRefused(keyId, "MalformedPolicy", error.Message, error);
        }
    }

    /// <summary>The tags; null when the caller is not allowed to read them.</summary>
    public async Task<IReadOnlyDictionary<string, string>?> GetTagsAsync(string region, string keyId)
    {
        try
        {
            var response = await calls.ReadAsync("KMS", "ListResourceTags", $"{region} {keyId}", c =>
                clients.Kms(region).ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = keyId }, c)
            );
            return (response.Tags ?? []).ToDictionary(t => t.TagKey, t => t.TagValue);
        }
        catch (AmazonServiceException error) when (error is NotFoundException || AwsCalls.IsDenied(error))
        {
            // Another team's key. What this module created, its user can read.
            return null;
        }
    }

    /// <summary>The grants of a key.</summary>
    public async Task<IReadOnlyList<GrantListEntry>> GetGrantsAsync(AwsKeyArn key)
    {
        var grants = new List<GrantListEntry>();
        string? marker = null;
        do
        {
            var request = new ListGrantsRequest { KeyId = key.ToString(), Marker = marker };
            var page = await calls.ReadAsync("KMS", "ListGrants", request.KeyId, c =>
                clients.Kms(key.Region).ListGrantsAsync(request, c)
            );
            grants.AddRange(page.Grants ?? []);
            marker = page.Truncated == true ? page.NextMarker : null;
        } while (marker is not null);

        return grants;
    }

    /// <summary>Names of the aliases of a key, with their prefix.</summary>
    public async Task<IReadOnlyList<string>> GetAliasesAsync(string region, string keyId)
    {
        var names = new List<string>();
        string? marker = null;
        do
        {
            var page = await calls.ReadAsync("KMS", "ListAliases", $"{region} {keyId}", c =>
                clients.Kms(region).ListAliasesAsync(new ListAliasesRequest { KeyId = keyId, Marker = marker }, c)
            );
            names.AddRange((page.Aliases ?? []).Select(a => a.AliasName));
            marker = page.Truncated == true ? page.NextMarker : null;
        } while (marker is not null);

        return names;
    }

    /// <summary>Ids of all keys in a region, a page at a time.</summary>
    public async IAsyncEnumerable<IReadOnlyList<string>> ListKeysAsync(string region)
    {
        string? marker = null;
        do
        {
            var page = await calls.ReadAsync("KMS", "ListKeys", region, c =>
                clients.Kms(region).ListKeysAsync(new ListKeysRequest { Marker = marker, Limit = 1000 }, c)
            );
            yield return [.. (page.Keys ?? []).Select(k => k.KeyId)];
            marker = page.Truncated == true ? page.NextMarker : null;
        } while (marker is not null);
    }

    /// <summary>Days between AWS's own rotations of a key; null when they are off.</summary>
    public async Task<int?> GetRotationPeriodAsync(string region, string keyId)
    {
        var status = await calls.ReadAsync("KMS", "GetKeyRotationStatus", $"{region} {keyId}", c =>
            clients.Kms(region).GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = keyId }, c)
        );
        return status.KeyRotationEnabled == true ? status.RotationPeriodInDays ?? DefaultRotationPeriod : null;
    }

    /// <summary>
    /// When the key's newest version was created; <see cref="DateTimeOffset.MinValue"/> when it was never rotated.
    /// </summary>
    /// <param name="primary">The key; of a multi-region key its primary.</param>
    public async Task<DateTimeOffset> GetNewestVersionAsync(AwsKeyArn primary) =>
        (await GetNewestMaterialAsync(primary)).CreatedAt;

    /// <summary>The same, with the id of the material; null where KMS does not tell it.</summary>
    public async Task<(DateTimeOffset CreatedAt, string? MaterialId)> GetNewestMaterialAsync(AwsKeyArn primary)
    {
        var newest = (CreatedAt: DateTimeOffset.MinValue, MaterialId: (string?)null);
        foreach (var rotation in await GetRotationsAsync(primary))
            if (rotation.RotationDate?.ToUniversalTime() is { } date && date > newest.CreatedAt)
                newest = (new DateTimeOffset(date), rotation.KeyMaterialId);
        return newest;
    }

    /// <summary>The rotations that are over.</summary>
    public async Task<IReadOnlyList<RotationsListEntry>> GetRotationsAsync(AwsKeyArn primary)
    {
        var rotations = new List<RotationsListEntry>();
        string? marker = null;
        do
        {
            var request = new ListKeyRotationsRequest { KeyId = primary.ToString(), Marker = marker };
            var page = await calls.ReadAsync("KMS", "ListKeyRotations", request.KeyId, c =>
                clients.Kms(primary.Region).ListKeyRotationsAsync(request, c)
            );
            rotations.AddRange(page.Rotations ?? []);
            marker = page.Truncated == true ? page.NextMarker : null;
        } while (marker is not null);

        return rotations;
    }

    /// <summary>The state of material that was imported and not rotated to yet; null when there is none.</summary>
    public async Task<KeyMaterialState?> GetPendingMaterialAsync(AwsKeyArn primary)
    {
        string? marker = null;
        do
        {
            var request = new ListKeyRotationsRequest
            {
                KeyId = primary.ToString(),
                IncludeKeyMaterial = IncludeKeyMaterial.ALL_KEY_MATERIAL,
                Marker = marker,
            };
            var page = await calls.ReadAsync("KMS", "ListKeyRotations", request.KeyId, c =>
                clients.Kms(primary.Region).ListKeyRotationsAsync(request, c)
            );
            foreach (var state in (page.Rotations ?? []).Select(r => r.KeyMaterialState))
                if (
                    state == KeyMaterialState.PENDING_ROTATION
                    || state == KeyMaterialState.PENDING_MULTI_REGION_IMPORT_AND_ROTATION
                )
                    return state;
            marker = page.Truncated == true ? page.NextMarker : null;
        } while (marker is not null);

        return null;
    }

    /// <summary>When the rotation on demand that is running was started; null for none.</summary>
    public async Task<DateTimeOffset?> GetRunningRotationAsync(AwsKeyArn primary)
    {
        var request = new GetKeyRotationStatusRequest { KeyId = primary.ToString() };
        var status = await calls.ReadAsync("KMS", "GetKeyRotationStatus", request.KeyId, c =>
            clients.Kms(primary.Region).GetKeyRotationStatusAsync(request, c)
        );
        return status.OnDemandRotationStartDate?.ToUniversalTime() is { } start ? new DateTimeOffset(start) : null;
    }

    /// <summary>AWS rotates a key once a year when no period was set.</summary>
    private const int DefaultRotationPeriod = 365;
}
