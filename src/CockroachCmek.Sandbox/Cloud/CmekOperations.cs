namespace CockroachCmek.Sandbox.Cloud;

/// <summary>
/// How long CMEK operations take, in sandbox time. Nothing is published; these are realistic orders of magnitude.
/// </summary>
internal static class CmekDurations
{
    public static readonly TimeSpan Enable = TimeSpan.FromMinutes(20);
    public static readonly TimeSpan Rotate = TimeSpan.FromMinutes(25);
    public static readonly TimeSpan Revoke = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan AddRegion = TimeSpan.FromMinutes(30);
}

/// <summary>
/// Starts CMEK operations and finishes them when they are due. There is no timer: every request first brings the
/// cluster up to the clock. Methods that use the customer's key return the reason why it cannot be used, or null.
/// </summary>
internal sealed class CmekOperations(StoreKeys storeKeys)
{
    private const string NodeTimedOut =
        "The key could not be used from one of the nodes: kms:Decrypt timed out. "
        + "Check that nothing between the nodes and the KMS blocks it, then enable CMEK again.";

    public string? Enable(
        FleetCluster cluster,
        IReadOnlyList<(string Region, SandboxKeySpec Spec)> specs,
        DateTimeOffset now
    )
    {
        if (WrapInNewRegions(cluster, specs, now, out var prepared) is { } refusal)
            return refusal;
        var cmek = cluster.Cmek;
        foreach (var region in prepared)
        {
            var before = cmek.Regions.FirstOrDefault(r => r.Name == region.Name);
            if (before is not null)
                region.Keys.InsertRange(0, before.Keys);
        }

        cmek.Regions.Clear();
        cmek.Regions.AddRange(prepared);
        Start(cmek, "ENABLING", new CmekEnabling(now + CmekDurations.Enable));
        return null;
    }

    public string? Rotate(
        FleetCluster cluster,
        IReadOnlyList<(string Region, SandboxKeySpec Spec)> specs,
        DateTimeOffset now
    )
    {
        var moves = new List<CmekKeyMove>();
        foreach (var (name, spec) in specs)
        {
            var region = cluster.Cmek.Regions.Single(r => r.Name == name);
            if (storeKeys.Wrap(cluster, region, spec, now, out var entry) is { } refusal)
                return refusal;
            var old = region.Keys.LastOrDefault(k => k.Status == "ENABLED");
            moves.Add(new CmekKeyMove(region, old, entry!, storeKeys.IsInPlace(old, spec)));
        }

        foreach (var (region, old, made, isInPlace) in moves)
        {
            old?.Move(isInPlace ? "ENABLING" : "DISABLING", now);
            if (!isInPlace)
                region.Keys.Add(made);
            region.Status = "ROTATING";
        }

        Start(cluster.Cmek, "ROTATING", new CmekRotating(now + CmekDurations.Rotate, moves));
        return null;
    }

    /// <summary>Restarts the nodes, which are then expected to fail to unwrap their store key.</summary>
    public static void Revoke(FleetCluster cluster, DateTimeOffset now)
    {
        foreach (var region in cluster.Cmek.Regions)
        {
            region.Status = "REVOKING";
            region.Current?.Move("REVOKING", now);
        }

        Start(cluster.Cmek, "REVOKING", new CmekRevoking(now + CmekDurations.Revoke));
    }

    /// <summary>A new region starts with a key of its own.</summary>
    public string? AddRegions(
        FleetCluster cluster,
        IReadOnlyList<(string Region, SandboxKeySpec Spec)> specs,
        DateTimeOffset now
    )
    {
        if (WrapInNewRegions(cluster, specs, now, out var added) is { } refusal)
            return refusal;
        cluster.Cmek.Regions.AddRange(added);
        Start(cluster.Cmek, "ENABLED", new CmekAddingRegions(now + CmekDurations.AddRegion, added));
        return null;
    }

    /// <summary>Gives a cluster a year of CMEK, with the key before the current one still listed.</summary>
    public void Seed(FleetCluster cluster, string region, SandboxKeySpec spec, DateTimeOffset now)
    {
        var state = new CmekRegion(region, "ENABLED", StoreKeys.New());
        state.Keys.Add(new CmekKeyEntry(spec, now.AddDays(-390), "DISABLED") { Updated = now.AddDays(-200) });
        if (storeKeys.Wrap(cluster, state, spec, now.AddDays(-200), out var entry) is { } refusal)
            throw new InvalidOperationException(refusal);
        entry!.Move("ENABLED", now.AddDays(-200));
        state.Keys.Add(entry);
        cluster.Cmek.Regions.Add(state);
        cluster.Cmek.Status = "ENABLED";
        Backups.Start(cluster, now.AddDays(-1));
    }

    /// <summary>
    /// Running nodes hold their key in memory. Only a starting node asks for it, and without it stays down, whatever
    /// happens to the key later (cmek.md).
    /// </summary>
    public void RestartNodes(FleetCluster cluster, DateTimeOffset? at = null)
    {
        foreach (var region in cluster.Cmek.Regions)
            region.IsDown |= !storeKeys.Unwraps(cluster, region, region.Current!, at);
    }

    /// <summary>
    /// A node that joins a region asks for the region's store key. It stays down without it; the others go on.
    /// </summary>
    public void StartNodes(FleetCluster cluster, IReadOnlyCollection<string> regions)
    {
        foreach (var region in cluster.Cmek.Regions.Where(r => !r.IsDown && regions.Contains(r.Name)))
            storeKeys.Unwraps(cluster, region, region.Current!);
    }

    /// <summary>
    /// What only Cockroach Labs support can do: bring the nodes back once the keys can be used again. False when they
    /// cannot.
    /// </summary>
    public bool Recover(FleetCluster cluster, DateTimeOffset now)
    {
        var cmek = cluster.Cmek;
        if (cmek.Operation is not null || !cmek.Regions.All(r => storeKeys.Unwraps(cluster, r, r.Current!)))
            return false;
        foreach (var region in cmek.Regions)
        {
            region.IsDown = false;
            region.Status = "ENABLED";
            region.Current!.Message = "";
            region.Current.Move("ENABLED", now);
        }

        if (cmek.Regions.Count > 0)
            cmek.Status = "ENABLED";
        cmek.HasFailed = false;
        return true;
    }

    /// <summary>True when every region can unwrap its store key now, which a backup needs.</summary>
    /// <param name="at">When the backup was due, for the customer's logs.</param>
    public bool CanUseKeys(FleetCluster cluster, DateTimeOffset at) =>
        cluster.Cmek.Regions.All(r => !r.IsDown && storeKeys.Unwraps(cluster, r, r.Current!, at));

    /// <summary>Finishes the running operation if it is due.</summary>
    public void Settle(FleetCluster cluster, DateTimeOffset now)
    {
        if (cluster.Cmek.Operation is not { } operation || now < operation.FinishesAt)
            return;
        cluster.Cmek.Operation = null;
        switch (operation)
        {
            case CmekEnabling:
                FinishEnable(cluster, operation.FinishesAt);
                break;
            case CmekRotating rotating:
                FinishRotate(cluster, rotating.Moves, operation.FinishesAt);
                break;
            case CmekRevoking:
                FinishRevoke(cluster, operation.FinishesAt);
                break;
            case CmekAddingRegions adding:
                foreach (var region in adding.Added)
                    Conclude(cluster, region, region.Keys[^1], "ENABLED", "ENABLE_FAILED", operation.FinishesAt);
                cluster.Cmek.HasFailed = adding.Added.Any(r => r.Status != "ENABLED");
                break;
        }
    }

    private void FinishEnable(FleetCluster cluster, DateTimeOffset at)
    {
        var isFlaky = cluster.EnableFailures > 0;
        if (isFlaky)
            cluster.EnableFailures--;
        foreach (var region in cluster.Cmek.Regions)
            Conclude(cluster, region, region.Keys[^1], "ENABLED", "ENABLE_FAILED", at, isFlaky ? NodeTimedOut : null);
        SetStatus(cluster.Cmek, "ENABLED", "ENABLE_FAILED");
        if (cluster.Cmek.Status == "ENABLED")
            Backups.Start(cluster, at);
    }

    private void FinishRotate(FleetCluster cluster, List<CmekKeyMove> moves, DateTimeOffset at)
    {
        foreach (var (region, old, made, isInPlace) in moves)
        {
            Conclude(cluster, region, made, "ENABLED", "ROTATE_FAILED", at);
            if (isInPlace)
            {
                if (made.Status == "ENABLED")
                    old!.Holding(made.Wrapped);
                old!.Message = made.Message;
                old.Move("ENABLED", at);
            }
            else if (made.Status == "ENABLED")
                old?.Move("DISABLED", at);
            else
            {
                made.Move("ENABLE_FAILED", at);
                old?.Move("ENABLED", at);
            }
        }

        SetStatus(cluster.Cmek, "ENABLED", "ROTATE_FAILED");
    }

    private void FinishRevoke(FleetCluster cluster, DateTimeOffset at)
    {
        foreach (var region in cluster.Cmek.Regions)
        {
            var key = region.Current!;
            var isUsable = storeKeys.Unwraps(cluster, region, key, at);
            key.Message = isUsable
                ? $"The key in {region.Name} can still be used: "
                    + "take away the permission in your KMS first, then revoke again."
                : "";
            key.Move(isUsable ? "REVOKE_FAILED" : "REVOKED", at);
            region.Status = key.Status;
        }

        SetStatus(cluster.Cmek, "REVOKED", "REVOKE_FAILED");
        RestartNodes(cluster, at);
    }

    /// <summary>Ends an operation in a region. It succeeds if the customer's key gives the store key back.</summary>
    private void Conclude(
        FleetCluster cluster,
        CmekRegion region,
        CmekKeyEntry key,
        string success,
        string failure,
        DateTimeOffset at,
        string? trouble = null
    )
    {
        if (cluster.FailingRegions.Remove(region.Name))
            trouble ??= NodeTimedOut;
        var back = trouble is null ? storeKeys.Unwrap(cluster, region, key, at) : new KeyUse(null, trouble);
        var works = back.Succeeded && back.Bytes!.SequenceEqual(region.StoreKey);
        key.Message = works ? "" : back.Refusal ?? "The key gave back another store key than it was given.";
        key.Move(
            works ? success
                : failure == "ROTATE_FAILED" ? "ENABLE_FAILED"
                : failure,
            at
        );
        region.Status = works ? success : failure;
    }

    private string? WrapInNewRegions(
        FleetCluster cluster,
        IReadOnlyList<(string Region, SandboxKeySpec Spec)> specs,
        DateTimeOffset now,
        out List<CmekRegion> regions
    )
    {
        regions = [];
        foreach (var (name, spec) in specs)
        {
            var region = new CmekRegion(name, "ENABLING", StoreKeys.New());
            if (storeKeys.Wrap(cluster, region, spec, now, out var entry) is { } refusal)
                return refusal;
            region.Keys.Add(entry!);
            regions.Add(region);
        }

        return null;
    }

    private static void Start(ClusterCmek cmek, string status, CmekOperation operation)
    {
        cmek.Status = status;
        cmek.HasFailed = false;
        cmek.Operation = operation;
    }

    private static void SetStatus(ClusterCmek cmek, string success, string failure)
    {
        cmek.Status = cmek.Regions.All(r => r.Status == success) ? success : failure;
        cmek.HasFailed = cmek.Status != success;
    }
}
