namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Whether a rotation on demand has taken effect. AWS rotates in the background, and its three signs appear one after
/// the other: the status, the list of rotations, and the material that DescribeKey names.
/// </summary>
internal sealed class AwsKeyVersions(AwsRun run)
{
    /// <summary>The last sign was measured after about a minute.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
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

    /// <summary>Waits until KMS encrypts with a version that is newer than a wrap.</summary>
    /// <param name="key">The key; of a multi-region key its primary.</param>
    /// <param name="wrappedAt">When the cluster last wrapped with the key.</param>
    /// <exception cref="CmekException">RotationNotInForce.</exception>
    public Task WaitUntilInForceAsync(AwsKeyArn key, DateTimeOffset wrappedAt) =>
        run.Calls.PollUntilAsync(
            () => IsInForceAsync(key, wrappedAt),
            Limit,
            Pause,
            () => AwsErrors.RotationNotInForce(key.ToString(), (int)Limit.TotalMinutes)
        );

    private async Task<bool> IsInForceAsync(AwsKeyArn key, DateTimeOffset wrappedAt)
    {
        if (await IsRotatingAsync(key))
            return false;
        var (createdAt, newest) = await run.Keys.GetNewestMaterialAsync(key);
        if (createdAt <= wrappedAt)
            return false;
        var used = (await run.Keys.DescribeAsync(key))?.CurrentKeyMaterialId;
        return newest is null || used is null || newest == used;
    }
}
