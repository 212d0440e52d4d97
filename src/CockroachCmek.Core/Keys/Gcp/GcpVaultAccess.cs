using System.IO;
using System.Text;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>What there is of Vault's access to a key ring.</summary>
internal sealed record GcpVaultAccessState(
    GcpKeyName Ring,
    string Role,
    ServiceAccountEmail Account,
    bool HasRole,
    bool HasAccount,
    bool HasBinding,
    string? KeyPath
)
{
    public bool IsWhole => HasRole && HasAccount && HasBinding && KeyPath is null;
}

/// <summary>
/// The steps of the documentation's page for Vault's own identity on Google Cloud: a custom role, a service account, and its binding, on the key ring alone and not on the project. A key of the
/// account is made only when a path for it was given; it is written for its owner's eyes, and shown nowhere.
/// </summary>
internal sealed class GcpVaultAccess(GcpClients clients, GcpCalls calls)
{
    private const string AccountName = "cmek-vault-agent";
    private const string RoleTitle = "cmek-vault-role";
    private const string RoleId = "cmek_vault_role"; // ids of roles have no hyphens

    /// <summary>HashiCorp's list (docs/secrets/key-management/gcpkms), with the permission that the documentation's page adds.</summary>
    private static readonly string[] Permissions =
    [
        "cloudkms.cryptoKeys.create",
        "cloudkms.cryptoKeys.update",
        "cloudkms.importJobs.create",
        "cloudkms.importJobs.get",
        "cloudkms.importJobs.useToImport",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeyVersions.destroy",
        "cloudkms.cryptoKeyVersions.update",
        "cloudkms.cryptoKeyVersions.create",
    ];

    /// <exception cref="CmekException">VaultRoleDiffers, ServiceAccountDisabled, ServiceAccountKeyFileTaken.</exception>
    public async Task<GcpVaultAccessState> LookAsync(GcpKeyName ring, bool hasRing, string? keyPath)
    {
        var role = $"projects/{ring.Project}/roles/{RoleId}";
        var account = ServiceAccountEmail.Of(AccountName, ring.Project);
        var foundRole = await calls.FindAsync("IAM", "roles.get", role, c => clients.Iam.GetRoleAsync(role, c));
        var foundAccount = await new GcpAccounts(clients, calls).FindAsync(account, patient: false);
        var faults = new List<CmekException>();
        if (foundRole?.Deleted == true)
            faults.Add(
                GcpErrors.VaultRoleDiffers(
                    role,
                    ["it was deleted"],
                    $"gcloud iam roles undelete {RoleId} --project {ring.Project}"
                )
            );
        else if (
            foundRole is not null
            && Permissions.Except(foundRole.IncludedPermissions ?? []).ToList() is { Count: > 0 } missing
        )
            faults.Add(
                GcpErrors.VaultRoleDiffers(
                    role,
                    [$"it lacks {string.Join(", ", missing)}"],
                    $"gcloud iam roles update {RoleId} --project {ring.Project} --add-permissions {string.Join(",", missing)}"
                )
            );
        if (foundAccount?.Disabled == true)
            faults.Add(GcpErrors.ServiceAccountDisabled(account.Text));
        var hasKey = keyPath is not null && File.Exists(keyPath) && new FileInfo(keyPath).Length > 0;
        if (hasKey && !IsKeyOf(keyPath!, account))
            faults.Add(GcpErrors.ServiceAccountKeyFileTaken(keyPath!, account.Text));
        Errors.ThrowCombined(ring.Project, faults);
        var hasBinding =
            hasRing
            && foundAccount is not null
            && foundRole is not null
            && (await new GcpKeyReader(clients, calls).RingPolicyAsync(ring))?.Has(
                IamPolicy.Binding(role, account.Member)
            ) == true;
        return new GcpVaultAccessState(
            ring,
            role,
            account,
            foundRole is not null,
            foundAccount is not null,
            hasBinding,
            hasKey ? null : keyPath
        );
    }

    /// <summary>Every question, even after a No: a dry run names every change.</summary>
    public static async Task<bool> AskAsync(GcpVaultAccessState state, OperationContext context)
    {
        var refused = 0;
        foreach (
            var (isNeeded, target, action) in new[]
            {
                (!state.HasRole, state.Role, $"Create custom role {RoleTitle} with {string.Join(", ", Permissions)}"),
                (!state.HasAccount, state.Account.Resource, "Create service account for Vault"),
                (!state.HasBinding, state.Ring.RingName, $"Bind {state.Role} to {state.Account}"),
                (
                    state.KeyPath is not null,
                    state.Account.Resource,
                    $"Create a key of the service account, and write it to {state.KeyPath}"
                ),
            }
        )
        {
            if (isNeeded && !await context.Log.ShouldProcessAsync(target, action, context.CancellationToken))
                refused++;
        }

        return refused == 0;
    }

    /// <summary>Makes what is missing; true when the binding is new.</summary>
    public async Task<bool> WriteAsync(GcpVaultAccessState state)
    {
        if (state.IsWhole)
            return false;
        if (!state.HasRole)
            await CreateAsync(
                "roles.create",
                state.Role,
                c =>
                    clients.Iam.CreateRoleAsync(
                        state.Ring.Project,
                        RoleId,
                        RoleTitle,
                        "HashiCorp Vault distributes keys for CMEK with it.",
                        Permissions,
                        c
                    ),
                async () =>
                    await calls.FindAsync("IAM", "roles.get", state.Role, c => clients.Iam.GetRoleAsync(state.Role, c))
                        is not null
            );
        var accounts = new GcpAccounts(clients, calls);
        if (!state.HasAccount)
        {
            await CreateAsync(
                "serviceAccounts.create",
                state.Account.Text,
                c =>
                    clients.Iam.CreateServiceAccountAsync(
                        state.Account.Project,
                        AccountName,
                        "Vault agent for CMEK",
                        "HashiCorp Vault distributes keys for CMEK as this account.",
                        c
                    ),
                async () => await accounts.FindAsync(state.Account, patient: true) is not null
            );
            await accounts.SeenAsync(state.Account);
        }

        if (!state.HasBinding)
            await new GcpPolicyWriter(calls).ChangeAsync(
                clients.Kms,
                "KMS",
                state.Ring.RingName,
                policy => policy.Add(IamPolicy.Binding(state.Role, state.Account.Member)),
                fault => GcpPolicyWriter.IsUnseen(fault, state.Account.Text)
            );
        if (state.KeyPath is { } path)
            await WriteKeyAsync(state.Account, path);
        return !state.HasBinding;
    }

    /// <summary>What somebody else made in between, or a call whose answer was lost, is success.</summary>
    private async Task CreateAsync<T>(
        string verb,
        string resource,
        Func<CancellationToken, Task<T>> call,
        Func<Task<bool>> isThere
    )
    {
        for (var round = 1; ; round++)
        {
            try
            {
                await calls.WriteAsync("IAM", verb, resource, call);
                return;
            }
            catch (GcpFault fault) when (fault.Status == "ALREADY_EXISTS")
            {
                return;
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                if (await isThere())
                    return;
                if (round == 3)
                    throw;
            }
        }
    }

    /// <summary>
    /// The file is opened first: a path that cannot be written costs no key. A key whose answer was lost is lost with it, since Google shows the private half once: it is deleted, and another made.
    /// </summary>
    private async Task WriteKeyAsync(ServiceAccountEmail account, string path)
    {
        using var file = OwnersFile.Create(path);
        var before = await KeysAsync(account);
        var written = false;
        try
        {
            for (var round = 1; ; round++)
            {
                try
                {
                    var key = await calls.WriteAsync("IAM", "serviceAccounts.keys.create", account.Text, c =>
                        clients.Iam.CreateServiceAccountKeyAsync(account.Resource, c)
                    );
                    var bytes = Convert.FromBase64String(key.PrivateKeyData ?? "");
                    file.Write(bytes, 0, bytes.Length);
                    written = true;
                    return;
                }
                catch (Exception fault) when (calls.IsResponseLost(fault))
                {
                    foreach (var orphan in (await KeysAsync(account)).Except(before))
                        await calls.WriteAsync("IAM", "serviceAccounts.keys.delete", orphan, c =>
                            clients.Iam.DeleteServiceAccountKeyAsync(orphan, c)
                        );
                    if (round == 3)
                        throw;
                }
            }
        }
        finally
        {
            file.Dispose();
            if (!written)
                File.Delete(path);
        }
    }

    private async Task<IReadOnlyList<string>> KeysAsync(ServiceAccountEmail account) =>
        [
            .. (
                await calls.ReadAsync("IAM", "serviceAccounts.keys.list", account.Text, c =>
                    clients.Iam.ListServiceAccountKeysAsync(account.Resource, c)
                )
            ).Select(k => k.Name ?? ""),
        ];

    private static bool IsKeyOf(string path, ServiceAccountEmail account)
    {
        try
        {
            using var document = System.Text.Json.JsonDocument.Parse(File.ReadAllText(path, Encoding.UTF8));
            return document.RootElement.TryGetProperty("client_email", out var email)
                && email.GetString() == account.Text;
        }
        catch (Exception fault)
            when (fault
                    is System.Text.Json.JsonException
                        or InvalidOperationException
                        or IOException
                        or UnauthorizedAccessException
            )
        {
            return false;
        }
    }
}
