using System.Globalization;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// New keys in the place of old ones. Names cannot change hands in Cloud KMS, so labels tell: a new key says which one it replaces and which was the first of
/// the line, and once it is in force the first says so.
/// </summary>
internal sealed class GcpKeyReplacement(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);

    /// <summary>A new key of the old one's shape for each region; null when that was not allowed.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> ReplaceAsync(RotationRequest request)
    {
        var lines = request
            .Regions.GroupBy(r =>
                (Name: GcpKeyName.Parse(r.Keys[0].KeyUri), Account: ServiceAccountEmail.Parse(r.Keys[0].AuthPrincipal))
            )
            .Select(g =>
                (g.Key.Name, g.Key.Account, TakenUp: g.Max(r => r.Keys[0].CreatedAt) ?? calls.Context.Time.GetUtcNow())
            )
            .ToList();
        var steps = await Task.WhenAll(lines.Select(l => LookAsync(request.Cluster, l.Name, l.Account, l.TakenUp)));
        Errors.ThrowCombined(request.Cluster.Name, [.. steps.SelectMany(s => s.Faults)]);
        var refused = false;
        foreach (var step in steps)
        {
            if (
                step.Action is { } action
                && !await calls.Context.Log.ShouldProcessAsync(
                    step.New.ToString(),
                    action,
                    calls.Context.CancellationToken
                )
            )
                refused = true; // go on asking: a dry run names every key
        }

        if (refused)
            return null;
        foreach (var account in steps.Where(s => s.Action is not null).Select(s => s.Account).Distinct())
            await new GcpAccounts(clients, calls).RequireAsync(request.Cluster, account, mayBeUnreadable: true);
        var made = await Task.WhenAll(
            steps.Select(s => s.Action is null ? Task.FromResult(s.New) : WriteAsync(request.Cluster, s))
        );
        return
        [
            .. request.Regions.Select(r => new CmekRegionSpec
            {
                Region = r.Region,
                KeySpec = new CmekKeySpec
                {
                    Type = r.Keys[0].KeyType,
                    Uri = made[Array.FindIndex(steps, s => s.Old == GcpKeyName.Parse(r.Keys[0].KeyUri))].ToString(),
                    AuthPrincipal = r.Keys[0].AuthPrincipal,
                },
            }),
        ];
    }

    /// <summary>Has the first key of each line say which one is in force.</summary>
    public async Task SettleAsync(IReadOnlyList<CmekRegionSpec> inForce)
    {
        foreach (var name in inForce.Select(s => GcpKeyName.Parse(s.KeyUri)).Distinct())
        {
            var keys = await _reader.KeysAsync(name);
            if (
                keys.FirstOrDefault(k => k.Name == name.ToString()) is not { } key
                || FirstOf(key, keys) is not { } first
            )
                continue;
            var wanted = first.Name == key.Name ? null : GcpNames.Value(name.Id);
            if (LabelOf(first, GcpNames.InForceLabel) == wanted)
                continue;
            var labels = new Dictionary<string, string>(first.Labels ?? []);
            if (wanted is null)
                labels.Remove(GcpNames.InForceLabel);
            else
                labels[GcpNames.InForceLabel] = wanted;
            await new GcpKeyWriter(clients, calls, _reader).LabelAsync(GcpKeyName.Parse(first.Name!), labels);
        }
    }

    private async Task<Step> LookAsync(
        CrdbCluster cluster,
        GcpKeyName old,
        ServiceAccountEmail account,
        DateTimeOffset takenUp
    )
    {
        if (await _reader.FindAsync(old, account.Member) is not { } found)
            return new Step(old, account, old, null, null, [GcpErrors.KeyNotFound(old)]);
        var keys = await _reader.KeysAsync(old);
        // What is in force replaces another, and the first of the line does not say so yet: that run is only to be finished.
        if (
            found.Label(GcpNames.ReplacesLabel) is not null
            && FirstOf(found.Key, keys) is { } first
            && first.Name != found.Key.Name
            && LabelOf(first, GcpNames.InForceLabel) != GcpNames.Value(old.Id)
        )
        {
            calls.Context.Log.Verbose($"{old} is a new key that is in force already: no other is made.");
            return new Step(old, account, old, found, null, []);
        }

        // One that was made after the cluster took the old one up is of a run that was interrupted.
        var begun = keys.FirstOrDefault(k =>
            LabelOf(k, GcpNames.ReplacesLabel) == GcpNames.Value(old.Id)
            && LabelOf(k, GcpNames.ClusterIdLabel) == cluster.Id
            && k.CreateTime > takenUp
        );
        if (begun is not null)
        {
            var name = GcpKeyName.Parse(begun.Name!);
            var policy = await _reader.PolicyAsync(name.ToString());
            var granted =
                found.Policy.Lasting.All(policy.Has)
                && policy.GrantsUse(account.Member, calls.Context.Time.GetUtcNow()) != Granted.No;
            return new Step(
                old,
                account,
                name,
                found,
                granted ? null : $"Grant it as {old} is granted",
                [.. GcpKeyFaults.OfKey(name, begun)]
            );
        }

        CmekException[] faults =
            found.Key.Purpose != "ENCRYPT_DECRYPT"
                ? [Errors.KeyNotSymmetric(old.ToString(), $"for {found.Key.Purpose}")]
            : GcpKeyRotation.MadeElsewhere(found.Key) is { } reason
                ?
                [
                    GcpErrors.KeyCannotRotate(
                        old,
                        reason,
                        "Make the new key where this one comes from, then New-CrdbCmekKey -KeyUri <it> | New-CrdbCmekManifest | Invoke-CrdbCmekRotation"
                    ),
                ]
            : [];
        return new Step(
            old,
            account,
            Next(old, found, keys),
            found,
            $"Create a new key of the shape of {old}, granted to {account}",
            faults
        );
    }

    private async Task<GcpKeyName> WriteAsync(CrdbCluster cluster, Step step)
    {
        var old = step.Found!;
        var writer = new GcpKeyWriter(clients, calls, _reader);
        var plan = new GcpKeyPlan
        {
            Names = [step.New],
            ProtectionLevel = old.Key.VersionTemplate?.ProtectionLevel,
            RotationPeriod = GcpNames.Duration(old.Key.RotationPeriod),
            DestroyScheduledDuration = GcpNames.Duration(old.Key.DestroyScheduledDuration),
            Labels = new Dictionary<string, string>(GcpNames.Labels(cluster, GcpNames.Kept(old.Key.Labels)))
            {
                [GcpNames.ReplacesLabel] = GcpNames.Value(step.Old.Id),
                [GcpNames.FirstLabel] = old.Label(GcpNames.FirstLabel) ?? GcpNames.Value(step.Old.Id),
            },
            Bindings = [IamPolicy.Binding(GcpNames.UseRole, step.Account.Member), .. old.Policy.Lasting],
        };
        for (var name = step.New; ; name = Following(name))
        {
            try
            {
                await writer.CreateKeyAsync(name, plan.ToKey(writer.NextRotation), cluster);
                await writer.GrantAsync(name, plan.Bindings, step.Account);
                return name;
            }
            catch (CmekException fault)
                when (fault.ErrorId is nameof(GcpErrors.KeyNameRetired) or nameof(GcpErrors.KeyNameTaken))
            {
                calls.Context.Log.Verbose($"{fault.Message} Trying the next name.");
            }
        }
    }

    /// <summary>The first of a line and a number: -r2, -r3. Lower-case, because labels have to tell it.</summary>
    private static GcpKeyName Next(GcpKeyName old, FoundKey found, IReadOnlyList<CryptoKey> keys)
    {
        var first = found.Label(GcpNames.FirstLabel) ?? GcpNames.Value(old.Id);
        var stem = first.Length > 58 ? first.Substring(0, 58) : first;
        var taken = keys.Select(k =>
                Regex.Match(k.Name?.Split('/').Last() ?? "", $"^{Regex.Escape(stem)}-r(\\d{{1,4}})$")
            )
            .Where(m => m.Success)
            .Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
        return old with { Id = $"{stem}-r{taken.DefaultIfEmpty(1).Max() + 1}" };
    }

    private static GcpKeyName Following(GcpKeyName name)
    {
        var at = name.Id.LastIndexOf("-r", StringComparison.Ordinal) + 2;
        return name with
        {
            Id = $"{name.Id.Substring(0, at)}{int.Parse(name.Id.Substring(at), CultureInfo.InvariantCulture) + 1}",
        };
    }

    /// <summary>The first key of a key's line: itself, where it replaces none. Null when it was deleted.</summary>
    private static CryptoKey? FirstOf(CryptoKey key, IReadOnlyList<CryptoKey> keys) =>
        LabelOf(key, GcpNames.FirstLabel) is { } first
            ? keys.FirstOrDefault(k => GcpNames.Value(k.Name?.Split('/').Last() ?? "") == first)
            : key;

    private static string? LabelOf(CryptoKey key, string name) =>
        key.Labels is { } labels && labels.TryGetValue(name, out var value) ? value : null;

    /// <summary>What is to be done for one key; nothing where Action is null.</summary>
    private sealed record Step(
        GcpKeyName Old,
        ServiceAccountEmail Account,
        GcpKeyName New,
        FoundKey? Found,
        string? Action,
        IReadOnlyList<CmekException> Faults
    );
}
