namespace CockroachCmek.Core.Keys.Aws;

/// <content>Keys and their state.</content>
internal static partial class AwsErrors
{
    /// <summary>The text is not the ARN of a KMS key.</summary>
    public static CmekException KeyUriMalformed(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is not the ARN of a KMS key. Expected arn:aws:kms:<region>:<account>:key/<id>.",
            "New-CrdbCmekKey -KeyUri <key ARN>"
        );

    /// <summary>No key of this name, or none that the credentials are allowed to see.</summary>
    public static CmekException KeyNotFound(string uri, string region) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            uri,
            $"The key '{uri}' was not found in {region}, or these credentials are not allowed to see it.",
            $"aws kms list-aliases --region {region}"
        );

    /// <summary>The alias belongs to a key of somebody else.</summary>
    public static CmekException AliasTaken(string alias, string region, string holder) =>
        Errors.Make(
            CmekErrorKind.Exists,
            alias,
            $"In {region}, {alias} belongs to {holder}. That key is not one of this cluster's and does not "
                + "grant the role access. It was not changed.",
            "New-CrdbCmekKey -Name <another alias>   (or -KeyUri <that key> -Grant to use it)"
        );

    /// <summary>The key exists, but single-region instead of multi-region, or the other way round.</summary>
    public static CmekException KeyDiffers(string arn, bool multiRegionWanted) =>
        Errors.Make(
            CmekErrorKind.Exists,
            arn,
            $"{arn} exists and is a {(multiRegionWanted ? "single-region" : "multi-region")} key. "
                + "AWS cannot change that.",
            multiRegionWanted
                ? "New-CrdbCmekKey without -MultiRegion   (or -Name <another alias>)"
                : "New-CrdbCmekKey -MultiRegion   (or -Name <another alias>)"
        );

    /// <summary>The key is scheduled for deletion.</summary>
    public static CmekException KeyPendingDeletion(string arn, string region, DateTime? date) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"{arn} is scheduled for deletion{(date is null ? "" : $" on {date:yyyy-MM-dd}")}. "
                + "A cluster that uses it would be lost with it.",
            $"aws kms cancel-key-deletion --region {region} --key-id {arn}; "
                + $"aws kms enable-key --region {region} --key-id {arn}"
        );

    /// <summary>The key is disabled.</summary>
    public static CmekException KeyDisabled(string arn, string region) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"{arn} is disabled.",
            $"aws kms enable-key --region {region} --key-id {arn}"
        );

    /// <summary>An aws/… key: its policy cannot be changed.</summary>
    public static CmekException KeyManagedByAws(string arn) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            arn,
            $"{arn} is managed by AWS. CMEK needs a customer managed key.",
            "New-CrdbCmekKey"
        );

    /// <summary>A key can be rotated on demand 25 times in all.</summary>
    public static CmekException RotationLimitReached(string arn, Exception inner) =>
        Errors.Make(
            CmekErrorKind.LimitsExceeded,
            arn,
            $"{arn} has been rotated on demand 25 times, the limit for a key.",
            $"Invoke-CrdbCmekRotation -NewKey   (or let AWS rotate the key, which does not count: "
                + $"aws kms enable-key-rotation --key-id {arn})",
            inner
        );

    /// <summary>A rotation of the key is running.</summary>
    public static CmekException RotationRunning(string arn, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Busy,
            arn,
            $"AWS is already rotating {arn}.",
            "Run the same command again in 20 minutes   (it then switches to the new version without another rotation)",
            inner
        );

    /// <summary>KMS accepted the rotation, but does not encrypt with the new version yet.</summary>
    public static CmekException RotationNotInForce(string arn, TimeSpan waited) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            arn,
            $"AWS accepted the rotation of {arn}, but still encrypts with the old version after {waited:h\\:mm\\:ss}. "
                + "CockroachDB Cloud was not told.",
            "Run the same command again   (it waits for this rotation, and starts another only where the key could "
                + "not be marked: then wait ten minutes first)"
        );

    /// <summary>The mark of another run is all that tells of a rotation.</summary>
    /// <param name="mark">The mark; null when it has been removed since.</param>
    public static CmekException RotationNotSeen(AwsKeyArn key, AwsRotationMark? mark) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            key.ToString(),
            $"Another run of this module began to rotate {key}"
                + (mark is null ? "" : $" on {mark.At:u} and marked it with the tag {mark.Tag}")
                + ", but AWS shows no rotation. Perhaps that run was ended before it rotated the key. This run did not "
                + "rotate it either, and CockroachDB Cloud was not told.",
            mark is null
                ? "Run the same command again"
                : $"{RemoveMark(key, mark)}   (if no other run is at work, then run the same command again; "
                    + $"{AwsRotationMarks.Lifetime.TotalMinutes:0} minutes after the mark, it is not needed)"
        );

    /// <summary>The command that removes the mark of a rotation.</summary>
    public static CommandLine RemoveMark(AwsKeyArn key, AwsRotationMark mark) =>
        $"aws kms untag-resource --key-id {key} --tag-keys {mark.Tag} --region {key.Region}";

    /// <summary>The replica stays in the state Creating.</summary>
    public static CmekException ReplicaNotReady(string key, string region) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            key,
            $"The replica of {key} in {region} is not ready after three minutes. AWS is still creating it.",
            "Run the same command again"
        );

    /// <summary>KMS accepted the change of state, but does not show it.</summary>
    public static CmekException KeyStateNotSeen(string arn, string state) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            arn,
            $"KMS accepted the change of {arn}, but the key is still not {state} after three minutes.",
            "Run the same command again"
        );
}
