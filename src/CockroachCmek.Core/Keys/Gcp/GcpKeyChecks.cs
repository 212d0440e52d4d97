using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Live checks of a region's key and service account. Reads only; what may not be read is Unknown.</summary>
internal sealed class GcpKeyChecks(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);

    public async Task<IReadOnlyList<CmekCheck>> CheckAsync(KeyCheckRequest request)
    {
        var results = new KeyChecks(request.Cluster, request.Spec.Region, e =>
            GcpCalls.Translate(e, request.Spec.KeyUri)
        );
        if (request.IsPast)
        {
            await results.RunAsync(CmekCheckName.PastKeyUsable, () => PastKeyAsync(request, results));
            return results.All;
        }

        await results.RunAsync(CmekCheckName.KeyUsable, () => KeyAsync(request, results));
        await results.RunAsync(CmekCheckName.RoleTrust, () => AccountAsync(request, results));
        return results.All;
    }

    private async Task KeyAsync(KeyCheckRequest request, KeyChecks results)
    {
        var region = request.Spec.Region;
        var name = GcpKeyName.Parse(request.Spec.KeyUri);
        var account = ServiceAccountEmail.Parse(request.Spec.AuthPrincipal);
        var now = calls.Context.Time.GetUtcNow();
        if (await _reader.FindAsync(name, account.Member) is not { } key)
            throw GcpErrors.KeyNotFound(name);
        if (results.FailAll(CmekCheckName.KeyUsable, [.. GcpKeyFaults.OfKey(name, key.Key)]))
            results.Pass(CmekCheckName.KeyUsable, $"{name} encrypts and decrypts, and its primary version is enabled.");
        if (results.FailAll(CmekCheckName.KeyGranted, [.. GcpKeyFaults.OfGrant(key, account, mayGrant: false, now)]))
            results.Pass(CmekCheckName.KeyGranted, $"{account} may use {name}.");
        Grants(request, key, account, now, results);
        if (GcpLocations.Serves(name.Location, region))
            results.Pass(CmekCheckName.KeyLocation, $"The key lives in {name.Location}.");
        else
            results.Warn(
                CmekCheckName.KeyLocation,
                "KeyElsewhere",
                $"The key lives in '{name.Location}', the nodes in '{region}': it works, but depends on two places.",
                "New-CrdbCmekKey, then Invoke-CrdbCmekRotation with its manifest"
            );
        await VersionsAsync(request, name, key.Key, results);
    }

    /// <summary>What the policies allow beyond what is needed, or only for now.</summary>
    private static void Grants(
        KeyCheckRequest request,
        FoundKey key,
        ServiceAccountEmail account,
        DateTimeOffset now,
        KeyChecks results
    )
    {
        var region = request.Spec.Region;
        if (key.GrantsUse(account.Member, now) == Granted.Conditionally)
            results.Warn(
                CmekCheckName.KeyGranted,
                "KeyGrantConditional",
                $"The policy of {key.Name} lets the account use it only under a condition: {string.Join(", ", key.Policy.ConditionsOf(account.Member))}.",
                "New-CrdbCmekKey -KeyUri <key> -Grant, when the condition is taken away"
            );
        string[] wider = [.. key.Policy.WiderThanUse(account.Member), .. key.Policy.Public];
        if (key.RingPolicy?.GrantsUse(account.Member, now) > Granted.No)
            wider = [.. wider, $"the use of every key in {key.Name.RingName}"];
        if (wider.Length > 0)
            results.Warn(
                CmekCheckName.KeyPolicyNarrow,
                "KeyPolicyWide",
                $"The policy of {key.Name} allows more than CMEK needs: {string.Join(", ", wider)}.",
                "Take these bindings out of the policy; the account needs " + GcpNames.UseRole + " on the key alone"
            );
        if (key.Policy.Deleted(account.Member) is { Count: > 0 } deleted)
            results.Warn(
                CmekCheckName.KeyPolicyCurrent,
                "KeyPolicyStale",
                $"The policy of {key.Name} names accounts that were deleted: {string.Join(", ", deleted)}.",
                "New-CrdbCmekKey -KeyUri <key> -Grant"
            );
    }

    private async Task VersionsAsync(KeyCheckRequest request, GcpKeyName name, CryptoKey key, KeyChecks results)
    {
        var region = request.Spec.Region;
        var versions = await _reader.VersionsAsync(name);
        var lost = versions
            .Where(v => v.Id != key.Primary?.Id && v.State is "DISABLED" or "DESTROY_SCHEDULED" or "DESTROYED")
            .Select(v => $"{v.Id} ({v.State})")
            .ToList();
        if (lost.Count > 0)
            results.Warn(
                CmekCheckName.OldVersionsUsable,
                "OldVersionUnusable",
                $"Versions of {name} can no longer decrypt: {string.Join(", ", lost)}. Data and backups of their time may need them.",
                $"gcloud kms keys versions list --key {name.Id} --keyring {name.Ring} --location {name.Location} --project {name.Project}"
            );
        else if (versions.Count > 1)
            results.Pass(CmekCheckName.OldVersionsUsable, $"All {versions.Count} versions of {name} are enabled.");
        if (request.TakenUpAt is not { } takenUp || key.Primary is not { } primary)
            return;
        if (primary.CreateTime > takenUp)
            results.Warn(
                CmekCheckName.VersionInUse,
                "VersionNotTakenUp",
                $"Version {primary.Id} of {name} is of {primary.CreateTime:u}, but the cluster took the key up on {takenUp:u}, and does not follow by itself.",
                $"Invoke-CrdbCmekRotation {request.Cluster.Name}"
            );
        else
            results.Pass(CmekCheckName.VersionInUse, $"The cluster uses version {primary.Id} of {name}.");
    }

    /// <summary>What was encrypted with a past key was so with the version of that time.</summary>
    private async Task PastKeyAsync(KeyCheckRequest request, KeyChecks results)
    {
        var name = GcpKeyName.Parse(request.Spec.KeyUri);
        if (await _reader.GetAsync(name) is null)
            throw GcpErrors.KeyNotFound(name);
        var versions = await _reader.VersionsAsync(name);
        var used = versions.FirstOrDefault(v =>
            request.TakenUpAt is null ? v.State == "ENABLED" : v.CreateTime <= request.TakenUpAt
        ) ?? (versions.Count > 0 ? versions[versions.Count - 1] : null);
        switch (used?.State)
        {
            case "ENABLED":
                results.Pass(
                    CmekCheckName.PastKeyUsable,
                    $"{used.Name} is enabled: what was encrypted with it can be read."
                );
                break;
            case "DESTROY_SCHEDULED" or "DESTROYED":
                throw GcpErrors.KeyPendingDeletion(name, used.Id, used.State, used.DestroyTime);
            default:
                throw GcpErrors.KeyDisabled(name, used?.Id ?? "1");
        }
    }

    private async Task AccountAsync(KeyCheckRequest request, KeyChecks results)
    {
        var account = ServiceAccountEmail.Parse(request.Spec.AuthPrincipal);
        await new GcpOrganizationChecks(clients, calls).CheckAsync(request, account, results);
        var accounts = new GcpAccounts(clients, calls);
        await accounts.RequireAsync(request.Cluster, account, mayBeUnreadable: false);
        var policy = await accounts.PolicyAsync(account, patient: false);
        var missing = GcpAccounts.Missing(request.Cluster, policy, calls.Context.Time.GetUtcNow());
        string[] problems =
        [
            .. missing,
            .. GcpAccounts.Others(request.Cluster, policy).Select(m => $"it lets {m} act as it too"),
        ];
        if (problems.Length > 0)
            throw GcpErrors.RoleDiffers(account, request.Cluster.Name, problems);
        results.Pass(
            CmekCheckName.RoleTrust,
            $"{account} is enabled, and lets {GcpNames.KmsUser(request.Cluster)} act as it, and nobody else."
        );
    }

    /// <summary>A fault that the reading met is the result; what may not be read is unknown.</summary>
}
