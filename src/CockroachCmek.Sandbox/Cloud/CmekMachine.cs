using System.Security.Cryptography;

namespace CockroachCmek.Sandbox.Cloud;

/// <summary>A key as the Cloud API is told it.</summary>
public sealed record SandboxKeySpec(string Type, string Uri, string AuthPrincipal);

/// <summary>How long CMEK operations take, in sandbox time. Nothing is published; these are of life's order of magnitude.</summary>
internal static class CmekDurations
{
    public static readonly TimeSpan Enable = TimeSpan.FromMinutes(20);
    public static readonly TimeSpan Rotate = TimeSpan.FromMinutes(25);
    public static readonly TimeSpan Revoke = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan AddRegion = TimeSpan.FromMinutes(30);
}

/// <summary>
/// CMEK of one cluster: eleven statuses over time. Nothing ticks: each look first brings the state up to the clock. The store key of each
/// region is really wrapped by the customer's key.
/// </summary>
internal sealed class CmekMachine(
    FleetCluster cluster,
    Func<SandboxKeySpec, string, KeyUseRequest> use,
    Func<string, IKeyUser?> users
)
{
    internal sealed class KeyEntry(SandboxKeySpec spec, DateTimeOffset created, string status)
    {
        public SandboxKeySpec Spec { get; } = spec;
        public DateTimeOffset Created { get; } = created;
        public DateTimeOffset Updated { get; set; } = created;
        public string Status { get; private set; } = status;
        public string Message { get; set; } = "";
        public byte[] Wrapped { get; set; } = [];

        public void Move(string status, DateTimeOffset now)
        {
            Status = status;
            Updated = now;
        }
    }

    internal sealed class RegionState(string name, string status)
    {
        public string Name { get; } = name;
        public string Status { get; set; } = status;
        public List<KeyEntry> Keys { get; } = [];
        public byte[] StoreKey { get; init; } = [];

        /// <summary>True once the nodes were restarted and could not get their store key.</summary>
        public bool IsDown { get; set; }
        public KeyEntry? Current => Keys.LastOrDefault(k => k.Status == "ENABLED") ?? Keys.LastOrDefault();
    }

    private Action<DateTimeOffset>? _finish;
    private DateTimeOffset _finishesAt;
    private bool _failed;

    public string Status { get; private set; } = "DISABLED";

    public List<RegionState> Regions { get; } = [];

    public bool IsRunning => _finish is not null;

    public string OperationStatus =>
        IsRunning ? "CRDB_CMEK_OPERATION_RUNNING"
        : _failed ? "CRDB_CMEK_OPERATION_FAILED"
        : "UNSPECIFIED";

    /// <summary>Whether the nodes of a region have stopped for want of their key.</summary>
    public bool IsDown(string region) => Regions.FirstOrDefault(r => r.Name == region)?.IsDown ?? false;

    /// <summary>Whether every region's key gives its store key back now: what a backup needs.</summary>
    public bool CanUseKeys => Regions.All(r => !r.IsDown && Unwraps(r, r.Current!));

    /// <summary>Brings the state up to the clock.</summary>
    public void Settle(DateTimeOffset now)
    {
        if (_finish is null || now < _finishesAt)
            return;
        var finish = _finish;
        _finish = null;
        finish(_finishesAt);
    }

    /// <summary>Enables; a refusal of the key is the reason why not.</summary>
    public string? Enable(IReadOnlyList<(string Region, SandboxKeySpec Spec)> specs, DateTimeOffset now)
    {
        var prepared = new List<RegionState>();
        foreach (var (name, spec) in specs)
        {
            var region = new RegionState(name, "ENABLING") { StoreKey = NewStoreKey() };
            if (Wrap(region, spec, now, out var entry) is { } refusal)
                return refusal;
            region.Keys.Add(entry!);
            prepared.Add(region);
        }

        foreach (var region in prepared)
        {
            var before = Regions.FirstOrDefault(r => r.Name == region.Name);
            if (before is not null)
                region.Keys.InsertRange(0, before.Keys);
        }

        Regions.Clear();
        Regions.AddRange(prepared);
        Start("ENABLING", now + CmekDurations.Enable, at =>
        {
            var flaky = cluster.EnableFailures > 0;
            if (flaky)
                cluster.EnableFailures--;
            foreach (var region in Regions)
                Conclude(
                    region,
                    region.Keys[^1],
                    "ENABLED",
                    "ENABLE_FAILED",
                    at,
                    flaky
                        ? "The key could not be used from one of the nodes: kms:Decrypt timed out. Check that nothing between the nodes and the KMS blocks it, then enable CMEK again."
                        : null
                );
            Status = Regions.All(r => r.Status == "ENABLED") ? "ENABLED" : "ENABLE_FAILED";
            _failed = Status != "ENABLED";
        });
        return null;
    }

    /// <summary>Moves regions to other keys, or to a new version of the same.</summary>
    public string? Rotate(IReadOnlyList<(string Region, SandboxKeySpec Spec)> specs, DateTimeOffset now)
    {
        var moves = new List<(RegionState Region, KeyEntry? Old, KeyEntry New)>();
        foreach (var (name, spec) in specs)
        {
            var region = Regions.Single(r => r.Name == name);
            if (Wrap(region, spec, now, out var entry) is { } refusal)
                return refusal;
            moves.Add((region, region.Keys.LastOrDefault(k => k.Status == "ENABLED"), entry!));
        }

        foreach (var (region, old, made) in moves)
        {
            old?.Move("DISABLING", now);
            region.Keys.Add(made);
            region.Status = "ROTATING";
        }

        Start("ROTATING", now + CmekDurations.Rotate, at =>
        {
            foreach (var (region, old, made) in moves)
            {
                Conclude(region, made, "ENABLED", "ROTATE_FAILED", at, null);
                if (made.Status == "ENABLED")
                    old?.Move("DISABLED", at);
                else
                {
                    made.Move("ENABLE_FAILED", at);
                    old?.Move("ENABLED", at);
                }
            }

            Status = Regions.All(r => r.Status == "ENABLED") ? "ENABLED" : "ROTATE_FAILED";
            _failed = Status != "ENABLED";
        });
        return null;
    }

    /// <summary>Restarts the nodes, which must then fail to get their store key.</summary>
    public void Revoke(DateTimeOffset now)
    {
        foreach (var region in Regions)
        {
            region.Status = "REVOKING";
            region.Current?.Move("REVOKING", now);
        }

        Start("REVOKING", now + CmekDurations.Revoke, at =>
        {
            foreach (var region in Regions)
            {
                var key = region.Current!;
                var usable = Unwraps(region, key);
                key.Message = usable
                    ? $"The key in {region.Name} can still be used: take away the permission in your KMS first, then revoke again."
                    : "";
                key.Move(usable ? "REVOKE_FAILED" : "REVOKED", at);
                region.Status = key.Status;
            }

            Status = Regions.All(r => r.Status == "REVOKED") ? "REVOKED" : "REVOKE_FAILED";
            _failed = Status != "REVOKED";
            RestartNodes();
        });
    }

    /// <summary>Nodes that run hold their key in memory; only one that starts asks for it, and stays down without it, whatever happens to the key later (cmek.md).</summary>
    public void RestartNodes()
    {
        foreach (var region in Regions)
            region.IsDown |= !Unwraps(region, region.Current!);
    }

    /// <summary>What only Cockroach Labs support can do: once the keys can be used again, the nodes come back. False when they cannot.</summary>
    public bool Recover(DateTimeOffset now)
    {
        if (IsRunning || !Regions.All(r => Unwraps(r, r.Current!)))
            return false;
        foreach (var region in Regions)
        {
            region.IsDown = false;
            region.Status = "ENABLED";
            region.Current!.Message = "";
            region.Current.Move("ENABLED", now);
        }

        if (Regions.Count > 0)
            Status = "ENABLED";
        _failed = false;
        return true;
    }

    /// <summary>A new region begins with its own key.</summary>
    public string? AddRegions(IReadOnlyList<(string Region, SandboxKeySpec Spec)> specs, DateTimeOffset now)
    {
        var added = new List<RegionState>();
        foreach (var (name, spec) in specs)
        {
            var region = new RegionState(name, "ENABLING") { StoreKey = NewStoreKey() };
            if (Wrap(region, spec, now, out var entry) is { } refusal)
                return refusal;
            region.Keys.Add(entry!);
            added.Add(region);
        }

        Regions.AddRange(added);
        Start("ENABLED", now + CmekDurations.AddRegion, at =>
        {
            foreach (var region in added)
                Conclude(region, region.Keys[^1], "ENABLED", "ENABLE_FAILED", at, null);
            _failed = added.Any(r => r.Status != "ENABLED");
        });
        return null;
    }

    /// <summary>A cluster that has used CMEK for a year, with the key before the present one still known.</summary>
    public void Seed(string region, SandboxKeySpec spec, DateTimeOffset now)
    {
        var state = new RegionState(region, "ENABLED") { StoreKey = NewStoreKey() };
        state.Keys.Add(new KeyEntry(spec, now.AddDays(-390), "DISABLED") { Updated = now.AddDays(-200) });
        if (Wrap(state, spec, now.AddDays(-200), out var entry) is { } refusal)
            throw new InvalidOperationException(refusal);
        entry!.Move("ENABLED", now.AddDays(-200));
        state.Keys.Add(entry);
        Regions.Add(state);
        Status = "ENABLED";
    }

    private void Start(string status, DateTimeOffset finishesAt, Action<DateTimeOffset> finish)
    {
        Status = status;
        _failed = false;
        _finishesAt = finishesAt;
        _finish = finish;
    }

    /// <summary>The end of an operation on a region: its store key must come back out of the customer's key.</summary>
    private void Conclude(
        RegionState region,
        KeyEntry key,
        string success,
        string failure,
        DateTimeOffset at,
        string? trouble
    )
    {
        var back = trouble is null
            ? users(key.Spec.Type)!.Unwrap(use(key.Spec, region.Name), key.Wrapped)
            : new KeyUse(null, trouble);
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

    private bool Unwraps(RegionState region, KeyEntry key) =>
        users(key.Spec.Type)?.Unwrap(use(key.Spec, region.Name), key.Wrapped) is { Succeeded: true } back
        && back.Bytes!.SequenceEqual(region.StoreKey);

    private string? Wrap(RegionState region, SandboxKeySpec spec, DateTimeOffset now, out KeyEntry? entry)
    {
        entry = null;
        if (users(spec.Type) is not { } user)
            return $"This sandbox has no {spec.Type}.";
        var wrapped = user.Wrap(use(spec, region.Name), region.StoreKey);
        if (!wrapped.Succeeded)
            return wrapped.Refusal;
        entry = new KeyEntry(spec, now, "ENABLING") { Wrapped = wrapped.Bytes! };
        return null;
    }

    private static byte[] NewStoreKey()
    {
        var key = new byte[32];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(key);
        return key;
    }
}
