using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Reads the policies of a role: inline, managed, and its permissions boundary. IAM finds a role by its name in the
/// account of the caller, so a role of another account cannot be read.
/// </summary>
internal sealed class AwsRolePolicyReader(AwsRun run, RoleArn role)
{
    private readonly AwsPartition _partition = AwsPartition.Named(role.Partition);
    private readonly List<NamedPolicy> _policies = [];
    private readonly List<UnreadPlace> _unread = [];

    private IAwsIam Iam => run.Clients.Iam(_partition);

    /// <summary>The policies; what could not be read is named.</summary>
    public async Task<RolePolicies> ReadAsync()
    {
        IamRole? found = null;
        UnreadPlace? boundary = null;
        try
        {
            found = await run.FindRoleOnceAsync(_partition, role.Name);
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            boundary = Unread(error, "the permissions boundary", "iam:GetRole", AwsCommands.GetRole(role.Name));
        }

        if (
            found?.Arn != role.Text
            && (await run.GetCallerAsync(_partition.IamSigningRegion)).Account != role.AccountId
        )
            return OfAnotherAccount();
        if (found is not null && found.Arn != role.Text)
            return RolePolicies.None;
        if (found is null && boundary is null)
            return RolePolicies.None;
        await InlineAsync();
        await ManagedAsync();
        var limit = await BoundaryAsync(found?.PermissionsBoundary);
        return new RolePolicies
        {
            Identity = _policies,
            Unread = _unread,
            Boundary = limit.Policy,
            UnreadBoundary = boundary ?? limit.Unread,
        };
    }

    private RolePolicies OfAnotherAccount()
    {
        var place = new UnreadPlace(
            $"the IAM policies and the permissions boundary of {role}",
            $"credentials of account {role.AccountId}",
            $"{AwsCommands.GetRole(role.Name)} --profile <profile of account {role.AccountId}>"
        );
        return new RolePolicies { Unread = [place], UnreadBoundary = place };
    }

    private async Task InlineAsync()
    {
        const string list = "iam:ListRolePolicies";
        const string get = "iam:GetRolePolicy";
        var names = await TryAsync(
            () => ReadAsync("ListRolePolicies", role.Name, c => Iam.ListRolePoliciesAsync(role.Name, c)),
            Unread("the inline policies", list, AwsCommands.RolePolicies(role.Name))
        );
        foreach (var name in names ?? [])
        {
            var command = $"aws iam get-role-policy --role-name {role.Name} --policy-name {name}";
            var text = await TryAsync(
                () => ReadAsync("GetRolePolicy", name, c => Iam.GetRolePolicyAsync(role.Name, name, c)),
                Unread($"the inline policy '{name}'", get, command)
            );
            Add($"the inline policy '{name}' of the role", text);
        }
    }

    private async Task ManagedAsync()
    {
        const string list = "iam:ListAttachedRolePolicies";
        var arns = await TryAsync(
            () =>
                ReadAsync("ListAttachedRolePolicies", role.Name, c => Iam.ListAttachedRolePoliciesAsync(role.Name, c)),
            Unread("the managed policies", list, AwsCommands.RolePolicies(role.Name))
        );
        foreach (var arn in arns ?? [])
        {
            var (text, unread) = await ManagedAsync(arn, $"the managed policy {arn}");
            Add($"the managed policy {arn} of the role", text);
            if (unread is not null)
                _unread.Add(unread);
        }
    }

    private async Task<(NamedPolicy? Policy, UnreadPlace? Unread)> BoundaryAsync(string? arn)
    {
        if (arn is null)
            return (null, null);
        var (text, unread) = await ManagedAsync(arn, $"the permissions boundary {arn}");
        var place = $"the permissions boundary {arn} of the role";
        return (text is null ? null : new NamedPolicy(place, PolicyText.Parse(text)), unread);
    }

    /// <summary>The default version of a managed policy, or what reading it needs.</summary>
    private async Task<(string? Text, UnreadPlace? Unread)> ManagedAsync(string arn, string what)
    {
        var permission = "iam:GetPolicy";
        try
        {
            var version = await ReadAsync("GetPolicy", arn, c => Iam.GetPolicyDefaultVersionAsync(arn, c));
            permission = "iam:GetPolicyVersion";
            return (await ReadAsync("GetPolicyVersion", arn, c => Iam.GetPolicyVersionAsync(arn, version, c)), null);
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            return (null, Unread(error, what, permission, $"aws iam get-policy --policy-arn {arn}"));
        }
    }

    private void Add(string place, string? text)
    {
        if (text is not null)
            _policies.Add(new NamedPolicy(place, PolicyText.Parse(text)));
    }

    /// <summary>What was read; null when the caller is not allowed to, which is noted.</summary>
    private async Task<T?> TryAsync<T>(Func<Task<T>> read, UnreadPlace place)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            _unread.Add(place with { Permission = AwsCalls.NeedOf(error, place.Permission) });
            return null;
        }
    }

    private UnreadPlace Unread(string what, string permission, string command) =>
        new($"{what} of {role}", permission, command.Needing(permission));

    private UnreadPlace Unread(Exception error, string what, string permission, string command) =>
        Unread(what, permission, command) with
        {
            Permission = AwsCalls.NeedOf(error, permission),
        };

    private Task<T> ReadAsync<T>(string verb, string resource, Func<CancellationToken, Task<T>> call) =>
        run.Calls.ReadAsync("IAM", verb, resource, call);
}
