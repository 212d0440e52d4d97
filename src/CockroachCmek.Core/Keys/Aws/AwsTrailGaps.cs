using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>What could not be read of AWS's records, and what allows it.</summary>
internal static class AwsTrailGaps
{
    /// <summary>The event history of a region could not be read.</summary>
    public static CmekLogGap History(string what, string region, Exception error) =>
        new()
        {
            What = what,
            Why =
                $"The event history of CloudTrail in {region} could not be read: it needs "
                + $"{AwsCalls.NeedOf(error, "cloudtrail:LookupEvents")}.",
            Remedy =
                "Add to an identity policy of the caller: "
                + """{"Effect":"Allow","Action":"cloudtrail:LookupEvents","Resource":"*"}""",
        };

    /// <summary>The event history does not reach back as far as was asked.</summary>
    public static CmekLogGap Kept(string what, DateTimeOffset readFrom) =>
        new()
        {
            What = $"{what} before {readFrom:u}",
            Why = "CloudTrail keeps its event history for 90 days.",
            Remedy = "If a trail writes to a bucket, query that with Athena.",
        };

    /// <summary>KMS's own record of the last use could not be read.</summary>
    public static CmekLogGap LastUsage(AwsKeyArn key, Exception error) =>
        new()
        {
            What = $"the last use of {key} before the event history begins",
            Why = $"KMS's record of it could not be read: it needs {AwsCalls.NeedOf(error, "kms:GetKeyLastUsage")}.",
            Remedy =
                "Add to an identity policy of the caller: "
                + $$"""{"Effect":"Allow","Action":"kms:GetKeyLastUsage","Resource":"{{key}}"}"""
                + ", or to the key policy a statement with the caller as Principal",
        };

    /// <summary>Whether the newest material is in use could not be found out.</summary>
    public static CmekLogGap Rotations(AwsKeyArn key, Exception error) =>
        new()
        {
            What = "which key material is the newest",
            Why = $"It could not be read: it needs {AwsCalls.NeedOf(error, "kms:ListKeyRotations")}.",
            Remedy = $"aws kms list-key-rotations --region {key.Region} --key-id {key}".Needing("kms:ListKeyRotations"),
        };

    /// <summary>A limit ended the reading.</summary>
    public static CmekLogGap Budget(string what, string region, DateTimeOffset readFrom, string attribute) =>
        new()
        {
            What = what,
            Why =
                $"Only the entries since {readFrom:u} were read: there are many, and CloudTrail allows two calls a "
                + "second.",
            Remedy =
                $"aws cloudtrail lookup-events --region {region} --lookup-attributes {attribute} "
                + $"--end-time {readFrom:yyyy-MM-dd'T'HH:mm:ss'Z'}",
        };

    /// <summary>Who used the key last is not known.</summary>
    public static CmekLogGap WhoUsedLast(AwsKeyArn key, DateTimeOffset at, string why) =>
        new()
        {
            What = $"who used {key} at {at:u}",
            Why = $"KMS records the last use of the key by anybody, without a name. {why}",
        };
}
