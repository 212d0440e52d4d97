namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Rotates keys to new primary versions. The resource name stays the same, and a key that regions share is rotated
/// once.
/// </summary>
internal sealed class GcpKeyRotation(GcpClients clients, GcpCalls calls)
{
    /// <summary>
    /// Until a new primary version is used everywhere: "typically within a minute"
    /// (cloud.google.com/kms/docs/consistency). A cluster that re-wrapped earlier might get the old version.
    /// </summary>
    private static readonly TimeSpan PrimaryPropagation = TimeSpan.FromMinutes(1);

    /// <summary>How long after its creation a version may only just have become the primary one.</summary>
    private static readonly TimeSpan RecentVersion = TimeSpan.FromHours(1);

    private readonly GcpKeyReader _reader = new(clients, calls);

    /// <summary>
    /// The same keys, each with a primary version newer than what the cluster wraps with; null when declined.
    /// </summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync(RotationRequest request)
    {
        // Regions that share a key may wrap with it since different times: the latest counts. An unknown time counts
        // as now.
        var keys = await Task.WhenAll(
            request
                .Regions.GroupBy(r => GcpKeyName.Parse(r.Keys[0].KeyUri))
                .Select(g => ReadAsync(g.Key, g.Max(r => r.WrappedAt()) ?? calls.Context.Time.GetUtcNow()))
        );
        Errors.ThrowCombined(
            request.Cluster.Name,
            [.. keys.Select(k => FindProblem(k, request)).OfType<CmekException>()]
        );

        var due = keys.Where(NeedsRotation).ToList();
        var isDeclined = false;
        // Asked for every key, even after a No: a dry run names them all. It does not wait, so that is asked for too.
        foreach (var key in keys)
            if (NextStep(key, isDue: due.Contains(key)) is { } step)
                isDeclined |= !await ConfirmAsync(key, step);
        if (isDeclined)
            return null;
        await Task.WhenAll(due.Select(PromoteAsync));
        foreach (var key in due.Where(k => request.ReplaceOrigin && k.NewVersion is null))
            await new GcpKeyOrigins(clients, calls).MarkReplacedAsync(key.Name, key.Key!);
        if (due.Count > 0 || keys.Any(IsRecent))
            await WaitForPropagationAsync();
        return GcpModels.RegionSpecs(request, key => key.KeyUri);
    }

    private async Task<KeyInUse> ReadAsync(GcpKeyName name, DateTimeOffset wrappedSince) =>
        await _reader.FindKeyAsync(name) is { } key
            ? new KeyInUse(name, key, await _reader.ListVersionsAsync(name), wrappedSince)
            : new KeyInUse(name, null, [], wrappedSince);

    private static CmekException? FindProblem(KeyInUse used, RotationRequest request)
    {
        if (used.Key is not { } key)
            return GcpErrors.KeyNotFound(used.Name);
        if (GcpKeyFitness.PurposeProblem(used.Name, key) is { } wrongPurpose)
            return wrongPurpose;
        // A version that was created where the key comes from is used.
        if (used.NewVersion is not null)
            return null;
        if (GcpKeyFitness.ForeignOrigin(key) is { } reason)
            return GcpErrors.KeyCannotRotate(
                used.Name,
                reason,
                "Create the new version where the key comes from, then run the same command again: it re-wraps with it"
            );
        return GcpKeyOrigins.Of(used.Name, key) is { IsForeign: true } origin && !request.ReplaceOrigin
            ? Errors.OriginWouldChange(
                used.Name.ToString(),
                origin.Detail,
                "Google Cloud",
                request.Cluster,
                newKey: false
            )
            : null;
    }

    /// <summary>
    /// False when the primary version is newer than what the cluster wraps with: an earlier run rotated the key.
    /// </summary>
    private bool NeedsRotation(KeyInUse used)
    {
        if (used.NewVersion is not { State: "ENABLED" } version || version.Id != used.Key?.Primary?.Id)
            return true;
        calls.Context.Host.Verbose(
            $"{used.Name} has version {version.Id} of {version.CreateTime:u}, which is newer than what the cluster "
                + "wraps with: it is not rotated again."
        );
        return false;
    }

    /// <summary>
    /// True when the new version is so young that it may not be used everywhere yet: another run may have made it
    /// primary just now, and when, Cloud KMS does not tell.
    /// </summary>
    private bool IsRecent(KeyInUse used) =>
        used.NewVersion?.CreateTime is { } created && calls.Context.Time.GetUtcNow() - created < RecentVersion;

    /// <summary>What is to be done before the cluster can wrap again; null when nothing is.</summary>
    private string? NextStep(KeyInUse used, bool isDue) =>
        (isDue, used.NewVersion) switch
        {
            (true, null) => "Create a new version and make it the primary one",
            (true, { } version) => $"Make version {version.Id} the primary one",
            (false, { } version) when IsRecent(used) =>
                $"Wait a minute, until version {version.Id} of {version.CreateTime:u} is used everywhere",
            _ => null,
        };

    private Task<bool> ConfirmAsync(KeyInUse used, string step) =>
        calls.Context.Host.ConfirmAsync(used.Name.ToString(), step, calls.Context.CancellationToken);

    private async Task PromoteAsync(KeyInUse used)
    {
        var version = used.NewVersion ?? await CreateVersionAsync(used);
        await WaitUntilEnabledAsync(used.Name, version);
        await calls.SettleAsync(
            $"cryptoKeys.updatePrimaryVersion {used.Name}",
            () =>
                calls.WriteAsync("KMS", "cryptoKeys.updatePrimaryVersion", $"{used.Name} to {version.Id}", c =>
                    clients.Kms.UpdateCryptoKeyPrimaryVersionAsync(used.Name.ToString(), version.Id, c)
                ),
            async () => await _reader.FindKeyAsync(used.Name) is { } key && key.Primary?.Id == version.Id ? key : null
        );
    }

    /// <summary>Creates a version. After a lost response, the one that did not exist before is it.</summary>
    private async Task<CryptoKeyVersion> CreateVersionAsync(KeyInUse used)
    {
        var own = await calls.SettleAsync(
            $"cryptoKeyVersions.create {used.Name}",
            () =>
                calls.WriteAsync("KMS", "cryptoKeyVersions.create", used.Name.ToString(), c =>
                    clients.Kms.CreateCryptoKeyVersionAsync(used.Name.ToString(), c)
                ),
            async () =>
                (await _reader.ListVersionsAsync(used.Name)).FirstOrDefault(v =>
                    used.Versions.All(before => before.Name != v.Name)
                )
        );
        return await new GcpRivals(clients, calls).FindOldestAsync(used.Name, used.Versions, own);
    }

    /// <summary>Material in hardware takes a while to be generated.</summary>
    private async Task WaitUntilEnabledAsync(GcpKeyName name, CryptoKeyVersion version)
    {
        var state = version.State;
        if (state == "ENABLED")
            return;
        await calls.PollUntilAsync(
            async () =>
            {
                var versions = await _reader.ListVersionsAsync(name);
                state = versions.FirstOrDefault(v => v.Id == version.Id)?.State;
                return state == "ENABLED";
            },
            TimeSpan.FromMinutes(5),
            TimeSpan.FromSeconds(5),
            () => GcpErrors.VersionNotReady(name, version.Id, state ?? "unknown")
        );
    }

    private async Task WaitForPropagationAsync()
    {
        const string Activity = "Waiting a minute, until Google Cloud uses the new primary versions everywhere";
        calls.Context.Host.Verbose($"{Activity}.");
        calls.Context.Host.Progress(new OperationProgress { Activity = Activity, Status = "" });
        await calls.Context.Time.Delay(PrimaryPropagation, calls.Context.CancellationToken);
        calls.Context.Host.Progress(
            new OperationProgress
            {
                Activity = Activity,
                Status = "",
                Completed = true,
            }
        );
    }

    /// <summary>A key that the cluster wraps with, and since when.</summary>
    private sealed record KeyInUse(
        GcpKeyName Name,
        CryptoKey? Key,
        IReadOnlyList<CryptoKeyVersion> Versions,
        DateTimeOffset WrappedSince
    )
    {
        /// <summary>
        /// A usable version that the cluster does not wrap with yet; one that is not primary is of an interrupted run.
        /// </summary>
        public CryptoKeyVersion? NewVersion =>
            Versions.FirstOrDefault(v => v.State is "ENABLED" or "PENDING_GENERATION") is { } newest
            && newest.CreateTime > WrappedSince
                ? newest
                : null;
    }
}
