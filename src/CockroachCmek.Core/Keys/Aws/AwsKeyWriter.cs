using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Writes of KMS. A new principal is unknown to KMS for a while, and a new key to parts of it: such refusals are waited out on the injected
/// clock, all others are final. A lost answer is the caller's to settle by reading.
/// </summary>
internal sealed class AwsKeyWriter(AwsClients clients, AwsCalls calls, AwsKeyReader reader)
{
    /// <summary>Terraform's provider waits two minutes for principals at CreateKey, three at PutKeyPolicy.</summary>
    private static readonly TimeSpan Propagation = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    public async Task<KeyMetadata> CreateAsync(string region, KeyPolicyDocument policy, KeyShape shape) =>
        (await RetryUntilPropagatedAsync(() => calls.WriteAsync("KMS", "CreateKey", region, c => clients
                        .Kms(region)
                        .CreateKeyAsync(
                            new CreateKeyRequest
                            {
                                Policy = policy.ToCompactString(),
                                MultiRegion = shape.MultiRegion,
                                Description = shape.Description,
                                Tags = Tags(shape),
                            },
                            c
                        )))).KeyMetadata;

    /// <summary>Makes a replica and waits until it can be used.</summary>
    public async Task<KeyMetadata> ReplicateAsync(
        string primaryRegion,
        string keyId,
        string region,
        KeyPolicyDocument policy,
        KeyShape shape
    )
    {
        try
        {
            await RetryUntilPropagatedAsync(() =>
                calls.WriteAsync("KMS", "ReplicateKey", $"{keyId} to {region}", c => clients
                        .Kms(primaryRegion)
                        .ReplicateKeyAsync(
                            new ReplicateKeyRequest
                            {
                                KeyId = keyId,
                                ReplicaRegion = region,
                                Policy = policy.ToCompactString(),
                                Description = shape.Description,
                                Tags = Tags(shape),
                            },
                            c
                        ))
            );
        }
        catch (AlreadyExistsException)
        {
            // A run before this one got as far as here.
        }
        catch (Exception fault) when (calls.IsResponseLost(fault))
        {
            if (await reader.DescribeAsync(region, keyId) is null)
                throw;
        }

        return await UsableAsync(region, keyId);
    }

    /// <summary>Gives the key its alias. An alias that is there and is this key's is success.</summary>
    public async Task AliasAsync(string region, string alias, string keyId)
    {
        try
        {
            await RetryUntilPropagatedAsync(() =>
                calls.WriteAsync("KMS", "CreateAlias", $"{region} {alias}", c =>
                    clients
                        .Kms(region)
                        .CreateAliasAsync(new CreateAliasRequest { AliasName = alias, TargetKeyId = keyId }, c)
                )
            );
        }
        catch (Exception fault) when (fault is AlreadyExistsException || (calls.IsResponseLost(fault)))
        {
            var holder = await reader.DescribeAsync(region, alias);
            if (holder is null)
                throw;
            if (holder.KeyId != keyId)
                throw AwsErrors.AliasTaken(alias, region, holder.Arn);
        }
    }

    /// <summary>Puts a policy, and reads it back until it is what was put.</summary>
    public async Task PutPolicyAsync(string region, string keyId, KeyPolicyDocument policy)
    {
        try
        {
            await RetryUntilPropagatedAsync(() =>
                calls.WriteAsync("KMS", "PutKeyPolicy", $"{region} {keyId}", c => clients
                        .Kms(region)
                        .PutKeyPolicyAsync(
                            new PutKeyPolicyRequest
                            {
                                KeyId = keyId,
                                PolicyName = "default",
                                Policy = policy.ToCompactString(),
                            },
                            c
                        ))
            );
        }
        catch (Exception fault) when (calls.IsResponseLost(fault))
        {
            calls.Context.Log.Verbose($"The answer to PutKeyPolicy {keyId} was lost; looking whether it happened.");
        }

        await ConfirmPolicyAsync(region, keyId, policy);
    }

    /// <summary>Reads until KMS shows the policy that was put: what was written counts once it can be read.</summary>
    public async Task ConfirmPolicyAsync(string region, string keyId, KeyPolicyDocument policy)
    {
        await calls.PollUntilAsync(
            async () => policy.IsEquivalentTo(await RetryUntilPropagatedAsync(() => reader.PolicyAsync(region, keyId))),
            Propagation,
            Pause,
            () => AwsErrors.PolicyNotSeen(keyId, region)
        );
    }

    public Task EnableRotationAsync(string region, string keyId, int days) =>
        RetryUntilPropagatedAsync(() =>
            calls.WriteAsync("KMS", "EnableKeyRotation", $"{region} {keyId}", c =>
                clients
                    .Kms(region)
                    .EnableKeyRotationAsync(
                        new EnableKeyRotationRequest { KeyId = keyId, RotationPeriodInDays = days },
                        c
                    )
            )
        );

    private async Task<KeyMetadata> UsableAsync(string region, string keyId)
    {
        KeyMetadata? metadata = null;
        await calls.PollUntilAsync(
            async () =>
                (metadata = await reader.DescribeAsync(region, keyId)) is not null
                && metadata.KeyState != KeyState.Creating,
            Propagation,
            Pause,
            () => AwsErrors.ReplicaNotReady(keyId, region)
        );
        return metadata!;
    }

    private Task<T> RetryUntilPropagatedAsync<T>(Func<Task<T>> call) =>
        calls.RetryUntilPropagatedAsync(call, IsSettling, Propagation, Pause);

    /// <summary>
    /// MalformedPolicyDocument also means a real mistake: only the sentence about principals is waited out (boto3 issue 3206). NotFound and
    /// InvalidState right after a creation are eventual consistency (KMS programming guide).
    /// </summary>
    private static bool IsSettling(Exception fault) =>
        fault switch
        {
            MalformedPolicyDocumentException => fault.Message.IndexOf(
                "invalid principals",
                StringComparison.OrdinalIgnoreCase
            ) >= 0,
            NotFoundException => true,
            KMSInvalidStateException => fault.Message.IndexOf("creat", StringComparison.OrdinalIgnoreCase) >= 0,
            _ => false,
        };

    /// <summary>Points an alias, which is another key's or nobody's yet, to a key.</summary>
    public async Task MoveAliasAsync(string region, string alias, string keyId)
    {
        try
        {
            await RetryUntilPropagatedAsync(() =>
                calls.WriteAsync("KMS", "UpdateAlias", $"{region} {alias}", c =>
                    clients
                        .Kms(region)
                        .UpdateAliasAsync(new UpdateAliasRequest { AliasName = alias, TargetKeyId = keyId }, c)
                )
            );
        }
        catch (Exception fault) when (calls.IsResponseLost(fault))
        {
            if ((await reader.DescribeAsync(region, alias))?.KeyId != keyId)
                throw;
        }
    }

    /// <summary>Takes a tag off. One that is not there is no fault.</summary>
    public async Task UntagAsync(string region, string keyId, string tag)
    {
        try
        {
            await calls.WriteAsync("KMS", "UntagResource", $"{region} {keyId}", c =>
                clients.Kms(region).UntagResourceAsync(new UntagResourceRequest { KeyId = keyId, TagKeys = [tag] }, c)
            );
        }
        catch (Exception fault) when (calls.IsResponseLost(fault))
        {
            if (await reader.TagsAsync(region, keyId) is { } tags && tags.ContainsKey(tag))
                throw;
        }
    }

    private static List<Tag> Tags(KeyShape shape) =>
        [.. shape.Tags.Select(t => new Tag { TagKey = t.Key, TagValue = t.Value })];
}

/// <summary>What a key is made like, beside its policy.</summary>
internal sealed record KeyShape(bool MultiRegion, string Description, IReadOnlyDictionary<string, string> Tags)
{
    public static KeyShape Of(KeyRequest request) =>
        new(
            AwsKeyOptions.From(request.Options).MultiRegion,
            $"CMEK of CockroachDB Cloud cluster {request.Cluster.Name} ({request.Cluster.Id})",
            AwsNames.Tags(request.Cluster, request.Tags)
        );
}
