using System.Globalization;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Marks on a key that say that a run rotates it. For a while after RotateKeyOnDemand, KMS may show neither that the
/// rotation runs nor that it is done: only the mark keeps another run, or the next one, from starting a second one.
/// </summary>
/// <remarks>
/// Every run sets a tag of its own, so that none overwrites another's, and then reads them all. A run begins only after
/// it has seen its mark alone. Of two marks at the same moment, the higher id is withdrawn. Two runs cannot both see
/// their mark alone, as each reads after it has written.
/// </remarks>
internal sealed class AwsRotationMarks(AwsRun run)
{
    /// <summary>
    /// Longer than any rotation takes: a mark that is older is of a run that has ended. As long as a run waits for its
    /// rotation.
    /// </summary>
    public static readonly TimeSpan Lifetime = AwsKeyVersions.Limit;

    /// <summary>Tags are eventually consistent: a run reads the others' this long after it has set its own.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    /// <summary>How long to wait until the others at the same moment have withdrawn their marks.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private const int LeastTries = 5;

    /// <summary>A mark of another run that has not ended; null when there is none, or the tags cannot be read.</summary>
    /// <param name="own">This run's mark.</param>
    public async Task<AwsRotationMark?> FindOtherAsync(AwsKeyArn key, AwsRotationMark? own) =>
        (await ReadAsync(key) ?? []).Where(m => m.Tag != own?.Tag && IsLive(m)).OrderBy(m => m.At).LastOrDefault();

    /// <summary>Sets this run's mark, unless another run is faster.</summary>
    /// <param name="isBegun">Whether KMS shows a rotation: read again, as it may have begun meanwhile.</param>
    public async Task<RotationClaim> ClaimAsync(AwsKeyArn key, Func<Task<bool>> isBegun)
    {
        var own = AwsRotationMark.Create(run.Calls.Context.Time.GetUtcNow());
        try
        {
            await run.Writer.AddTagAsync(key.Region, key.ToString(), own.Tag, own.Value);
        }
        catch (AmazonKeyManagementServiceException error) when (AwsCalls.IsDenied(error) || error is TagException)
        {
            WarnUnmarked(key, AwsCalls.IsDenied(error) ? "kms:TagResource is not allowed" : error.Message);
            return new RotationClaim(MayRotate: !await isBegun(), Own: null);
        }

        var start = run.Calls.Context.Time.GetTimestamp();
        for (var tries = 1; ; tries++)
        {
            await run.Calls.Context.Time.Delay(Pause, run.Calls.Context.CancellationToken);
            if (await ReadAsync(key) is not { } marks)
            {
                WarnUnmarked(key, "kms:ListResourceTags is not allowed");
                return new RotationClaim(MayRotate: !await isBegun(), own);
            }

            if (await isBegun())
                return new RotationClaim(MayRotate: false, own);
            var others = marks.Where(m => m.Tag != own.Tag && IsLive(m)).ToList();
            if (others.Count == 0 && marks.Any(m => m.Tag == own.Tag))
                return new RotationClaim(MayRotate: true, own);
            // The other with the higher id withdraws, unless it has seen its mark alone: then it rotates the key.
            var isOver = tries >= LeastTries && run.Calls.Context.Time.GetElapsedTime(start) >= Patience;
            if (isOver || others.Any(m => string.CompareOrdinal(m.Tag, own.Tag) < 0))
            {
                await RemoveAsync(key, own);
                return new RotationClaim(MayRotate: false, Own: null);
            }
        }
    }

    /// <summary>After a rotation is in force: removes this run's mark, and those of earlier runs.</summary>
    /// <param name="inForceSince">When the version was created that is in force.</param>
    public async Task ClearAsync(AwsKeyArn key, AwsRotationMark? own, DateTimeOffset inForceSince)
    {
        var marks = await ReadAsync(key) ?? [];
        foreach (var mark in marks.Where(m => m.Tag == own?.Tag || m.At <= inForceSince || !IsLive(m)))
            await RemoveAsync(key, mark);
    }

    /// <summary>Removes a mark. A mark that stays is named: it does no harm once it is old.</summary>
    public async Task RemoveAsync(AwsKeyArn key, AwsRotationMark mark)
    {
        try
        {
            await run.Writer.RemoveTagAsync(key.Region, key.ToString(), mark.Tag);
        }
        catch (Exception error) when (run.Calls.Translate(error, key.ToString()) is { } translated)
        {
            run.Warn(
                $"{key} keeps the tag {mark.Tag}, by which a run of this module marked its rotation: "
                    + $"{translated.Message} For {Lifetime.TotalMinutes:0} minutes, the key is not rotated again. "
                    + $"Next: {AwsErrors.RemoveMark(key, mark)}"
            );
        }
    }

    private bool IsLive(AwsRotationMark mark) => (run.Calls.Context.Time.GetUtcNow() - mark.At).Duration() < Lifetime;

    /// <summary>All marks; null when the tags cannot be read.</summary>
    private async Task<IReadOnlyList<AwsRotationMark>?> ReadAsync(AwsKeyArn key) =>
        await run.Keys.GetTagsAsync(key.Region, key.ToString()) is { } tags
            ? [.. tags.Select(t => AwsRotationMark.Parse(t.Key, t.Value)).OfType<AwsRotationMark>()]
            : null;

    private void WarnUnmarked(AwsKeyArn key, string reason) =>
        run.Warn(
            $"{key}: the rotation is not marked on the key, because {reason.TrimEnd('.')}. Do not run the command again "
                + "while it runs: KMS may not show the rotation for a few minutes, and another would be started. To "
                + "allow the mark, allow kms:TagResource, kms:UntagResource and kms:ListResourceTags."
        );
}

/// <summary>Whether a run rotates a key.</summary>
/// <param name="MayRotate">False when another run does.</param>
/// <param name="Own">The run's mark; null when it has none.</param>
internal readonly record struct RotationClaim(bool MayRotate, AwsRotationMark? Own);

/// <summary>The tag of a run that rotates a key.</summary>
/// <param name="Tag">The tag's key, with the id of the run.</param>
/// <param name="At">When the run began.</param>
internal sealed record AwsRotationMark(string Tag, DateTimeOffset At)
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>The tag's value.</summary>
    public string Value => At.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>The mark of a new run.</summary>
    public static AwsRotationMark Create(DateTimeOffset now) =>
        new(AwsNames.RotationTagPrefix + Guid.NewGuid().ToString("N").Substring(0, 12), now);

    /// <summary>Reads a tag; null when it is not a mark.</summary>
    public static AwsRotationMark? Parse(string tag, string value) =>
        tag.StartsWith(AwsNames.RotationTagPrefix, StringComparison.Ordinal)
        && DateTimeOffset.TryParseExact(
            value,
            Format,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var at
        )
            ? new(tag, at)
            : null;
}
