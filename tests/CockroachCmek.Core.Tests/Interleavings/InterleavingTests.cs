namespace CockroachCmek.Core.Tests.Interleavings;

/// <summary>
/// Two admins at the same moment, in many orders of their requests: one clean result, no orphan key, no second rotation,
/// and the one that lost never says that it succeeded.
/// </summary>
public sealed class InterleavingTests
{
    /// <summary>INTERLEAVINGS=50 runs fifty orders of each pair instead of one.</summary>
    private static readonly int Seeds = int.TryParse(Environment.GetEnvironmentVariable("INTERLEAVINGS"), out var seeds)
        ? seeds
        : 1;

    private static readonly int FirstSeed = int.TryParse(
        Environment.GetEnvironmentVariable("INTERLEAVINGS_FROM"),
        out var from
    )
        ? from
        : 1;

    [Fact]
    public Task Two_admins_on_AWS_end_in_one_clean_result() =>
        RunAsync("prod-eu", "enable", "rotate", "new key", "add region", "revoke");

    [Fact]
    public Task Two_admins_on_Google_Cloud_end_in_one_clean_result() =>
        RunAsync("gcp-us", "rotate", "new key", "revoke");

    [Fact]
    public Task Two_admins_on_Azure_end_in_one_clean_result() => RunAsync("azure-in", "rotate", "new key", "revoke");

    private static async Task RunAsync(string cluster, params string[] commands)
    {
        var failures = new List<string>();
        using var world = await CloudPeers.StartAsync(cluster);
        for (var i = 0; i < commands.Length; i++)
        for (var j = i; j < commands.Length; j++)
        for (var seed = FirstSeed; seed < FirstSeed + Seeds; seed++)
        {
            var (a, b) = await world.RunAsync(commands[i], commands[j], seed);
            using (a)
            using (b)
            {
                var problems = await JudgeAsync(world, commands[i], a, commands[j], b);
                if (problems.Count > 0)
                    failures.Add(
                        $"{commands[i]} and {commands[j]}, seed {seed}: {string.Join("; ", problems)}\n  A: {a}\n  B: {b}\n"
                            + (Environment.GetEnvironmentVariable("INTERLEAVINGS_ORDER") is null ? "" : world.Order)
                    );
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    private static async Task<List<string>> JudgeAsync(CloudPeers world, string first, Peer a, string second, Peer b)
    {
        var problems = new List<string>();
        var state = await a.StateAsync();
        var holdings = world.ReadHoldings();
        if (CmekStatus.IsRunning(state.Status))
            problems.Add($"the cluster is {state.Status}");
        var inForce = state.Regions.Where(r => r.Keys.Count > 0).Select(r => r.Keys[0].KeyUri).Distinct().ToList();
        var used = state.Regions.SelectMany(r => r.Keys).Select(k => k.KeyUri).Distinct().ToList();
        // An orphan is a key that nobody uses and that nobody was told of.
        var told = $"{a} {b}";
        var orphans = holdings.Usable.Except(used).Where(k => !told.Contains(k, StringComparison.Ordinal)).ToList();
        if (orphans.Count > 0)
            problems.Add($"orphans: {string.Join(", ", orphans)}");
        // Two revocations want the same, and each takes what the other has not taken yet.
        if (first == second && first != "revoke" && a.ClaimsSuccess && b.ClaimsSuccess)
            problems.Add("both say that they did it");
        if (first != "revoke" && second != "revoke" && !a.ClaimsSuccess && !b.ClaimsSuccess)
            problems.Add("nobody did it");
        if (holdings.Rotations > 1)
            problems.Add($"{holdings.Rotations} rotations");
        var revoker =
            first == "revoke" ? a
            : second == "revoke" ? b
            : null;
        if (revoker is { ClaimsSuccess: true, Error: null } && state.Status != CmekStatus.Revoked)
            problems.Add($"revoked, and the cluster is {state.Status}");
        if (revoker is null && state.Status != CmekStatus.Enabled)
            problems.Add($"the cluster is {state.Status}");
        if (inForce.Count == 0)
            problems.Add("no key is in force");
        return problems;
    }
}
