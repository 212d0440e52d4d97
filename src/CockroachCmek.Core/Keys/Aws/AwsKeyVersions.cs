namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Whether a rotation on demand has taken effect. AWS rotates in the background, and its three signs appear one after
/// the other: the status, the list of rotations, and the material that DescribeKey names.
/// </summary>
internal sealed class AwsKeyVersions(AwsRun run)
{
    /// <summary>The last sign was measured after about a minute. AWS names no limit.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>
    /// True when a rotation on demand is running. False also when the caller is not allowed to read it: the list of
    /// rotations decides then.
    /// </summary>
    public async Task<bool> IsRotatingAsync(AwsKeyArn key)
    {
        try
        {
            return await run.Keys.GetRunningRotationAsync(key) is not null;
        }
        catch (Exception error) when (AwsCalls.IsDenied(error))
        {
            run.Calls.Context.Host.Verbose($"kms:GetKeyRotationStatus is not allowed on {key}; its list is read only.");
            return false;
        }
    }

    /// <summary>True when KMS shows a rotation since a wrap: as running, or in the list.</summary>
    public async Task<bool> IsBegunAsync(AwsKeyArn key, DateTimeOffset wrappedAt) =>
        await IsRotatingAsync(key) || await run.Keys.GetNewestVersionAsync(key) > wrappedAt;

    /// <summary>Waits until KMS encrypts with a version that is newer than a wrap, in every region that uses it.</summary>
    /// <param name="key">The key; of a multi-region key its primary.</param>
    /// <param name="used">The keys that the cluster uses: the key itself or its replicas, which may be later.</param>
    /// <param name="wrappedAt">When the cluster last wrapped with the key.</param>
    /// <param name="timeout">Longest wait.</param>
    /// <param name="notSeen">
    /// The error when KMS shows no rotation at all; null when it has shown or accepted one already.
    /// </param>
    /// <exception cref="CmekException">RotationNotInForce, RotationNotSeen.</exception>
    public async Task WaitUntilInForceAsync(
        AwsKeyArn key,
        IReadOnlyCollection<AwsKeyArn> used,
        DateTimeOffset wrappedAt,
        TimeSpan timeout,
        Func<CmekException>? notSeen
    )
    {
        var limit = timeout < Limit ? timeout : Limit;
        var start = run.Calls.Context.Time.GetTimestamp();
        var isShown = false;
        var isSeen = notSeen is null;
        await run.Calls.PollUntilAsync(
            async () =>
            {
                isSeen = isSeen || await IsBegunAsync(key, wrappedAt);
                if (await IsInForceAsync(key, used, wrappedAt))
                    return true;
                isShown = true;
                Show($"for {run.Calls.Context.Time.GetElapsedTime(start):hh\\:mm\\:ss}", completed: false);
                return false;
            },
            limit,
            Pause,
            () => isSeen ? AwsErrors.RotationNotInForce(key.ToString(), limit) : notSeen!()
        );
        if (isShown)
            Show("", completed: true);

        void Show(string status, bool completed) =>
            run.Calls.Context.Host.Progress(
                new OperationProgress
                {
                    Activity = $"Waiting until AWS encrypts with the new version of {key}",
                    Status = status,
                    Completed = completed,
                }
            );
    }

    /// <summary>True when KMS encrypts with a version newer than a wrap, in every region that uses it.</summary>
    public async Task<bool> IsInForceAsync(AwsKeyArn key, IReadOnlyCollection<AwsKeyArn> used, DateTimeOffset wrappedAt)
    {
        if (await IsRotatingAsync(key))
            return false;
        var (createdAt, newest) = await run.Keys.GetNewestMaterialAsync(key);
        if (createdAt <= wrappedAt)
            return false;
        if (newest is null)
            return true;
        var materials = await Task.WhenAll(
            used.Append(key).Distinct().Select(async k => (await run.Keys.DescribeAsync(k))?.CurrentKeyMaterialId)
        );
        return materials.All(m => m is null || m == newest);
    }
}
