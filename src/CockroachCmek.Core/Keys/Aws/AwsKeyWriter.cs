using System.Collections.Concurrent;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Writes of KMS. KMS does not know a new principal for a while, and parts of it do not know a new key: such refusals
/// are waited out on the injected clock where this session created the principal or key; all others are final. A lost
/// response is settled by reading, except for <see cref="CreateKeyAsync"/>.
/// </summary>
internal sealed partial class AwsKeyWriter(AwsClients clients, AwsCalls calls, AwsKeyReader reader)
{
    /// <summary>
    /// How long a change may take to be seen. Terraform's provider waits two minutes at CreateKey, three at
    /// PutKeyPolicy.
    /// </summary>
    public static readonly TimeSpan Propagation = TimeSpan.FromMinutes(3);

    /// <summary>A change of a policy that is not seen for so long has been undone by somebody, and is made again.</summary>
    private static readonly TimeSpan Repetition = TimeSpan.FromMinutes(1);

    /// <summary>The pause between two tries.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>
    /// A role may be created in one process and used in the next. KMS knows it minutes later at the latest.
    /// </summary>
    private static readonly TimeSpan MaximumAgeOfNew = TimeSpan.FromMinutes(10);

    /// <summary>Ids of the keys that this run created.</summary>
    private readonly ConcurrentDictionary<string, bool> _newKeys = new();

    /// <summary>Creates a key. CreateKey has no idempotency token: the caller settles a lost response.</summary>
    public async Task<KeyMetadata> CreateKeyAsync(string region, KeyPolicyDocument policy, KeyShape shape)
    {
        var request = new CreateKeyRequest
        {
            Policy = policy.ToCompactString(),
            MultiRegion = shape.MultiRegion,
            Description = shape.Description,
            Tags = TagsOf(shape),
        };
        var response = await WaitForPrincipalsAsync(
            $"the new key in {region}",
            () => policy,
            () => calls.WriteAsync("KMS", "CreateKey", region, c => clients.Kms(region).CreateKeyAsync(request, c))
        );
        _newKeys[response.KeyMetadata.KeyId] = true;
        return response.KeyMetadata;
    }

    /// <summary>Creates a replica and waits until it can be used.</summary>
    public async Task<KeyMetadata> ReplicateAsync(
        AwsKeyArn primary,
        string region,
        KeyPolicyDocument policy,
        KeyShape shape
    )
    {
        var request = new ReplicateKeyRequest
        {
            KeyId = primary.KeyId,
            ReplicaRegion = region,
            Policy = policy.ToCompactString(),
            Description = shape.Description,
            Tags = TagsOf(shape),
        };
        await calls.SettleAsync(
            $"ReplicateKey {primary.KeyId} to {region}",
            async () =>
            {
                try
                {
                    await WaitForPrincipalsAsync(
                        $"the replica of {primary.KeyId} in {region}",
                        () => policy,
                        () =>
                            WriteAsync("ReplicateKey", primary.Region, primary.KeyId, $" to {region}", (kms, c) =>
                                kms.ReplicateKeyAsync(request, c)
                            )
                    );
                    _newKeys[primary.KeyId] = true;
                }
                catch (AlreadyExistsException)
                {
                    // Created by an earlier run, and perhaps not visible yet.
                }
            },
            async () => await reader.DescribeAsync(region, primary.KeyId) is not null
        );
        return await WaitUntilCreatedAsync(region, primary.KeyId);
    }

    /// <summary>Creates the key's alias. An alias that already points to the key counts as success.</summary>
    public Task CreateAliasAsync(string region, string alias, string keyId) =>
        calls.SettleAsync(
            $"CreateAlias {region} {alias}",
            () =>
                WriteAsync("CreateAlias", region, keyId, $" {alias}", (kms, c) =>
                    kms.CreateAliasAsync(new CreateAliasRequest { AliasName = alias, TargetKeyId = keyId }, c)
                ),
            async () =>
                await reader.DescribeAsync(region, alias) is { } holder
                && (holder.KeyId == keyId ? true : throw AwsErrors.AliasTaken(alias, region, holder.Arn)),
            new Settling { IsDone = error => error is AlreadyExistsException }
        );

    /// <summary>Points an existing alias to a key.</summary>
    public Task MoveAliasAsync(string region, string alias, string keyId) =>
        calls.SettleAsync(
            $"UpdateAlias {region} {alias}",
            () =>
                WriteAsync("UpdateAlias", region, keyId, $" {alias}", (kms, c) =>
                    kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = alias, TargetKeyId = keyId }, c)
                ),
            async () => (await reader.DescribeAsync(region, alias))?.KeyId == keyId
        );

    /// <summary>Lets AWS rotate the key periodically.</summary>
    public Task EnableRotationAsync(string region, string keyId, int days) =>
        calls.SettleAsync(
            $"EnableKeyRotation {region} {keyId}",
            () =>
                WriteAsync("EnableKeyRotation", region, keyId, "", (kms, c) =>
                    kms.EnableKeyRotationAsync(
                        new EnableKeyRotationRequest { KeyId = keyId, RotationPeriodInDays = days },
                        c
                    )
                ),
            async () => await reader.GetRotationPeriodAsync(region, keyId) == days
        );

    /// <summary>Sets a tag, and leaves the others as they are.</summary>
    public Task AddTagAsync(string region, string keyId, string tag, string value) =>
        calls.SettleAsync(
            $"TagResource {region} {keyId}",
            () =>
                calls.WriteAsync("KMS", "TagResource", $"{region} {keyId}", c =>
                    clients
                        .Kms(region)
                        .TagResourceAsync(
                            new TagResourceRequest
                            {
                                KeyId = keyId,
                                Tags = [new Tag { TagKey = tag, TagValue = value }],
                            },
                            c
                        )
                ),
            async () =>
                await reader.GetTagsAsync(region, keyId) is { } tags
                && tags.TryGetValue(tag, out var found)
                && found == value
        );

    /// <summary>Removes a tag. A tag that is not there counts as removed.</summary>
    public Task RemoveTagAsync(string region, string keyId, string tag) =>
        calls.SettleAsync(
            $"UntagResource {region} {keyId}",
            () =>
                calls.WriteAsync("KMS", "UntagResource", $"{region} {keyId}", c =>
                    clients
                        .Kms(region)
                        .UntagResourceAsync(new UntagResourceRequest { KeyId = keyId, TagKeys = [tag] }, c)
                ),
            async () => (await reader.GetTagsAsync(region, keyId))?.ContainsKey(tag) != true
        );

    /// <summary>Enables or disables a key, and waits until KMS shows it.</summary>
    public async Task SetEnabledAsync(AwsKeyArn key, bool enabled)
    {
        var wanted = enabled ? KeyState.Enabled : KeyState.Disabled;
        if (await IsWantedAsync())
            return;
        var verb = enabled ? "EnableKey" : "DisableKey";
        await calls.SettleAsync(
            $"{verb} {key}",
            () => calls.WriteAsync("KMS", verb, key.ToString(), Send),
            IsWantedAsync
        );
        await calls.PollUntilAsync(IsWantedAsync, Propagation, Pause, () =>
            AwsErrors.KeyStateNotSeen(key.ToString(), wanted.Value)
        );

        async Task<Amazon.Runtime.AmazonWebServiceResponse> Send(CancellationToken cancellationToken)
        {
            var kms = clients.Kms(key.Region);
            return enabled
                ? await kms.EnableKeyAsync(new EnableKeyRequest { KeyId = key.KeyId }, cancellationToken)
                : await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = key.KeyId }, cancellationToken);
        }

        async Task<bool> IsWantedAsync() => (await reader.DescribeAsync(key))?.KeyState == wanted;
    }

    /// <summary>Schedules the deletion of a key that this operation created and nobody uses.</summary>
    public async Task ScheduleDeletionAsync(AwsKeyArn key, int days)
    {
        try
        {
            await calls.SettleAsync(
                $"ScheduleKeyDeletion {key}",
                () =>
                    WriteAsync("ScheduleKeyDeletion", key.Region, key.KeyId, "", (kms, c) =>
                        kms.ScheduleKeyDeletionAsync(
                            new ScheduleKeyDeletionRequest { KeyId = key.KeyId, PendingWindowInDays = days },
                            c
                        )
                    ),
                async () =>
                    await reader.DescribeAsync(key) is not { } shown
                    || shown.KeyState == KeyState.PendingDeletion
                    || shown.KeyState == KeyState.PendingReplicaDeletion
            );
        }
        catch (Exception error) when (calls.Translate(error, key.ToString()) is { } translated)
        {
            throw translated;
        }
    }

    /// <summary>Cancels a scheduled deletion. The key is disabled afterwards.</summary>
    public async Task CancelDeletionAsync(AwsKeyArn key)
    {
        if (await IsCancelledAsync())
            return;
        await calls.SettleAsync(
            $"CancelKeyDeletion {key}",
            () =>
                calls.WriteAsync("KMS", "CancelKeyDeletion", key.ToString(), c =>
                    clients
                        .Kms(key.Region)
                        .CancelKeyDeletionAsync(new CancelKeyDeletionRequest { KeyId = key.KeyId }, c)
                ),
            IsCancelledAsync
        );

        async Task<bool> IsCancelledAsync() =>
            await reader.DescribeAsync(key) is { } shown
            && shown.KeyState != KeyState.PendingDeletion
            && shown.KeyState != KeyState.PendingReplicaDeletion;
    }

    private async Task<KeyMetadata> WaitUntilCreatedAsync(string region, string keyId)
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

    /// <param name="keyId">The key that the call works on.</param>
    /// <param name="detail">What else the verbose line shows.</param>
    private Task<T> WriteAsync<T>(
        string verb,
        string region,
        string keyId,
        string detail,
        Func<IAmazonKeyManagementService, CancellationToken, Task<T>> call
    ) =>
        WaitForKeyAsync(keyId, () =>
            calls.WriteAsync("KMS", verb, $"{region} {keyId}{detail}", c => call(clients.Kms(region), c))
        );

    /// <summary>Repeats a call while parts of KMS do not know the key yet, or still create it.</summary>
    private Task<T> WaitForKeyAsync<T>(string keyId, Func<Task<T>> call) =>
        calls.RetryUntilPropagatedAsync(
            call,
            error =>
                error switch
                {
                    // Right after a creation (KMS developer guide, eventual consistency).
                    NotFoundException => true,
                    // The sentence names the state, in words that AWS does not promise.
                    KMSInvalidStateException => _newKeys.ContainsKey(keyId),
                    _ => false,
                },
            Propagation,
            Pause
        );

    private static List<Tag> TagsOf(KeyShape shape) =>
        [.. shape.Tags.Select(t => new Tag { TagKey = t.Key, TagValue = t.Value })];
}
