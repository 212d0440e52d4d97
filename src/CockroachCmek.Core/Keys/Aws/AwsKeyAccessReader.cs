using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Reads everything that decides who may use a key: its policy and grants, and the role's policies and boundary. What
/// the caller is not allowed to read becomes a place that is named as unread.
/// </summary>
internal sealed class AwsKeyAccessReader(AwsRun run)
{
    private DateTimeOffset Now => run.Calls.Context.Time.GetUtcNow();

    /// <summary>The reading for a key whose policy was read already.</summary>
    public Task<KeyAccessReading> ReadAsync(AwsKeyArn key, KeyPolicyDocument policy, RoleArn role) =>
        ReadAsync(key, policy.ToPolicy(), role, unreadKey: null, ReadGrantsAsync(key));

    /// <summary>The reading for a key of which only some grants are looked at.</summary>
    public Task<KeyAccessReading> ReadAsync(FoundKey key, RoleArn role, KeyGrants grants) =>
        ReadAsync(key.Arn, key.Policy.ToPolicy(), role, unreadKey: null, Task.FromResult(grants));

    private async Task<KeyAccessReading> ReadAsync(
        AwsKeyArn key,
        PolicyText policy,
        RoleArn role,
        UnreadPlace? unreadKey,
        Task<KeyGrants> grants
    )
    {
        var ofRole = run.FindRolePoliciesOnceAsync(role);
        var read = await grants;
        return new KeyAccessReading(
            new KeyPolicies
            {
                Key = policy,
                UnreadKey = unreadKey,
                Role = await ofRole,
                Grants = [.. read.Entries.Select(Parse)],
                UnreadGrants = read.Unread,
            },
            new JudgedKey(key.ToString(), key.AccountId, key.Region, Now),
            PolicySubject.Role(role.Text, role.AccountId)
        );
    }

    /// <summary>The reading for a key whose policy may not be readable.</summary>
    public async Task<KeyAccessReading> ReadAsync(AwsKeyArn key, string role)
    {
        const string permission = "kms:GetKeyPolicy";
        try
        {
            return await ReadAsync(key, await run.Keys.GetPolicyAsync(key.Region, key.ToString()), RoleArn.Parse(role));
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            var command = AwsCommands.GetKeyPolicy(key.ToString(), key.Region).Needing(permission);
            return await ReadAsync(
                key,
                new PolicyText([]),
                RoleArn.Parse(role),
                new UnreadPlace($"the policy of {key}", AwsCalls.NeedOf(error, permission), command),
                ReadGrantsAsync(key)
            );
        }
    }

    /// <summary>The reading for a key that was found.</summary>
    public Task<KeyAccessReading> ReadAsync(FoundKey key, string role) =>
        ReadAsync(key.Arn, key.Policy, RoleArn.Parse(role));

    /// <summary>The key's grants, or what reading them needs.</summary>
    public async Task<KeyGrants> ReadGrantsAsync(AwsKeyArn key)
    {
        try
        {
            return new KeyGrants(await run.Keys.GetGrantsAsync(key), null);
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            const string permission = "kms:ListGrants";
            var command = AwsCommands.ListGrants(key.ToString(), key.Region).Needing(permission);
            return new KeyGrants(
                [],
                new UnreadPlace($"the grants of {key}", AwsCalls.NeedOf(error, permission), command)
            );
        }
    }

    private static KmsGrant Parse(GrantListEntry grant) =>
        new(
            grant.GrantId,
            grant.GranteePrincipal ?? grant.IssuingAccount ?? "",
            grant.Operations ?? [],
            grant.Constraints is { } constraints
                && (constraints.EncryptionContextSubset?.Count > 0 || constraints.EncryptionContextEquals?.Count > 0),
            grant.CreationDate is { } date ? new DateTimeOffset(date.ToUniversalTime()) : null
        );
}

/// <summary>The KMS grants of a key.</summary>
/// <param name="Unread">What reading them needs; null when they were read.</param>
internal sealed record KeyGrants(IReadOnlyList<GrantListEntry> Entries, UnreadPlace? Unread);
