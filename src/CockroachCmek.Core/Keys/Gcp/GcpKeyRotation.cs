namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>New primary versions of keys; the resource name stays. A key that several regions share is rotated once.</summary>
internal sealed class GcpKeyRotation(GcpClients clients, GcpCalls calls)
{
    /// <summary>"Typically within a minute" (cloud.google.com/kms/docs/consistency): a cluster that took the key up before would wrap with the old version.</summary>
    private static readonly TimeSpan PrimaryPropagation = TimeSpan.FromMinutes(1);

    private readonly GcpKeyReader _reader = new(clients, calls);

    /// <summary>The same keys, each with a primary version that is newer than what the cluster took up; null when that was not allowed.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync(RotationRequest request)
    {
        // Regions that share a key may have taken it up at different times; the latest counts. Where that is not known, every version counts as taken up.
        var keys = request
            .Regions.GroupBy(r => GcpKeyName.Parse(r.Keys[0].KeyUri))
            .Select(g => (Name: g.Key, TakenUp: g.Max(r => r.Keys[0].CreatedAt) ?? calls.Context.Time.GetUtcNow()))
            .ToList();
        var found = await Task.WhenAll(
            keys.Select(async k => (Key: await _reader.GetAsync(k.Name), Versions: await VersionsAsync(k.Name)))
        );
        Errors.ThrowCombined(request.Cluster.Name, [.. found.SelectMany((f, i) => FaultsOf(keys[i].Name, f.Key))]);

        var work = new List<Func<Task>>();
        var refused = false;
        for (var i = 0; i < keys.Count; i++)
        {
            var (name, (key, versions)) = (keys[i].Name, found[i]);
            var newest = versions.FirstOrDefault(v => v.State is "ENABLED" or "PENDING_GENERATION");
            var isNewer = newest?.CreateTime > keys[i].TakenUp;
            if (isNewer && key!.Primary?.Id == newest!.Id && newest.State == "ENABLED")
            {
                calls.Context.Log.Verbose(
                    $"{name} has version {newest.Id} of {newest.CreateTime:u}, which is newer than what the cluster took up: it is not rotated again."
                );
                continue;
            }

            // A version that is newer and not primary is one of a run that was interrupted.
            if (
                await AskAsync(
                    name,
                    isNewer
                        ? $"Make version {newest!.Id} the primary one"
                        : "Create a new version and make it the primary one"
                )
            )
                work.Add(() => PromoteAsync(name, versions, isNewer ? newest : null));
            else
                refused = true; // go on asking: a dry run names every key
        }

        if (refused)
            return null;
        await Task.WhenAll(work.Select(w => w()));
        if (work.Count > 0)
        {
            calls.Context.Log.Verbose(
                "Waiting a minute, which is what Google Cloud says a new primary version takes to be used everywhere."
            );
            await calls.Context.Time.Delay(PrimaryPropagation, calls.Context.CancellationToken);
        }

        return
        [
            .. request.Regions.Select(r => new CmekRegionSpec
            {
                Region = r.Region,
                KeySpec = new CmekKeySpec
                {
                    Type = r.Keys[0].KeyType,
                    Uri = r.Keys[0].KeyUri,
                    AuthPrincipal = r.Keys[0].AuthPrincipal,
                },
            }),
        ];
    }

    private async Task PromoteAsync(GcpKeyName name, IReadOnlyList<CryptoKeyVersion> before, CryptoKeyVersion? made)
    {
        var version = made ?? await CreateAsync(name, before);
        // Hardware takes its time.
        var state = version.State ?? "";
        if (state != "ENABLED")
        {
            await calls.PollUntilAsync(
                async () =>
                    (
                        state = (await _reader.VersionsAsync(name)).FirstOrDefault(v => v.Id == version.Id)?.State
                            ?? "unknown"
                    ) == "ENABLED",
                TimeSpan.FromMinutes(5),
                TimeSpan.FromSeconds(5),
                () => GcpErrors.VersionNotReady(name, version.Id, state)
            );
        }

        for (var round = 1; ; round++)
        {
            try
            {
                await calls.WriteAsync("KMS", "cryptoKeys.updatePrimaryVersion", $"{name} to {version.Id}", c =>
                    clients.Kms.UpdateCryptoKeyPrimaryVersionAsync(name.ToString(), version.Id, c)
                );
                return;
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                if ((await _reader.GetAsync(name))?.Primary?.Id == version.Id)
                    return;
                if (round == 3)
                    throw;
            }
        }
    }

    /// <summary>Creating a version is not idempotent: after a lost answer the one that was not there before is it.</summary>
    private async Task<CryptoKeyVersion> CreateAsync(GcpKeyName name, IReadOnlyList<CryptoKeyVersion> before)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return await calls.WriteAsync("KMS", "cryptoKeyVersions.create", name.ToString(), c =>
                    clients.Kms.CreateCryptoKeyVersionAsync(name.ToString(), c)
                );
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                calls.Context.Log.Verbose(
                    $"The answer to cryptoKeyVersions.create {name} was lost; looking whether it happened."
                );
                if (
                    (await _reader.VersionsAsync(name)).FirstOrDefault(v => before.All(b => b.Name != v.Name)) is
                    { } made
                )
                    return made;
                if (round == 3)
                    throw;
            }
        }
    }

    private async Task<IReadOnlyList<CryptoKeyVersion>> VersionsAsync(GcpKeyName name)
    {
        try
        {
            return await _reader.VersionsAsync(name);
        }
        catch (GcpFault fault) when (fault.Code == 404)
        {
            return []; // the key itself is missing, which is said of it
        }
    }

    private static IEnumerable<CmekException> FaultsOf(GcpKeyName name, CryptoKey? key)
    {
        if (key is null)
            yield return GcpErrors.KeyNotFound(name);
        else if (key.Purpose != "ENCRYPT_DECRYPT")
            yield return Errors.KeyNotSymmetric(name.ToString(), $"for {key.Purpose}");
        else if (MadeElsewhere(key) is { } reason)
            yield return GcpErrors.KeyCannotRotate(
                name,
                reason,
                "Make the new version where the key comes from, then run the same command again: it is taken up"
            );
    }

    /// <summary>Why Google Cloud cannot make material for a key by itself; null when it can.</summary>
    public static string? MadeElsewhere(CryptoKey key) =>
        key.ImportOnly == true ? "its versions are imported"
        : key.VersionTemplate?.ProtectionLevel is "EXTERNAL" or "EXTERNAL_VPC"
            ? "its material is with an external key manager"
        : null;

    private Task<bool> AskAsync(GcpKeyName name, string action) =>
        calls.Context.Log.ShouldProcessAsync(name.ToString(), action, calls.Context.CancellationToken);
}
