namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Makes and undoes changes of access, exactly as their documents say, and reads them back.</summary>
internal sealed class GcpKeyAccessWriter(GcpClients clients, GcpCalls calls)
{
    private readonly GcpPolicies _policies = new(clients, calls);
    private readonly GcpKeyReader _reader = new(clients, calls);

    public async Task<CmekAccessChange> RevokeAsync(CmekAccessChange change)
    {
        switch (change.Kind)
        {
            case GcpAccessChanges.BindingKind:
                await RemoveBindingsAsync(change);
                break;
            case GcpAccessChanges.VersionsKind:
                if (await SetStateAsync(change, from: "ENABLED", to: "DISABLED"))
                    calls.Context.Host.Warning(
                        $"The versions of {change.Target} are disabled. Google Cloud typically takes a minute, and in "
                            + "rare cases hours, until they cannot be used anywhere "
                            + "(cloud.google.com/kms/docs/consistency)."
                    );
                break;
            default:
                throw UnknownKind(change);
        }

        return change with
        {
            State = CmekAccessChangeState.Done,
            Fault = "",
        };
    }

    public async Task<CmekAccessChange> RestoreAsync(CmekAccessChange change)
    {
        switch (change.Kind)
        {
            case GcpAccessChanges.BindingKind:
                await AddBindingsAsync(change);
                break;
            case GcpAccessChanges.VersionsKind:
                await SetStateAsync(change, from: "DISABLED", to: "ENABLED");
                break;
            default:
                throw UnknownKind(change);
        }

        return change with
        {
            State = CmekAccessChangeState.Restored,
            Fault = "",
        };
    }

    private async Task RemoveBindingsAsync(CmekAccessChange change)
    {
        var bindings = GcpAccessChanges.BindingsIn(change);
        var isWritten = await _policies.ChangeAsync(change.Target, policy =>
            bindings.Aggregate(false, (isChanged, b) => policy.Remove(b) | isChanged)
        );
        if (!isWritten)
            return;
        await _policies.ConfirmAsync(change.Target, policy => !bindings.Any(policy.HasAny));
        calls.Context.Host.Warning(
            $"The binding is removed from {change.Target}. Google Cloud typically takes two minutes, and may take "
                + "seven or more, until the access ends everywhere "
                + "(cloud.google.com/iam/docs/access-change-propagation)."
        );
    }

    private async Task AddBindingsAsync(CmekAccessChange change)
    {
        var bindings = GcpAccessChanges.BindingsIn(change);
        var isWritten = await _policies.ChangeAsync(change.Target, policy =>
            bindings.Aggregate(false, (isChanged, b) => policy.Add(b) | isChanged)
        );
        if (isWritten)
            await _policies.ConfirmAsync(change.Target, policy => bindings.All(policy.Has));
    }

    /// <summary>Moves the document's versions from one state to another; false when none was in the first.</summary>
    private async Task<bool> SetStateAsync(CmekAccessChange change, string from, string to)
    {
        var name = GcpKeyName.Parse(change.Target);
        var wanted = GcpAccessChanges.VersionsIn(change);
        var versions = (await _reader.ListVersionsAsync(name)).Where(v => wanted.Contains(v.Name ?? "")).ToList();
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

    private static CmekException UnknownKind(CmekAccessChange change) =>
        GcpErrors.ChangeMalformed(change.Target, $"'{change.Kind}' is not a kind of change that Google Cloud has");
}
