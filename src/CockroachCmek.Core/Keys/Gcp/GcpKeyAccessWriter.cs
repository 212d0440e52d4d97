using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Makes and undoes changes of access, exactly as their documents say, and reads them back.</summary>
internal sealed class GcpKeyAccessWriter(GcpClients clients, GcpCalls calls)
{
    private readonly GcpPolicies _policies = new(clients, calls);
    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpAccounts _accounts = new(clients, calls);

    /// <summary>Makes a change.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid: it is none that this module makes.</exception>
    public async Task<CmekAccessChange> RevokeAsync(CmekAccessChange change)
    {
        await GcpAccessChangeReader.Read(change).RevokeAsync(this);
        return change with { State = CmekAccessChangeState.Done, Fault = "" };
    }

    /// <summary>Undoes a change.</summary>
    /// <exception cref="CmekException">RevocationFileInvalid: it is none that this module makes.</exception>
    public async Task<CmekAccessChange> RestoreAsync(CmekAccessChange change)
    {
        await GcpAccessChangeReader.Read(change).RestoreAsync(this);
        return change with { State = CmekAccessChangeState.Restored, Fault = "" };
    }

    /// <summary>Removes bindings from the policy of a resource.</summary>
    public async Task RemoveBindingsAsync(string target, IReadOnlyList<JsonObject> bindings)
    {
        var isWritten = await _policies.ChangeAsync(target, policy =>
            bindings.Aggregate(false, (isChanged, b) => policy.Remove(b) | isChanged)
        );
        if (!isWritten)
            return;
        await _policies.ConfirmAsync(target, policy => !bindings.Any(policy.HasAny));
        calls.Context.Host.Warning(
            $"The binding is removed from {target}. Google Cloud typically takes two minutes, and may take "
                + "seven or more, until the access ends everywhere "
                + "(cloud.google.com/iam/docs/access-change-propagation)."
        );
    }

    /// <summary>Adds bindings to the policy of a resource, unless a role allows more than its purpose.</summary>
    public async Task AddBindingsAsync(string target, IReadOnlyList<JsonObject> bindings, GcpRolePurpose purpose)
    {
        foreach (var role in bindings.Select(b => (string?)b["role"] ?? "").Distinct().Where(GcpRolePurpose.IsCustom))
            await RequireRoleAsync(target, role, purpose);
        var isWritten = await _policies.ChangeAsync(target, policy =>
            bindings.Aggregate(false, (isChanged, b) => policy.Add(b) | isChanged)
        );
        if (isWritten)
            await _policies.ConfirmAsync(target, policy => bindings.All(policy.Has));
    }

    /// <summary>Disables versions of a key.</summary>
    public async Task DisableVersionsAsync(GcpKeyName name, IReadOnlyList<string> versions)
    {
        if (await SetStateAsync(name, versions, from: "ENABLED", to: "DISABLED"))
            calls.Context.Host.Warning(
                $"The versions of {name} are disabled. Google Cloud typically takes a minute, and in "
                    + "rare cases hours, until they cannot be used anywhere "
                    + "(cloud.google.com/kms/docs/consistency)."
            );
    }

    /// <summary>Enables versions of a key.</summary>
    public Task EnableVersionsAsync(GcpKeyName name, IReadOnlyList<string> versions) =>
        SetStateAsync(name, versions, from: "DISABLED", to: "ENABLED");

    /// <summary>Stops the scheduled destruction of versions, and enables them.</summary>
    public async Task RescueVersionsAsync(GcpKeyName name, IReadOnlyList<string> versions)
    {
        var scheduled = (await _reader.ListVersionsAsync(name))
            .Where(v => versions.Contains(v.Id) && v.State == "DESTROY_SCHEDULED")
            .Select(v => v.Name!)
            .ToList();
        foreach (var version in scheduled)
            await calls.SettleAsync(
                $"cryptoKeyVersions.restore {version}",
                () =>
                    calls.WriteAsync("KMS", "cryptoKeyVersions.restore", version, c =>
                        clients.Kms.RestoreCryptoKeyVersionAsync(version, c)
                    ),
                async () =>
                    (await _reader.ListVersionsAsync(name)).FirstOrDefault(v =>
                        v.Name == version && v.State != "DESTROY_SCHEDULED"
                    )
            );
        await EnableVersionsAsync(name, versions);
    }

    /// <summary>Disables a service account, and the tokens that were issued for it.</summary>
    public Task DisableAccountAsync(ServiceAccountEmail account) => SetAccountAsync(account, isDisabled: true);

    /// <summary>Enables a service account.</summary>
    public Task EnableAccountAsync(ServiceAccountEmail account) => SetAccountAsync(account, isDisabled: false);

    private async Task SetAccountAsync(ServiceAccountEmail account, bool isDisabled)
    {
        var now = await _accounts.FindAsync(account) ?? throw GcpErrors.AccountGone(account);
        if ((now.Disabled == true) == isDisabled)
            return;
        var verb = isDisabled ? "serviceAccounts.disable" : "serviceAccounts.enable";
        await calls.SettleAsync(
            $"{verb} {account}",
            () => calls.WriteAsync<object?>("IAM", verb, account.Text, async c =>
                {
                    await (
                        isDisabled
                            ? clients.Iam.DisableServiceAccountAsync(account.Resource, c)
                            : clients.Iam.EnableServiceAccountAsync(account.Resource, c)
                    );
                    return null;
                }),
            IsAsync
        );
        await calls.PollUntilAsync(IsAsync, GcpPolicies.Propagation, GcpPolicies.Pause, () =>
            GcpErrors.AccountStateNotSeen(account, isDisabled)
        );

        async Task<bool> IsAsync() => ((await _accounts.FindAsync(account))?.Disabled == true) == isDisabled;
    }

    /// <exception cref="CmekException">RevocationFileInvalid: the role allows more than its purpose.</exception>
    private async Task RequireRoleAsync(string target, string role, GcpRolePurpose purpose)
    {
        var read = await calls.ReadAsync("IAM", "roles.get", role, c => clients.Iam.GetRoleAsync(role, c));
        if (purpose.BeyondIn(read.IncludedPermissions ?? []) is { Count: > 0 } beyond)
            throw Errors.RecordedChangeInvalid(
                target,
                $"{role} allows more than a revocation removes: {string.Join(", ", beyond)}"
            );
    }

    /// <summary>Moves versions from one state to another; false when none was in the first.</summary>
    private async Task<bool> SetStateAsync(GcpKeyName name, IReadOnlyList<string> numbers, string from, string to)
    {
        var versions = (await _reader.ListVersionsAsync(name)).Where(v => numbers.Contains(v.Id)).ToList();
        if (to == "ENABLED" && versions.FirstOrDefault(v => v.State is "DESTROYED" or "DESTROY_SCHEDULED") is { } lost)
            throw GcpErrors.KeyPendingDeletion(name, lost);
        var moving = versions.Where(v => v.State == from).Select(v => v.Name!).ToList();
        if (moving.Count == 0)
            return false;
        foreach (var version in moving)
            await SetStateAsync(name, version, to);
        await calls.PollUntilAsync(
            async () =>
                (await _reader.ListVersionsAsync(name)).Where(v => moving.Contains(v.Name!)).All(v => v.State == to),
            GcpPolicies.Propagation,
            GcpPolicies.Pause,
            () => GcpErrors.VersionNotReady(name, string.Join(", ", moving.Select(m => m.Split('/').Last())), from)
        );
        return true;
    }

    private Task SetStateAsync(GcpKeyName name, string version, string state) =>
        calls.SettleAsync(
            $"cryptoKeyVersions.patch {version}",
            () =>
                calls.WriteAsync("KMS", $"cryptoKeyVersions.patch {state}", version, c =>
                    clients.Kms.UpdateCryptoKeyVersionStateAsync(version, state, c)
                ),
            async () =>
                (await _reader.ListVersionsAsync(name)).FirstOrDefault(v => v.Name == version && v.State == state)
        );
}
