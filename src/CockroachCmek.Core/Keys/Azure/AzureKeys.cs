namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Ensures that each region of a cluster has a key: reads all Key Vaults, checks for problems, asks, and only then
/// writes, in parallel. One key serves all regions whose Key Vault it is in. Existing keys are found by name.
/// </summary>
internal sealed class AzureKeys(AzureClients clients, AzureCalls calls, KeyRequest request)
{
    private readonly AzureKeyOptions _options = AzureKeyOptions.From(request.Options);
    private readonly AzureKeyReader _reader = new(clients, calls);
    private readonly AzureGrants _grants = new(clients, calls);
    private readonly AzureKeyVaults _keyVaults = new(clients, calls);

    /// <summary>A key of one Key Vault after the work, and what the work was.</summary>
    private sealed record Result(AzureKeyPlan Plan, FoundKey? Key, CmekOutcome Outcome);

    public async Task<IReadOnlyList<CmekKey>> EnsureAsync()
    {
        foreach (var region in request.Regions)
            if (!request.Cluster.Regions.Any(r => r.Name == region))
                throw Errors.RegionUnknown(request.Cluster.Name, region, request.Cluster.Regions.Select(r => r.Name));
        await calls.TenantIdAsync(clients); // fails when the credentials belong to another tenant
        var principalId = await PrincipalIdAsync();
        if (request.KeyUris.Count > 0)
            return await ImportAsync(request, principalId);
        // The key in force can serve any region. A key near the new region needs a Key Vault that was named for it.
        return request.Like is { } like && _options.KeyVaults.Count == 0
            ? await ImportAsync(request with { KeyUris = [like.KeyUri] }, principalId)
            : await CreateAsync(principalId);
    }

    /// <summary>A region's key, for the pipeline.</summary>
    /// <param name="found">Null for a key that is only planned.</param>
    internal static CmekKey ToCmekKey(
        KeyRequest request,
        string region,
        AzureKeyVault keyVault,
        AzureKeyId id,
        FoundKey? found,
        CmekOutcome outcome
    ) =>
        new()
        {
            Cluster = request.Cluster,
            Region = region,
            KeyType = AzureCustomerCloud.KeyTypeName,
            KeyUri = id.ToString(),
            AuthPrincipal = request.AuthPrincipal,
            Name = id.Name,
            Location = keyVault.Location,
            State = found?.Bundle.Attributes.Enabled switch
            {
                true => "Enabled",
                false => "Disabled",
                null => "",
            },
            Origin = found is null ? CmekKeyOrigin.Cloud : AzureKeyOrigins.Of(found).Kind,
            ExpiresAt = found?.Bundle.Attributes.ExpiresOn,
            RotationPeriodInDays = request.RotationPeriodInDays,
            Outcome = outcome,
        };

    private Task<IReadOnlyList<CmekKey>> ImportAsync(KeyRequest import, string principalId) =>
        new AzureKeyImport(clients, calls, import, _reader, _grants, _keyVaults).ImportAsync(principalId);

    private async Task<IReadOnlyList<CmekKey>> CreateAsync(string principalId)
    {
        var names = _options.KeyVaults.Count > 0 ? _options.KeyVaults : clients.KeyVaultNames;
        if (names.Count == 0)
            throw AzureErrors.KeyVaultNameMissing(request.Cluster.Name);
        if (request.Name is { } name && !AzureKeyId.IsName(name))
            throw AzureErrors.KeyNameMalformed(name, request.Cluster.Name);
        var keyVaults = await _keyVaults.FindAsync(names, _options.SubscriptionId, request.AuthPrincipal);
        var planner = new AzureKeyPlanner(clients, calls, request, _reader, _grants);
        var plans = await planner.PlanAsync(keyVaults, principalId);
        await planner.ThrowIfUnfitAsync(plans);
        foreach (var plan in plans)
        {
            _keyVaults.WarnOfDeletion(plan.KeyVault);
            if (!plan.NeedsGrant && plan.Access.Doubt is { } doubt)
                calls.Context.Host.Warning(doubt);
        }

        var confirmed = new List<AzureKeyPlan>();
        foreach (var plan in plans)
            if (await ConfirmAsync(plan))
                confirmed.Add(plan);
        var results = await Task.WhenAll(
            plans.Select(p => confirmed.Contains(p) ? WriteAsync(p, principalId) : Task.FromResult(Unchanged(p)))
        );
        return
        [
            .. request.Regions.Select(region =>
            {
                var (plan, key, outcome) = results.First(r => r.Plan.Regions.Contains(region));
                return ToCmekKey(request, region, plan.KeyVault, key?.Id ?? plan.Id, key, outcome);
            }),
        ];
    }

    /// <summary>
    /// The object id that access is granted to. A planned application has none yet, so nothing is granted to it.
    /// </summary>
    private async Task<string> PrincipalIdAsync()
    {
        if (_options.PrincipalId is { } known)
            return known;
        try
        {
            var applications = new AzureApplications(clients, calls);
            return (await applications.RequireAsync(request.Cluster, request.AuthPrincipal)).Id;
        }
        catch (CmekException error) when (request.IsRolePlanned && error.ErrorId == nameof(AzureErrors.ConsentMissing))
        {
            return Guid.Empty.ToString("D");
        }
    }

    /// <summary>
    /// True when a plan has something to write, and none of it was declined. Every question is asked, so that a dry run
    /// names every change.
    /// </summary>
    private async Task<bool> ConfirmAsync(AzureKeyPlan plan)
    {
        var questions = Questions(plan).ToList();
        var allowed = questions.Count > 0;
        foreach (var question in questions)
            allowed &= await calls.ConfirmAsync($"Key Vault {plan.KeyVault.Name}", question);
        return allowed;
    }

    private IEnumerable<string> Questions(AzureKeyPlan plan)
    {
        var (name, days) = (plan.Id.Name, request.RotationPeriodInDays);
        if (plan.NeedsRecovery)
            yield return $"Recover the deleted key {name}";
        else if (plan.NeedsKey)
            yield return $"Create {plan.Shape.Kty} {plan.Shape.Size} key {name}"
                + (plan.Rotation is null ? "" : $", with a new version every {days} days");
        else if (plan.Rotation is not null)
            yield return $"Let Key Vault create a new version of {name} every {days} days";
        if (plan.NeedsGrant)
            yield return StandardGrant.Describe(plan.KeyVault, plan.Role, AzureNames.Application(request.Cluster));
    }

    /// <summary>
    /// Writes the key first: a Key Vault with access policies shows only then whether the caller is allowed to, and
    /// nothing is granted for a key that cannot be created.
    /// </summary>
    private async Task<Result> WriteAsync(AzureKeyPlan plan, string principalId)
    {
        var writer = new AzureKeyWriter(clients, calls, _reader);
        var key = plan.Found;
        if (plan.NeedsRecovery)
            key = await writer.RecoverAsync(plan.Id);
        key ??= await writer.CreateAsync(plan.Id, plan.Shape);
        if (plan.NeedsGrant)
            await new AzureGrantWriter(clients, calls).GrantAsync(plan.KeyVault, plan.Role, principalId);
        if (plan.Rotation is { } rotation)
            await writer.SetRotationAsync(key.Id.WithoutVersion, plan.RotationBefore, rotation);
        return new Result(plan, key, plan.NeedsKey ? CmekOutcome.Created : CmekOutcome.Updated);
    }

    /// <summary>
    /// The result for a Key Vault in which nothing was written: it is as it should be, or only planned.
    /// </summary>
    private static Result Unchanged(AzureKeyPlan plan) =>
        new(plan, plan.Found, plan.Found is null || plan.NeedsGrant ? CmekOutcome.Planned : CmekOutcome.Existing);
}
