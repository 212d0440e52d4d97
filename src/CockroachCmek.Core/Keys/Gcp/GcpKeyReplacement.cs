using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Replaces keys by new ones of the same shape. Names cannot move from one key to another in Cloud KMS, so labels
/// connect the keys: a new key names the key it replaces and the first key, and once it is in force the first key
/// names it.
/// </summary>
internal sealed class GcpKeyReplacement(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpKeyWriter _writer = new(clients, calls);
    private readonly GcpAccessReader _access = new(clients, calls);

    /// <summary>A new key for each region; null when declined.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> ReplaceAsync(RotationRequest request)
    {
        var steps = await Task.WhenAll(
            request
                .Regions.GroupBy(r =>
                    (
                        Old: GcpKeyName.Parse(r.Keys[0].KeyUri),
                        Account: ServiceAccountEmail.Parse(r.Keys[0].AuthPrincipal)
                    )
                )
                .Select(g => PlanAsync(request, g.Key.Old, g.Key.Account, g.Max(r => r.WrappedAt())))
        );
        Errors.ThrowCombined(request.Cluster.Name, [.. steps.SelectMany(s => s.Problems)]);
        var isDeclined = false;
        foreach (var step in steps.Where(s => s.Action is not null))
            if (!await ConfirmAsync(step))
                isDeclined = true; // go on asking, so that a dry run names every key
        if (isDeclined)
            return null;
        foreach (var account in steps.Where(s => s.Action is not null).Select(s => s.Account).Distinct())
            await new GcpAccounts(clients, calls).RequireUsableAsync(request.Cluster, account);
        var created = await Task.WhenAll(
            steps.Select(s => s.Action is null ? Task.FromResult(s.New) : CreateAsync(request.Cluster, s))
        );
        return GcpModels.RegionSpecs(request, key =>
            created[Array.FindIndex(steps, s => s.Old == GcpKeyName.Parse(key.KeyUri))].ToString()
        );
    }

    /// <summary>Labels the first key of each line with the key in force.</summary>
    public async Task SettleAsync(IReadOnlyList<CmekRegionSpec> inForce)
    {
        foreach (var name in inForce.Select(s => GcpKeyName.Parse(s.KeyUri)).Distinct())
        {
            var line = new GcpKeyLine(name, await _reader.ListKeysAsync(name.Ring));
            if (!line.NeedsSettling)
                continue;
            var labels = new Dictionary<string, string>(line.First!.Labels ?? []);
            if (line.ExpectedInForceLabel is { } id)
                labels[GcpLabels.InForce] = id;
            else
                labels.Remove(GcpLabels.InForce);
            await _writer.SetLabelsAsync(GcpKeyName.Parse(line.First.Name!), labels);
        }
    }

    private async Task<Step> PlanAsync(
        RotationRequest request,
        GcpKeyName old,
        ServiceAccountEmail account,
        DateTimeOffset? wrappedSince
    )
    {
        var cluster = request.Cluster;
        if (await _reader.FindAsync(old, account) is not { } found)
            return new Step(old, account, old, null) { Problems = [GcpErrors.KeyNotFound(old)] };
        var line = new GcpKeyLine(old, await _reader.ListKeysAsync(old.Ring));
        // An earlier run put this new key in force and was interrupted before it labelled the first one.
        if (found.Label(GcpLabels.Replaces) is not null && line.ExpectedInForceLabel is not null && line.NeedsSettling)
        {
            calls.Context.Host.Verbose($"{old} is a new key that is in force already: no other is created.");
            return new Step(old, account, old, found);
        }

        if (line.FindSuccessor(cluster, wrappedSince ?? calls.Context.Time.GetUtcNow()) is { } successor)
            return await PlanSuccessorAsync(cluster, old, account, found, successor);
        var name = line.NextName();
        return new Step(old, account, name, found)
        {
            Action = $"Create a new key of the shape of {old}, granted to {account}",
            Problems =
            [
                .. ReplacementProblems(old, found.Key, request),
                .. await GrantProblemsAsync(cluster, account, found, name),
            ],
        };
    }

    /// <summary>A condition that holds for the old key alone would leave the new one without a grant.</summary>
    private async Task<IEnumerable<CmekException>> GrantProblemsAsync(
        CrdbCluster cluster,
        ServiceAccountEmail account,
        FoundKey found,
        GcpKeyName name
    )
    {
        if (found.Access.Narrowed is not [var narrowed, ..] || narrowed.Place.Level != GcpLevel.Resource)
            return [];
        var policy = new IamPolicy([]);
        foreach (var binding in GcpKeyPlan.OfShape(found, [name], cluster, account).Bindings)
            policy.Add(binding);
        var access = await _access.ReadOwnAsync(name, account, policy, ring: null);
        return access.IsNamed ? [] : [GcpErrors.PolicyNotCopyable(found.Name, account, narrowed)];
    }

    /// <summary>An interrupted run created a new key: at most its grants are missing.</summary>
    private async Task<Step> PlanSuccessorAsync(
        CrdbCluster cluster,
        GcpKeyName old,
        ServiceAccountEmail account,
        FoundKey found,
        CryptoKey successor
    )
    {
        var name = GcpKeyName.Parse(successor.Name!);
        var policy = await _reader.ReadPolicyAsync(name);
        var isGranted = GcpKeyPlan.OfShape(found, [name], cluster, account).Bindings.All(policy.Has);
        return new Step(old, account, name, found)
        {
            Action = isGranted ? null : $"Grant it as {old} is granted",
            Problems = [.. GcpKeyFitness.KeyProblems(name, successor)],
        };
    }

    private static IEnumerable<CmekException> ReplacementProblems(
        GcpKeyName name,
        CryptoKey key,
        RotationRequest request
    )
    {
        if (GcpKeyFitness.PurposeProblem(name, key) is { } wrongPurpose)
            yield return wrongPurpose;
        else if (!request.ReplaceOrigin && GcpKeyFitness.ForeignOrigin(key) is { } reason)
            yield return GcpErrors.KeyCannotRotate(
                name,
                reason,
                $"Create the new key where this one comes from, then {Errors.MoveToKey(request.Cluster)}"
            );
    }

    private Task<bool> ConfirmAsync(Step step) =>
        calls.Context.Host.ConfirmAsync(step.New.ToString(), step.Action!, calls.Context.CancellationToken);

    private async Task<GcpKeyName> CreateAsync(CrdbCluster cluster, Step step)
    {
        var old = step.Found!;
        var plan = GcpKeyPlan.OfShape(old, [step.New], cluster, step.Account);
        plan.Labels[GcpLabels.Replaces] = GcpLabels.Value(step.Old.Id);
        plan.Labels[GcpLabels.First] = old.Label(GcpLabels.First) ?? GcpLabels.Value(step.Old.Id);
        for (var name = step.New; ; name = GcpKeyLine.NameAfter(name))
        {
            try
            {
                await _writer.CreateKeyAsync(name, plan.ToKey(calls.Context.Time.GetUtcNow()), cluster, () =>
                    new GcpRivals(clients, calls).Note(name)
                );
                await _writer.GrantAsync(name, plan.Bindings, step.Account);
                return name;
            }
            catch (CmekException error)
                when (error.ErrorId is nameof(GcpErrors.KeyNameRetired) or nameof(GcpErrors.KeyNameTaken))
            {
                calls.Context.Host.Verbose($"{error.Message} Trying the next name.");
            }
        }
    }

    /// <summary>What has to be done to replace one key.</summary>
    private sealed record Step(GcpKeyName Old, ServiceAccountEmail Account, GcpKeyName New, FoundKey? Found)
    {
        /// <summary>The write, for the question about it; null when nothing has to be written.</summary>
        public string? Action { get; init; }

        public IReadOnlyList<CmekException> Problems { get; init; } = [];
    }
}
