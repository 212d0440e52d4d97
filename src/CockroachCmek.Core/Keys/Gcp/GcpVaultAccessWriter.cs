using System.IO;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Creates what is missing of HashiCorp Vault's access to a key ring.</summary>
internal sealed class GcpVaultAccessWriter(GcpClients clients, GcpCalls calls)
{
    private readonly GcpAccounts _accounts = new(clients, calls);

    /// <summary>Creates what is missing.</summary>
    /// <returns>True when the binding is new, so that Google Cloud may not know it everywhere yet.</returns>
    public async Task<bool> WriteAsync(GcpVaultAccessState state)
    {
        if (!state.HasRole)
            await CreateRoleAsync(state);
        if (!state.HasAccount)
            await CreateAccountAsync(state.Account);
        if (!state.HasBinding)
            await new GcpPolicies(clients, calls).ChangeAsync(
                state.Ring.ToString(),
                policy => policy.Add(IamPolicy.Binding(state.Role, state.Account.Member)),
                error => GcpPolicies.IsUnknownMember(error, state.Account.Text)
            );
        if (state.KeyPath is { } path)
            await WriteKeyAsync(state.Account, path);
        return !state.HasBinding;
    }

    private Task CreateRoleAsync(GcpVaultAccessState state) =>
        calls.SettleAsync(
            $"roles.create {state.Role}",
            () =>
                calls.WriteAsync("IAM", "roles.create", state.Role, c =>
                    clients.Iam.CreateRoleAsync(
                        state.Ring.Project,
                        GcpVaultAccess.RoleId,
                        GcpVaultAccess.RoleTitle,
                        "HashiCorp Vault distributes keys for CMEK with it.",
                        GcpVaultAccess.Permissions,
                        c
                    )
                ),
            () => new GcpVaultAccess(clients, calls).FindRoleAsync(state.Role),
            GcpCalls.ReadIfExists
        );

    private async Task CreateAccountAsync(ServiceAccountEmail account)
    {
        await calls.SettleAsync(
            $"serviceAccounts.create {account}",
            () =>
                calls.WriteAsync("IAM", "serviceAccounts.create", account.Text, c =>
                    clients.Iam.CreateServiceAccountAsync(
                        account.Project,
                        account.Name,
                        "Vault agent for CMEK",
                        "HashiCorp Vault distributes keys for CMEK as this account.",
                        c
                    )
                ),
            () => _accounts.FindAsync(account, mayBeNew: true),
            GcpCalls.ReadIfExists
        );
        await _accounts.WaitUntilKnownAsync(account);
    }

    /// <summary>
    /// Creates a key of the account and writes it to a file that only its owner can read. The file is opened first, so
    /// that a path that cannot be written costs no key.
    /// </summary>
    private async Task WriteKeyAsync(ServiceAccountEmail account, string path)
    {
        using var file = OwnersFile.Create(path);
        var isWritten = false;
        try
        {
            var before = await ListKeysAsync(account);
            await calls.SettleAsync(
                $"serviceAccounts.keys.create {account}",
                async () =>
                {
                    var key = await calls.WriteAsync("IAM", "serviceAccounts.keys.create", account.Text, c =>
                        clients.Iam.CreateServiceAccountKeyAsync(account.Resource, c)
                    );
                    var bytes = Convert.FromBase64String(key.PrivateKeyData ?? "");
                    file.Write(bytes, 0, bytes.Length);
                },
                async () =>
                {
                    await DeleteKeysAsync(account, except: before);
                    return false;
                }
            );
            isWritten = true;
        }
        finally
        {
            file.Dispose();
            if (!isWritten)
                File.Delete(path);
        }
    }

    /// <summary>Google Cloud shows a private key once, so a key whose response was lost is useless.</summary>
    private async Task DeleteKeysAsync(ServiceAccountEmail account, IReadOnlyList<string> except)
    {
        foreach (var orphan in (await ListKeysAsync(account)).Except(except))
            await calls.WriteAsync("IAM", "serviceAccounts.keys.delete", orphan, c =>
                clients.Iam.DeleteServiceAccountKeyAsync(orphan, c)
            );
    }

    private async Task<IReadOnlyList<string>> ListKeysAsync(ServiceAccountEmail account)
    {
        var keys = await calls.ReadAsync("IAM", "serviceAccounts.keys.list", account.Text, c =>
            clients.Iam.ListServiceAccountKeysAsync(account.Resource, c)
        );
        return [.. keys.Select(k => k.Name ?? "")];
    }
}
