using System.Text.Json.Nodes;
using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Writes a role's inline policies and its trust policy, and reads them back. IAM finds a role by its name in the
/// account of the caller, so nothing is written with credentials of another account.
/// </summary>
internal sealed class AwsRolePolicyWriter(AwsRun run, RoleArn role)
{
    private readonly AwsPartition _partition = AwsPartition.Named(role.Partition);

    private IAwsIam Iam => run.Clients.Iam(_partition);

    /// <summary>Sets an inline policy.</summary>
    /// <exception cref="CmekException">RoleOfAnotherAccount, RolePolicyNotSeen.</exception>
    public Task PutAsync(string name, JsonObject policy) => PutAsync(name, policy, IsLike(policy));

    /// <summary>Sets an inline policy, unless one is there that serves as well.</summary>
    /// <exception cref="CmekException">RoleOfAnotherAccount, RolePolicyNotSeen.</exception>
    public async Task PutAsync(string name, JsonObject policy, Func<JsonObject, bool> isEnough)
    {
        await CheckAccountAsync();
        if (!await HasAsync(name, isEnough))
            await ChangeAsync(
                "PutRolePolicy",
                name,
                c => Iam.PutRolePolicyAsync(role.Name, name, policy.ToJsonString(), c),
                () => HasAsync(name, isEnough)
            );
    }

    /// <summary>Removes an inline policy. One that is not there counts as removed.</summary>
    public async Task DeleteAsync(string name)
    {
        await CheckAccountAsync();
        if (await FindAsync(name) is not null)
            await ChangeAsync(
                "DeleteRolePolicy",
                name,
                c => Iam.DeleteRolePolicyAsync(role.Name, name, c),
                async () => await FindAsync(name) is null
            );
    }

    /// <summary>Changes the trust policy as it is now.</summary>
    public async Task ChangeTrustAsync(Func<KeyPolicyDocument, KeyPolicyDocument> change)
    {
        await CheckAccountAsync();
        if (!await IsDoneAsync())
            await ChangeAsync("UpdateAssumeRolePolicy", "the trust policy", WriteAsync, IsDoneAsync);

        async Task WriteAsync(CancellationToken cancellation)
        {
            if (await FindTrustAsync() is { } trust)
                await Iam.UpdateAssumeRolePolicyAsync(role.Name, change(trust).ToCompactString(), cancellation);
        }

        async Task<bool> IsDoneAsync() =>
            await FindTrustAsync() is not { } trust || change(trust).IsEquivalentTo(trust);
    }

    /// <summary>True when an inline policy is there, and means the same.</summary>
    public Task<bool> HasAsync(string name, JsonObject policy) => HasAsync(name, IsLike(policy));

    /// <summary>True when an inline policy is there, and serves.</summary>
    public async Task<bool> HasAsync(string name, Func<JsonObject, bool> isEnough) =>
        await FindAsync(name) is { } text && JsonNode.Parse(text) is JsonObject found && isEnough(found);

    private static Func<JsonObject, bool> IsLike(JsonObject policy)
    {
        var wanted = JsonNode.Parse(policy.ToJsonString());
        return found => JsonNode.DeepEquals(found, wanted);
    }

    /// <summary>The trust policy; null when there is no such role.</summary>
    public async Task<KeyPolicyDocument?> FindTrustAsync() =>
        await run.FindRoleAsync(_partition, role.Name) is { } found && found.Arn == role.Text
            ? KeyPolicyDocument.Parse(found.TrustPolicy)
            : null;

    /// <exception cref="CmekException">RoleOfAnotherAccount.</exception>
    public async Task CheckAccountAsync()
    {
        var caller = await run.GetCallerAsync(_partition.IamSigningRegion);
        if (caller.Account != role.AccountId)
            throw AwsErrors.RoleOfAnotherAccount(role, caller.Account);
    }

    private async Task ChangeAsync(
        string verb,
        string what,
        Func<CancellationToken, Task> call,
        Func<Task<bool>> isDone
    )
    {
        await run.Calls.SettleAsync($"{verb} {role.Name}", () => run.Calls.WriteAsync("IAM", verb, role.Name, async c =>
                {
                    await call(c);
                    return true;
                }), isDone);
        await run.Calls.PollUntilAsync(isDone, AwsKeyWriter.Propagation, AwsKeyWriter.Pause, () =>
            AwsErrors.RolePolicyNotSeen(role.Text, what)
        );
    }

    private async Task<string?> FindAsync(string name)
    {
        try
        {
            return await run.Calls.ReadAsync("IAM", "GetRolePolicy", role.Name, c =>
                Iam.GetRolePolicyAsync(role.Name, name, c)
            );
        }
        catch (AmazonServiceException error) when (error.ErrorCode == "NoSuchEntity")
        {
            return null;
        }
    }
}
