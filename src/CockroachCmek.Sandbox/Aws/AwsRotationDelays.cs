namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// How long after RotateKeyOnDemand each of its signs appears, in sandbox time. The status and the material were
/// measured at AWS; when the list shows a rotation is not known, and neither is when KMS begins to encrypt with the new
/// material. The sandbox encrypts with it from the moment that DescribeKey names it.
/// </summary>
/// <param name="Status">GetKeyRotationStatus no longer shows OnDemandRotationStartDate.</param>
/// <param name="Material">DescribeKey names the new material, and KMS encrypts with it.</param>
/// <param name="List">ListKeyRotations shows the rotation.</param>
public sealed record AwsRotationDelays(TimeSpan Status, TimeSpan Material, TimeSpan List)
{
    /// <summary>
    /// How much later than the primary a replica of a multi-Region key encrypts with the new material. Not known at AWS.
    /// Default: not later.
    /// </summary>
    public TimeSpan Replica { get; init; }

    /// <summary>5 seconds, 60 seconds, 5 seconds.</summary>
    public static AwsRotationDelays Default { get; } =
        new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(5));
}
