using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Keys in another account than the role. The key policy alone does not let the role use them: a policy of the role
/// must, too. With credentials for both accounts (Connect-CrdbCloud -KeyProfile) the module writes both sides.
/// </summary>
internal sealed class AwsRoleGrant(AwsRun run, CrdbCluster cluster, RoleArn role)
{
    private readonly AwsPartition _partition = AwsPartition.Named(role.Partition);
    private readonly string _policyName = AwsNames.RolePolicy(cluster);

    private IAwsIam Iam => run.Clients.Iam(_partition);

    /// <summary>Before anything is written: warns, or makes sure that the role can be changed.</summary>
    /// <param name="accounts">The accounts of the keys.</param>
    /// <param name="isPlanned">The role does not exist yet.</param>
    /// <exception cref="CmekException">RoleNotFound.</exception>
    public async Task PrepareAsync(IEnumerable<string> accounts, bool isPlanned)
    {
        var others = accounts.Where(a => a != role.AccountId).Distinct().ToList();
        if (others.Count == 0)
            return;
        if (!run.Clients.HasKeyProfile)
            run.Warn(
                $"A key is in account {string.Join(" and ", others)}, the role in account {role.AccountId}. The role also "
                    + "needs an IAM policy that allows it to use the key. Connect-CrdbCloud -KeyProfile <profile of the "
                    + "key's account> lets New-CrdbCmekKey write both sides; Get-CrdbCmekKeyPolicy prints them."
            );
        else if (!isPlanned && (await run.FindRoleAsync(_partition, role.Name))?.Arn != role.Text)
            throw AwsErrors.RoleNotFound(role.Text);
    }

    /// <summary>Lets the role use the keys of other accounts. Keys that its inline policy names already stay.</summary>
    public async Task EnsureAsync(IEnumerable<AwsKeyArn> keys)
    {
        var foreign = keys.Where(k => k.AccountId != role.AccountId).Select(k => k.ToString()).Distinct().ToList();
        if (foreign.Count == 0 || !run.Clients.HasKeyProfile)
            return;
        var missing = foreign.Except((await ReadAsync()).Keys).ToList();
        if (missing.Count == 0)
            return;
        var action = $"Let the role use {string.Join(", ", missing)} by the inline policy {_policyName}";
        if (!await run.ConfirmAsync(role.Text, action))
            return;
        await run.Calls.SettleAsync($"PutRolePolicy {role.Name}", () => PutAsync(missing), IsDoneAsync);
        await run.Calls.PollUntilAsync(IsDoneAsync, AwsKeyWriter.Propagation, AwsKeyWriter.Pause, () =>
            AwsErrors.RolePolicyNotSeen(role.Text, _policyName)
        );

        async Task<bool> IsDoneAsync() => !missing.Except((await ReadAsync()).Keys).Any();
    }

    private async Task PutAsync(IReadOnlyList<string> keys) =>
        await run.Calls.WriteBuiltAsync(
            "IAM",
            "PutRolePolicy",
            role.Name,
            async () => (RolePolicyDocument?)(await ReadAsync()).With(keys),
            async (policy, c) =>
            {
                await Iam.PutRolePolicyAsync(role.Name, _policyName, policy.ToCompactString(), c);
                return policy;
            }
        );

    private async Task<RolePolicyDocument> ReadAsync()
    {
        try
        {
            return RolePolicyDocument.Parse(
                await run.Calls.ReadAsync("IAM", "GetRolePolicy", role.Name, c =>
                    Iam.GetRolePolicyAsync(role.Name, _policyName, c)
                )
            );
        }
        catch (AmazonServiceException error) when (error.ErrorCode == "NoSuchEntity")
        {
            return RolePolicyDocument.Empty;
        }
        catch (FormatException error)
        {
            throw AwsErrors.AwsRefused(role.Text, "MalformedPolicy", error.Message, error);
        }
    }
}
