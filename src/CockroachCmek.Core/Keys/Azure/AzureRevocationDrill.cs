using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Azure.Access;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>Whether each method of a revocation would work now with these credentials. Reads only.</summary>
internal sealed class AzureRevocationDrill(AzureClients clients, AzureCalls calls, RevocationRequest request)
{
    /// <summary>Role assignments and access policies take effect within ten minutes (key-vault, rbac-guide).</summary>
    private static readonly TimeSpan GrantDelay = TimeSpan.FromMinutes(10);

    /// <summary>An access token of Entra lives 60 to 90 minutes (configurable-token-lifetimes).</summary>
    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(90);

    private static readonly IReadOnlyList<string> Everybody = ["everybody who uses the key"];

    private readonly AzureApplications _applications = new(clients, calls);
    private readonly AzureKeyReader _reader = new(clients, calls);
    private readonly AzureKeyVaults _keyVaults = new(clients, calls);
    private readonly ChangeOwner _owner = ChangeOwner.Of(request.Cluster, []);

    /// <summary>One line for each key and method.</summary>
    public async Task<IReadOnlyList<CmekRevocationDrill>> RunAsync()
    {
        IReadOnlyList<CmekRevocationMethod> methods =
            request.Method == CmekRevocationMethod.Default ? AzureCustomerCloud.SupportedRevocations : [request.Method];
        var lines = new List<CmekRevocationDrill>();
        foreach (var uses in request.Keys.GroupBy(k => (k.KeyUri, k.AuthPrincipal)))
        foreach (var method in methods)
        {
            var line = await TryAsync([.. uses], method);
            lines.Add(
                line with
                {
                    ClusterId = request.Cluster.Id,
                    ClusterName = request.Cluster.Name,
                    Regions = [.. uses.Select(u => u.Region).Distinct()],
                    KeyUri = uses.Key.KeyUri,
                    Method = method,
                    IsDefault = method == AzureCustomerCloud.DefaultRevocations[0],
                }
            );
        }

        return lines;
    }

    /// <summary>What cannot be read is Unknown, and does not hide the other methods.</summary>
    private async Task<CmekRevocationDrill> TryAsync(IReadOnlyList<CmekRegionSpec> uses, CmekRevocationMethod method)
    {
        var id = AzureKeyId.Parse(uses[0].KeyUri, clients.Cloud);
        try
        {
            return method switch
            {
                CmekRevocationMethod.RemoveGrant => await RemoveGrantAsync(id, uses[0].AuthPrincipal),
                CmekRevocationMethod.DisableKey => await DisableKeyAsync(id, uses[0].AuthPrincipal),
                CmekRevocationMethod.DisableIdentity => await DisableIdentityAsync(),
                _ => throw Errors.RevocationMethodNotSupported(
                    request.Cluster.Name,
                    AzureCustomerCloud.Name,
                    method,
                    AzureCustomerCloud.SupportedRevocations
                ),
            };
        }
        catch (CmekException error) when (error.ErrorId != nameof(Errors.RevocationMethodNotSupported))
        {
            return Line(CmekCheckStatus.Unknown, error.Message, error.RecommendedAction);
        }
        catch (Exception error)
            when (!calls.Context.CancellationToken.IsCancellationRequested
                && AzureCalls.TranslateRead(error, id.ToString()) is not null
            )
        {
            var translated = AzureCalls.TranslateRead(error, id.ToString())!;
            return Line(CmekCheckStatus.Unknown, translated.Message, translated.RecommendedAction);
        }
    }

    private async Task<CmekRevocationDrill> RemoveGrantAsync(AzureKeyId id, string tenantId)
    {
        if (await _applications.FindAsync(_owner) is not { } principal)
            return NoApplication();
        var keyVault = await _keyVaults.FindAsync(id, tenantId);
        var access = await new AzureGrants(clients, calls).ReadAsync(
            keyVault,
            id.Name,
            principal.Id,
            AzureNames.Application(request.Cluster)
        );
        var removal = await new AzureGrantRemovals(clients, calls).ReadAsync(access);
        if (removal.Problems is [var problem, ..] problems)
            return Line(
                CmekCheckStatus.Fail,
                string.Join(" ", problems.Select(p => p.Message)),
                problem.RecommendedAction
            );
        if (removal.Doubts is [var doubt, ..] doubts)
            return Line(
                CmekCheckStatus.Unknown,
                "The application may have access through something else as well, because these could not be read: "
                    + $"{string.Join(", ", doubts)}.",
                doubt.Command
            );
        if (removal.Unread is [var unread, ..] places)
            return Line(
                CmekCheckStatus.Unknown,
                $"Whether the grant can be removed is not known, because these could not be read: "
                    + $"{string.Join(", ", places)}.",
                unread.Command
            );
        return removal.IsNeeded
            ? Line(
                CmekCheckStatus.Pass,
                $"{Describe(removal)} can be removed. Key Vault may still admit the application for up to ten minutes."
            ) with
            {
                InForceWithin = GrantDelay,
            }
            : Line(CmekCheckStatus.Pass, "Nothing grants the application the use of the key.") with
            {
                InForceWithin = TimeSpan.Zero,
            };
    }

    private async Task<CmekRevocationDrill> DisableKeyAsync(AzureKeyId id, string tenantId)
    {
        const string Unwrap = "A disabled version cannot unwrap; wrapping with it still works.";
        if (await _reader.FindAsync(id) is not { } key)
            return await _reader.FindDeletedAsync(id.WithoutVersion) is not null
                ? Line(CmekCheckStatus.Pass, "The key is deleted, so that nobody can use it. It can be recovered.")
                : Line(
                    CmekCheckStatus.Fail,
                    $"There is no key {id} that these credentials can see.",
                    AzureErrors.KeyNotFound(id).RecommendedAction
                );
        if (!key.Bundle.Attributes.Enabled)
            return Line(CmekCheckStatus.Pass, $"The version is disabled already. {Unwrap}") with
            {
                InForceWithin = TimeSpan.Zero,
                AlsoAffected = Everybody,
            };
        var keyVault = await _keyVaults.FindAsync(id, tenantId);
        var line = await new AzurePermissions(clients, calls).MayDisableAsync(keyVault) switch
        {
            true => Line(CmekCheckStatus.Pass, $"The version can be disabled. {Unwrap} No lock prevents it."),
            false => Denied(AzureErrors.KeyVaultPermissionDenied(id.ToString(), $"{KeyVaultRoles.Update}.", null)),
            null when keyVault.UsesRoles => Line(
                CmekCheckStatus.Unknown,
                $"Whether the version can be disabled is not known, because this could not be read: "
                    + $"{AzureUnread.Permissions(keyVault.Id)}.",
                AzureUnread.Permissions(keyVault.Id).Command
            ),
            null => Line(
                CmekCheckStatus.Unknown,
                $"The Key Vault {keyVault.Name} uses access policies. Whether one of them allows these credentials to "
                    + "update keys cannot be read.",
                $"az keyvault show --name {ShellQuote.PowerShell(keyVault.Name)} --query properties.accessPolicies"
            ),
        };
        return line with { AlsoAffected = Everybody };
    }

    /// <summary>
    /// Nothing tells what the caller is allowed in Graph without trying it, and issued tokens live on in any case.
    /// </summary>
    private async Task<CmekRevocationDrill> DisableIdentityAsync()
    {
        const string Tokens =
            "Tokens that were issued before stay valid until they expire, so that this is never enough alone.";
        if (await _applications.FindAsync(_owner) is not { } principal)
            return NoApplication();
        var line =
            principal.AccountEnabled == false
                ? Line(CmekCheckStatus.Warning, $"Signing in as {principal.AppId} is disabled already. {Tokens}")
                : Line(
                    CmekCheckStatus.Unknown,
                    "Whether these credentials may disable the application cannot be read: it needs "
                        + $"Application.ReadWrite.All (Microsoft Graph). {Tokens}",
                    "Revoke-CrdbCmek -Method DisableKey   (does not need that right)"
                );
        return line with { InForceWithin = TokenLife };
    }

    private CmekRevocationDrill NoApplication() =>
        _owner.ApplicationId is { } application
            ? Line(
                CmekCheckStatus.Pass,
                $"The application {application} is not in the tenant, so that it has no access. Issued tokens expire."
            ) with
            {
                InForceWithin = TokenLife,
            }
            : Line(
                CmekCheckStatus.Unknown,
                $"There is no enterprise application '{AzureNames.Application(request.Cluster)}' in the tenant. Which "
                    + "application the cluster uses is known to CockroachDB Cloud only.",
                "Revoke-CrdbCmek -Method DisableKey   (needs no application)"
            );

    private static string Describe(AzureGrantRemoval removal) =>
        removal.Access.Reading.Policy is not null
            ? $"The access policy in Key Vault {removal.Access.KeyVault.Name}"
            : string.Join(" and ", removal.Roles.Select(r => $"{r.RoleName} ({AzureScope.Describe(r.Scope)})"));

    private static CmekRevocationDrill Denied(CmekException error) =>
        Line(CmekCheckStatus.Fail, error.Message, error.RecommendedAction);

    private static CmekRevocationDrill Line(CmekCheckStatus status, string detail, string remedy = "") =>
        new()
        {
            Status = status,
            Detail = detail,
            Remedy = remedy,
        };
}
