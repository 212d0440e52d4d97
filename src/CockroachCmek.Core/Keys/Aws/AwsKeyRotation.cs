using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// New versions of KMS keys, on demand. A multi-region key is rotated once, at its primary; its replicas follow.
/// </summary>
/// <param name="request">What is asked for.</param>
internal sealed class AwsKeyRotation(AwsRun run, RotationRequest request)
{
    /// <summary>By then, the list shows a rotation. AWS names no limit; a second rotation cannot be taken back.</summary>
    private static readonly TimeSpan LatestSign = TimeSpan.FromMinutes(6);

    private readonly AwsKeyVersions _versions = new(run);
    private readonly AwsRotationMarks _marks = new(run);

    /// <summary>
    /// The same URIs, once KMS encrypts with a version newer than the one the cluster last wrapped with; null when the
    /// user declined.
    /// </summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync()
    {
        var regions = request.Regions;
        var described = await Task.WhenAll(regions.Select(DescribeAsync));
        Errors.ThrowCombined(
            described[0].Arn,
            [
                .. described
                    .GroupBy(k => k.Arn)
                    .Select(g => AwsErrors.KeyStoreCannotRotate(g.First(), request.Cluster))
                    .OfType<CmekException>(),
            ]
        );
        var keys = regions
            .Zip(described, (r, k) => (InUse: r, Primary: FoundKey.PrimaryOf(k) ?? AwsKeyArn.Parse(k.Arn), Key: k))
            .ToList();
        // Regions that share a key may have wrapped with it at different times; the latest counts.
        var rotations = await Task.WhenAll(
            keys.GroupBy(k => k.Primary)
                .Select(async g => new Rotation(
                    g.Key,
                    g.Max(k => k.InUse.WrappedAt()) ?? DateTimeOffset.MinValue,
                    // First the mark: it is removed after the rotation can be seen.
                    await _marks.FindOtherAsync(g.Key, own: null),
                    await run.Keys.GetNewestVersionAsync(g.Key),
                    await _versions.IsRotatingAsync(g.Key),
                    g.First().Key.Origin == OriginType.EXTERNAL,
                    [.. g.Select(k => AwsKeyArn.Parse(k.InUse.Keys[0].KeyUri))]
                ))
        );
        var waiting = await Task.WhenAll(rotations.Where(r => r.IsDue && r.IsImported).Select(FindImportProblemAsync));
        Errors.ThrowCombined(described[0].Arn, [.. waiting.OfType<CmekException>()]);
        foreach (var begun in rotations.Where(r => !r.IsDue))
            TellWhyNot(begun);
        if (!await ConfirmAllAsync(rotations))
            return null;
        var done = await Task.WhenAll(rotations.Select(r => r.IsDue ? RotateOnceAsync(r) : Task.FromResult(r)));
        // The cluster wraps with what KMS encrypts with when the request arrives.
        await Task.WhenAll(
            done.Select(async r =>
            {
                await _versions.WaitUntilInForceAsync(
                    r.Key,
                    r.Used,
                    r.WrappedAt,
                    request.Timeout,
                    r.IsBegun ? null : () => AwsErrors.RotationNotSeen(r.Key, r.Rival)
                );
                if (r.Own is not null || r.Rival is not null)
                    await _marks.ClearAsync(r.Key, r.Own, await run.Keys.GetNewestVersionAsync(r.Key));
            })
        );
        return
        [
            .. regions.Select(r =>
                CmekRegionSpec.Create(r.Region, r.Keys[0].KeyType, r.Keys[0].KeyUri, r.Keys[0].AuthPrincipal)
            ),
        ];
    }

    /// <summary>
    /// Asks for every key, even after a No: a dry run names them all. It neither waits nor removes a mark, so both are
    /// asked for too.
    /// </summary>
    private async Task<bool> ConfirmAllAsync(IReadOnlyList<Rotation> rotations)
    {
        var isConfirmed = true;
        foreach (var rotation in rotations)
            if (await NextStepAsync(rotation) is { } step)
                isConfirmed &= await run.ConfirmAsync(rotation.Key.ToString(), step);
        return isConfirmed;
    }

    /// <summary>What is to be done before the cluster can wrap again; null when nothing is.</summary>
    private async Task<string?> NextStepAsync(Rotation rotation)
    {
        if (rotation.IsDue)
            return "Rotate the KMS key on demand";
        var isInForce = await _versions.IsInForceAsync(rotation.Key, rotation.Used, rotation.WrappedAt);
        return (isInForce, rotation.Rival) switch
        {
            (true, null) => null,
            (true, _) => "Remove the mark of the rotation that is in force already",
            (false, null) => "Wait for the rotation that AWS has begun already",
            _ => "Wait for the rotation that another run has begun already, and remove its mark",
        };
    }

    private void TellWhyNot(Rotation rotation)
    {
        if (rotation is { IsBegun: false, Rival: { } rival })
            run.Warn(
                $"{rotation.Key} is not rotated again: another run, or one that was ended, began to rotate it on "
                    + $"{rival.At:u} (tag {rival.Tag}), and AWS does not show that rotation yet. This run waits for it."
            );
        else
            run.Calls.Context.Host.Verbose(
                rotation.IsRunning
                    ? $"AWS is rotating {rotation.Key}. It is not rotated again."
                    : $"{rotation.Key} was rotated on {rotation.NewestAt:u}, after the cluster last wrapped with it. "
                        + "It is not rotated again."
            );
    }

    /// <summary>Rotates a key, unless another run does.</summary>
    /// <returns>The rotation, with the mark of the run that has begun it.</returns>
    private async Task<Rotation> RotateOnceAsync(Rotation rotation)
    {
        var claim = await _marks.ClaimAsync(rotation.Key, () =>
            _versions.IsBegunAsync(rotation.Key, rotation.WrappedAt)
        );
        if (!claim.MayRotate)
        {
            run.Calls.Context.Host.Verbose($"Another run rotates {rotation.Key}. This run waits for it.");
            return rotation with { Own = claim.Own, Rival = await _marks.FindOtherAsync(rotation.Key, claim.Own) };
        }

        try
        {
            await RotateAsync(rotation);
        }
        catch (Exception error)
            when (claim.Own is not null
                && !run.Calls.IsResponseLost(error)
                && !run.Calls.Context.CancellationToken.IsCancellationRequested
            )
        {
            // KMS refused it: there is no rotation.
            await _marks.RemoveAsync(rotation.Key, claim.Own);
            throw;
        }

        return rotation with
        {
            Own = claim.Own,
            IsRunning = true,
        };
    }

    /// <summary>
    /// A rotation is not idempotent: after a lost response, the status shows whether it runs, and the list whether it
    /// has happened. In between neither may show it, so both are read a second time before another rotation starts.
    /// </summary>
    private Task RotateAsync(Rotation rotation) =>
        run.Calls.SettleAsync(
            $"RotateKeyOnDemand {rotation.Key}",
            () => SendAsync(rotation.Key),
            () => _versions.IsBegunAsync(rotation.Key, rotation.WrappedAt),
            new Settling { SecondRead = LatestSign }
        );

    private async Task SendAsync(AwsKeyArn key)
    {
        var rotate = new RotateKeyOnDemandRequest { KeyId = key.ToString() };
        try
        {
            await run.Calls.WriteAsync("KMS", "RotateKeyOnDemand", rotate.KeyId, c =>
                run.Clients.Kms(key.Region).RotateKeyOnDemandAsync(rotate, c)
            );
        }
        catch (LimitExceededException error)
        {
            throw AwsErrors.RotationLimitReached(rotate.KeyId, error);
        }
        catch (ConflictException error)
        {
            throw AwsErrors.RotationRunning(rotate.KeyId, error);
        }
    }

    private async Task<KeyMetadata> DescribeAsync(CmekRegionInfo region)
    {
        var arn = AwsKeyArn.Parse(region.Keys[0].KeyUri);
        return await run.Keys.DescribeAsync(arn) ?? throw AwsErrors.KeyNotFound(arn.ToString(), arn.Region);
    }

    /// <summary>A key with imported material is rotated to material that was imported for the rotation.</summary>
    private async Task<CmekException?> FindImportProblemAsync(Rotation rotation)
    {
        var pending = await run.Keys.GetPendingMaterialAsync(rotation.Key);
        return pending == KeyMaterialState.PENDING_ROTATION
            ? null
            : AwsErrors.NoMaterialPending(rotation.Key, request, isOnlyInPrimary: pending is not null);
    }

    /// <param name="Key">The key that is rotated.</param>
    /// <param name="WrappedAt">When the cluster last wrapped with the key.</param>
    /// <param name="Rival">The mark of another run that rotates the key; null when there is none.</param>
    /// <param name="NewestAt">When the key's newest version was created.</param>
    /// <param name="IsRunning">A rotation was started and has not ended.</param>
    /// <param name="IsImported">The key's material was imported.</param>
    /// <param name="Used">The keys that the cluster uses: the key itself or its replicas.</param>
    private sealed record Rotation(
        AwsKeyArn Key,
        DateTimeOffset WrappedAt,
        AwsRotationMark? Rival,
        DateTimeOffset NewestAt,
        bool IsRunning,
        bool IsImported,
        IReadOnlyCollection<AwsKeyArn> Used
    )
    {
        /// <summary>The mark of this run; null when it has none.</summary>
        public AwsRotationMark? Own { get; init; }

        /// <summary>KMS has shown or accepted a rotation since the cluster last wrapped with the key.</summary>
        public bool IsBegun => IsRunning || NewestAt > WrappedAt;

        public bool IsDue => !IsBegun && Rival is null;
    }
}
