namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Keys for the regions of a cluster: reads all of them, reports every problem at once, asks, and only then writes, in
/// all regions at the same time. An existing key is found by its deterministic name, and by a label after a rotation
/// to a new key.
/// </summary>
internal sealed class GcpKeys(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);
    private readonly GcpKeyWriter _writer = new(clients, calls);

    public async Task<IReadOnlyList<CmekKey>> EnsureAsync(KeyRequest request)
    {
        var account = ServiceAccountEmail.Parse(request.AuthPrincipal);
        ThrowIfRegionUnknown(request);
        if (request.KeyUris.Count > 0)
            return await ImportAsync(request, account);
        if (request.Like is not { } spec)
            return await CreateAsync(request, account, like: null);
        var name = GcpKeyName.Parse(spec.KeyUri);
        // A key outside its region serves several regions, so the new region shares it.
        if (name.Location != spec.Region && GcpKeyOptions.From(request.Options).Location is null)
            return await ImportAsync(request with { KeyUris = [spec.KeyUri], Grant = true }, account);
        var like = await _reader.FindAsync(name, account) ?? throw GcpErrors.KeyNotFound(name);
        return await CreateAsync(request, account, like);
    }

    private static void ThrowIfRegionUnknown(KeyRequest request)
    {
        if (request.Like is not null)
            return; // the region is about to join
        var known = request.Cluster.Regions.Select(r => r.Name).ToList();
        if (request.Regions.FirstOrDefault(r => !known.Contains(r)) is { } unknown)
            throw Errors.RegionUnknown(request.Cluster.Name, unknown, known);
    }

    private Task<IReadOnlyList<CmekKey>> ImportAsync(KeyRequest request, ServiceAccountEmail account) =>
        new GcpKeyImport(clients, calls).ImportAsync(request, account);

    private async Task<IReadOnlyList<CmekKey>> CreateAsync(
        KeyRequest request,
        ServiceAccountEmail account,
        FoundKey? like
    )
    {
        var plan = await GcpKeyPlan.FromAsync(request, account, like, clients, calls.Context.CancellationToken);
        var steps = await Task.WhenAll(plan.Names.Distinct().Select(name => ReadAsync(name, account, plan)));
        ThrowIfUnfit(request, account, steps);
        for (var i = 0; i < steps.Length; i++)
            steps[i] = await ConfirmAsync(request, account, plan, steps[i]);
        if (steps.Any(s => s.IsConfirmed))
            await new GcpAccounts(clients, calls).RequireUsableAsync(request.Cluster, account);
        var keys = await Task.WhenAll(steps.Select(step => WriteAsync(request, account, plan, step)));
        return
        [
            .. plan.Names.Select(
                (name, i) =>
                {
                    var (inForce, key, outcome) = keys[Array.FindIndex(steps, s => s.Name == name)];
                    return GcpModels.Key(request, request.Regions[i], inForce, key, outcome);
                }
            ),
        ];
    }

    private async Task<Step> ReadAsync(GcpKeyName name, ServiceAccountEmail account, GcpKeyPlan plan)
    {
        try
        {
            if (await _reader.FindInForceAsync(name, account) is { } existing)
                return new Step(name, existing, HasRing: true, Problem: null);
            var hasRing = await _reader.FindRingAsync(name.Ring) is not null;
            var problem =
                hasRing && !plan.NeedsHsm ? null : await _reader.FindLocationProblemAsync(name.Ring, plan.NeedsHsm);
            return new Step(name, null, hasRing, problem);
        }
        catch (GcpException error) when (error.Code == 400)
        {
            // A location that does not exist makes every name in it invalid.
            var problem = await _reader.FindLocationProblemAsync(name.Ring, plan.NeedsHsm);
            return new Step(name, null, HasRing: false, problem ?? GcpCalls.Map(error, name.ToString()));
        }
    }

    private static void ThrowIfUnfit(KeyRequest request, ServiceAccountEmail account, IReadOnlyList<Step> steps)
    {
        var problems = steps.Select(s => s.Problem).OfType<CmekException>().ToList();
        foreach (var key in steps.Select(s => s.Existing).OfType<FoundKey>())
        {
            var owner = key.Label(GcpLabels.ClusterId);
            // A key that the module did not create is used if somebody has granted it to the account by hand.
            if (owner != request.Cluster.Id && !key.IsGranted)
            {
                problems.Add(GcpErrors.KeyNameTaken(key.Name, owner));
                continue;
            }

            if (Differences(request, key.Key) is { Count: > 0 } differences)
                problems.Add(GcpErrors.KeyDiffers(key.Name, differences));
            problems.AddRange(GcpKeyFitness.KeyProblems(key.Name, key.Key));
        }

        Errors.ThrowCombined(request.Cluster.Name, problems);
    }

    /// <summary>Properties that the request names, that the key does not have, and that cannot be changed.</summary>
    private static List<string> Differences(KeyRequest request, CryptoKey key)
    {
        var options = GcpKeyOptions.From(request.Options);
        var differences = new List<string>();
        var level = options.ProtectionLevel?.ToString().ToUpperInvariant();
        if (level is not null && key.VersionTemplate?.ProtectionLevel != level)
            differences.Add($"its protection level is {key.VersionTemplate?.ProtectionLevel}, not {level}");
        if (
            options.DestroyScheduledDuration is { } wanted
            && GcpDuration.Parse(key.DestroyScheduledDuration) is { } actual
            && actual != wanted
        )
            differences.Add(
                $"its versions can be restored for {actual.TotalDays:0.#} days, not {wanted.TotalDays:0.#}"
            );
        return differences;
    }

    /// <summary>
    /// Asks about each write. A declined key ring means that its key is not created, but is named all the same.
    /// </summary>
    private async Task<Step> ConfirmAsync(KeyRequest request, ServiceAccountEmail account, GcpKeyPlan plan, Step step)
    {
        if (step.Existing is not { } key)
        {
            var mayCreateRing =
                step.HasRing
                || await AskAsync(
                    step.Name.Ring.LocationName,
                    $"Create key ring {step.Name.Ring.Id}, which cannot be deleted later"
                );
            var level = (plan.ProtectionLevel ?? "SOFTWARE").ToLowerInvariant();
            var mayCreateKey = await AskAsync(
                $"KMS in {step.Name.Location}",
                $"Create {level} key {step.Name}, granted to {account}"
            );
            return step with { NeedsWrite = true, IsConfirmed = mayCreateRing && mayCreateKey };
        }

        var actions = new List<string>();
        if (!key.IsGranted)
            actions.Add($"Grant {GcpNames.UseRole} to {account}");
        if (NeedsRotationPeriod(request, key.Key))
            actions.Add($"Let Google Cloud rotate the key every {request.RotationPeriodInDays} days");
        return actions.Count == 0
            ? step
            : step with
            {
                NeedsWrite = true,
                IsConfirmed = await AskAsync(key.Name.ToString(), string.Join("; ", actions)),
            };
    }

    private async Task<(GcpKeyName Name, CryptoKey? Key, CmekOutcome Outcome)> WriteAsync(
        KeyRequest request,
        ServiceAccountEmail account,
        GcpKeyPlan plan,
        Step step
    )
    {
        var name = step.Existing?.Name ?? step.Name;
        if (!step.IsConfirmed)
            return (name, step.Existing?.Key, step.NeedsWrite ? CmekOutcome.Planned : CmekOutcome.Existing);
        if (step.Existing is { } key)
        {
            if (!key.IsGranted)
                await _writer.GrantAsync(name, [IamPolicy.Binding(GcpNames.UseRole, account.Member)], account);
            if (NeedsRotationPeriod(request, key.Key))
                await _writer.SetRotationPeriodAsync(name, TimeSpan.FromDays(request.RotationPeriodInDays!.Value));
            return (name, key.Key, CmekOutcome.Updated);
        }

        if (!step.HasRing)
            await _writer.CreateRingAsync(name.Ring);
        var created = await _writer.CreateKeyAsync(name, plan.ToKey(calls.Context.Time.GetUtcNow()), request.Cluster);
        await _writer.GrantAsync(name, plan.Bindings, account);
        return (name, created, CmekOutcome.Created);
    }

    private static bool NeedsRotationPeriod(KeyRequest request, CryptoKey key) =>
        request.RotationPeriodInDays is { } days && GcpDuration.Parse(key.RotationPeriod) != TimeSpan.FromDays(days);

    private Task<bool> AskAsync(string target, string action) =>
        calls.Context.Host.ConfirmAsync(target, action, calls.Context.CancellationToken);

    /// <summary>A key that the request needs, and what exists of it.</summary>
    private sealed record Step(GcpKeyName Name, FoundKey? Existing, bool HasRing, CmekException? Problem)
    {
        /// <summary>The key has to be created or changed.</summary>
        public bool NeedsWrite { get; init; }

        /// <summary>The write was not declined.</summary>
        public bool IsConfirmed { get; init; }
    }
}
