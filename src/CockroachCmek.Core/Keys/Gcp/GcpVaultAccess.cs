using System.IO;
using System.Text;
using System.Text.Json;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>What exists of HashiCorp Vault's access to a key ring.</summary>
/// <param name="Ring">The key ring.</param>
/// <param name="Role">Resource name of the custom role.</param>
/// <param name="Account">Vault's service account.</param>
/// <param name="HasRole">The role exists.</param>
/// <param name="HasAccount">The account exists.</param>
/// <param name="HasBinding">The account has the role on the key ring.</param>
/// <param name="KeyPath">Where a new key of the account is to be written; null for no new key.</param>
internal sealed record GcpVaultAccessState(
    GcpRingName Ring,
    string Role,
    ServiceAccountEmail Account,
    bool HasRole,
    bool HasAccount,
    bool HasBinding,
    string? KeyPath
);

/// <summary>
/// HashiCorp Vault's own identity on Google Cloud, as in the documentation: a custom role, a service account, and its
/// binding, here on the key ring alone and not on the project. A key of the account is created only when a path for it
/// is given.
/// </summary>
internal sealed class GcpVaultAccess(GcpClients clients, GcpCalls calls)
{
    /// <summary>Name of the service account.</summary>
    public const string AccountName = "cmek-vault-agent";

    /// <summary>Title of the custom role.</summary>
    public const string RoleTitle = "cmek-vault-role";

    /// <summary>Id of the custom role, which cannot have hyphens.</summary>
    public const string RoleId = "cmek_vault_role";

    /// <summary>
    /// HashiCorp's list (docs/secrets/key-management/gcpkms), with the permission that CockroachDB's documentation
    /// adds.
    /// </summary>
    public static readonly IReadOnlyList<string> Permissions =
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

    /// <summary>Reads what exists, and reports what is wrong with it.</summary>
    /// <exception cref="CmekException">
    /// VaultRoleDiffers, ServiceAccountDisabled, ServiceAccountKeyFileTaken.
    /// </exception>
    public async Task<GcpVaultAccessState> ReadAsync(GcpRingName ring, bool hasRing, string? keyPath)
    {
        var name = $"projects/{ring.Project}/roles/{RoleId}";
        var account = ServiceAccountEmail.Of(AccountName, ring.Project);
        var role = await FindRoleAsync(name);
        var found = await new GcpAccounts(clients, calls).FindAsync(account);
        var hasKey = keyPath is not null && File.Exists(keyPath) && new FileInfo(keyPath).Length > 0;

        var problems = new List<CmekException>();
        if (role is not null && FindRoleProblem(role, name, ring.Project) is { } problem)
            problems.Add(problem);
        if (found?.Disabled == true)
            problems.Add(GcpErrors.ServiceAccountDisabled(account.Text));
        if (hasKey && !IsKeyOf(keyPath!, account))
            problems.Add(GcpErrors.ServiceAccountKeyFileTaken(keyPath!, account.Text));
        Errors.ThrowCombined(ring.Project, problems);

        var mayHaveBinding = hasRing && found is not null && role is not null;
        var policy = mayHaveBinding ? await new GcpKeyReader(clients, calls).FindRingPolicyAsync(ring) : null;
        return new GcpVaultAccessState(
            ring,
            name,
            account,
            HasRole: role is not null,
            HasAccount: found is not null,
            HasBinding: policy?.Has(IamPolicy.Binding(name, account.Member)) == true,
            KeyPath: hasKey ? null : keyPath
        );
    }

    public Task<IamRole?> FindRoleAsync(string name) =>
        calls.FindAsync("IAM", "roles.get", name, c => clients.Iam.GetRoleAsync(name, c));

    /// <summary>Asks about each change. Goes on after a No, so that a dry run names every change.</summary>
    public static async Task<bool> ConfirmAsync(GcpVaultAccessState state, OperationContext context)
    {
        var isDeclined = false;
        if (!state.HasRole)
            await AskAsync(state.Role, $"Create custom role {RoleTitle} with {string.Join(", ", Permissions)}");
        if (!state.HasAccount)
            await AskAsync(state.Account.Resource, "Create service account for Vault");
        if (!state.HasBinding)
            await AskAsync(state.Ring.ToString(), $"Bind {state.Role} to {state.Account}");
        if (state.KeyPath is { } path)
            await AskAsync(state.Account.Resource, $"Create a key of the service account, and write it to {path}");
        return !isDeclined;

        async Task AskAsync(string target, string action)
        {
            if (!await context.Host.ConfirmAsync(target, action, context.CancellationToken))
                isDeclined = true;
        }
    }

    private static CmekException? FindRoleProblem(IamRole role, string name, string project)
    {
        if (role.Deleted == true)
            return GcpErrors.VaultRoleDiffers(
                name,
                "it was deleted",
                $"gcloud iam roles undelete {RoleId} --project {project}"
            );
        var missing = Permissions.Except(role.IncludedPermissions ?? []).ToList();
        return missing.Count == 0
            ? null
            : GcpErrors.VaultRoleDiffers(
                name,
                $"it lacks {string.Join(", ", missing)}",
                $"gcloud iam roles update {RoleId} --project {project} --add-permissions {string.Join(",", missing)}"
            );
    }

    private static bool IsKeyOf(string path, ServiceAccountEmail account)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path, Encoding.UTF8));
            return document.RootElement.TryGetProperty("client_email", out var email)
                && email.GetString() == account.Text;
        }
        catch (Exception error)
            when (error is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
