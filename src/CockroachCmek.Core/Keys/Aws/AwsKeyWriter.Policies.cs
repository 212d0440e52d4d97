using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <content>Key policies. KMS has no version of a policy: who writes one replaces what is there.</content>
internal sealed partial class AwsKeyWriter
{
    /// <summary>Changes a key policy, and waits until KMS shows the change.</summary>
    /// <remarks>
    /// The policy is read right before each attempt, and the change is applied to what was read: only what somebody
    /// else writes between that read and the write can be lost. The change must be one that can be applied twice.
    /// </remarks>
    /// <param name="keyId">Id or ARN of the key.</param>
    /// <param name="change">The change; it returns an equivalent policy where nothing is left to do.</param>
    /// <param name="planned">The policy that the change was planned for; null when it was not read before.</param>
    /// <param name="role">The role of the cluster, for the command that removes deleted principals; null for any.</param>
    /// <exception cref="CmekException">KeyPolicyStale, PolicyRefused, PrincipalTooNew, PolicyNotSeen.</exception>
    public async Task ChangePolicyAsync(
        string region,
        string keyId,
        Func<KeyPolicyDocument, KeyPolicyDocument> change,
        KeyPolicyDocument? planned = null,
        RoleArn? role = null
    )
    {
        var seen = planned;
        KeyPolicyDocument? sent = null;
        var isContested = false;
        await WriteAsync();
        var written = calls.Context.Time.GetTimestamp();
        await calls.PollUntilAsync(IsShownAsync, Propagation, Pause, () => AwsErrors.PolicyNotSeen(keyId, region));
        if (isContested)
            calls.Context.Host.Warning(
                $"Somebody else changed the policy of {keyId} at the same time. Their change was kept where it could "
                    + "be seen. Check the policy: aws kms get-key-policy "
                    + $"--region {region} --key-id {keyId} --policy-name default"
            );

        Task WriteAsync() =>
            calls.SettleAsync(
                $"PutKeyPolicy {region} {keyId}",
                () => WaitForPrincipalsAsync(keyId, () => sent, PutAsync),
                IsDoneAsync
            );

        // Who read the policy before this write, and wrote after it, has undone it.
        async Task<bool> IsShownAsync()
        {
            if (await IsDoneAsync())
                return true;
            if (calls.Context.Time.GetElapsedTime(written) >= Repetition)
            {
                await WriteAsync();
                written = calls.Context.Time.GetTimestamp();
            }

            return false;
        }

        Task<PutKeyPolicyResponse?> PutAsync() =>
            WaitForKeyAsync(keyId, () =>
                calls.WriteBuiltAsync("KMS", "PutKeyPolicy", $"{region} {keyId}", BuildAsync, (policy, c) => clients
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

        async Task<KeyPolicyDocument?> BuildAsync()
        {
            var wanted = change(await ReadAsync());
            if (wanted.IsEquivalentTo(seen!))
                return null;
            if (wanted.StalePrincipals is { Count: > 0 } stale)
                throw AwsErrors.KeyPolicyStale(keyId, stale, role?.Text);
            return sent = wanted;
        }

        async Task<bool> IsDoneAsync()
        {
            var shown = await ReadAsync();
            return change(shown).IsEquivalentTo(shown);
        }

        // A policy that is neither the one before nor ours is somebody else's.
        async Task<KeyPolicyDocument> ReadAsync()
        {
            var now = await WaitForKeyAsync(keyId, () => reader.GetPolicyAsync(region, keyId));
            isContested |= seen is not null && !now.IsEquivalentTo(seen) && (sent is null || !now.IsEquivalentTo(sent));
            return seen = now;
        }
    }

    /// <summary>Changes the policy as it is now; sends nothing when it is already as wanted.</summary>
    public Task ChangePolicyAsync(AwsKeyArn key, RoleArn role, Func<KeyPolicyDocument, KeyPolicyDocument> change) =>
        ChangePolicyAsync(key.Region, key.ToString(), change, role: role);

    /// <summary>Waits until KMS shows the policy of a new key: a write counts once it can be read.</summary>
    public Task ConfirmPolicyAsync(string region, string keyId, KeyPolicyDocument policy) =>
        calls.PollUntilAsync(
            async () => policy.IsEquivalentTo(await WaitForKeyAsync(keyId, () => reader.GetPolicyAsync(region, keyId))),
            Propagation,
            Pause,
            () => AwsErrors.PolicyNotSeen(keyId, region)
        );

    /// <summary>
    /// Repeats a write of a policy while KMS does not know a principal that was created a short time ago. KMS refuses a
    /// principal that does not exist in the same words, so nothing else is waited for.
    /// </summary>
    /// <param name="target">What the policy is for, in messages.</param>
    /// <param name="policy">The policy that was sent.</param>
    private async Task<T> WaitForPrincipalsAsync<T>(string target, Func<KeyPolicyDocument?> policy, Func<Task<T>> write)
    {
        try
        {
            return await write();
        }
        catch (MalformedPolicyDocumentException error)
        {
            if (!IsAboutPrincipals(error) || !await NamesNewPrincipalAsync(Named()))
                throw AwsErrors.PolicyRefused(target, error.Message, Named(), error);
        }

        try
        {
            return await calls.RetryUntilPropagatedAsync(write, IsAboutPrincipals, Propagation, Pause);
        }
        catch (MalformedPolicyDocumentException error) when (IsAboutPrincipals(error))
        {
            throw AwsErrors.PrincipalTooNew(target, Named(), error);
        }

        IReadOnlyList<string> Named() => policy()?.NamedPrincipals ?? [];
    }

    /// <summary>One code stands for every mistake in a policy: the message tells which (boto3 #3206).</summary>
    private static bool IsAboutPrincipals(Exception error) =>
        error is MalformedPolicyDocumentException
        && error.Message.IndexOf("invalid principals", StringComparison.OrdinalIgnoreCase) >= 0;

    /// <summary>True when this session created a principal, or IAM shows that one was created minutes ago.</summary>
    private async Task<bool> NamesNewPrincipalAsync(IReadOnlyList<string> principals)
    {
        if (principals.Any(clients.IsNew))
            return true;
        foreach (var role in principals.Select(RoleArn.TryParse).OfType<RoleArn>())
            if (
                await FindCreationAsync(role) is { } created
                && calls.Context.Time.GetUtcNow() - created is var age
                && age.Duration() < MaximumAgeOfNew
            )
                return true;
        return false;
    }

    private async Task<DateTimeOffset?> FindCreationAsync(RoleArn role)
    {
        try
        {
            var found = await calls.ReadAsync("IAM", "GetRole", role.Name, c =>
                clients.Iam(AwsPartition.Named(role.Partition)).GetRoleAsync(role.Name, c)
            );
            return found.Arn == role.Text ? found.CreatedAt : null;
        }
        catch (Amazon.Runtime.AmazonServiceException)
        {
            // It does not exist, or the caller is not allowed to see it: then nothing shows that it is new.
            return null;
        }
    }
}
