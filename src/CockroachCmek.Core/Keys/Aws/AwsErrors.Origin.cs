using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <content>Keys whose material AWS did not generate.</content>
internal static partial class AwsErrors
{
    /// <summary>A key of a key store has one version for its life; null for any other key.</summary>
    /// <param name="cluster">The cluster that uses the key.</param>
    public static CmekException? KeyStoreCannotRotate(KeyMetadata key, CrdbCluster cluster)
    {
        if (key.Origin != OriginType.AWS_CLOUDHSM && key.Origin != OriginType.EXTERNAL_KEY_STORE)
            return null;
        var region = AwsKeyArn.Parse(key.Arn).Region;
        CommandLine create =
            $"aws kms create-key --region {region} --origin {key.Origin.Value} --custom-key-store-id "
            + $"{key.CustomKeyStoreId}";
        return Errors.KeyCannotRotate(
            key.Arn,
            "AWS",
            $"it is in the key store {key.CustomKeyStoreId}, where a key has one version",
            $"{create}, then {Errors.MoveToKey(cluster)}   (or {Errors.ReplaceByNewKey(cluster)}, for a key that AWS "
                + "generates)"
        );
    }

    /// <summary>No new material was imported, so there is nothing to rotate to.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="isOnlyInPrimary">New material was imported, but not into every replica.</param>
    public static CmekException NoMaterialPending(AwsKeyArn key, RotationRequest request, bool isOnlyInPrimary)
    {
        var import =
            $"{GetImportParameters(key.ToString())}, import the new material with aws kms import-key-material "
            + $"--import-type {(isOnlyInPrimary ? "EXISTING_KEY_MATERIAL" : "NEW_KEY_MATERIAL")}, "
            + "then run the same command again: it rotates to this material";
        var replace = Errors.ReplaceByNewKey(request.Cluster);
        return Errors.KeyCannotRotate(
            key.ToString(),
            "AWS",
            isOnlyInPrimary
                ? "its new material was not imported into every replica yet"
                : "its material was imported, and no new material is waiting for the rotation",
            request.ReplaceOrigin
                ? $"{replace}   (or {import})"
                : $"{import}   (or {replace}, for a key that AWS generates)"
        );
    }

    /// <summary>The material was deleted, or has expired.</summary>
    public static CmekException KeyMaterialMissing(string arn) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"{arn} has no usable material: it was not imported, was deleted, or has expired. A cluster that uses the "
                + "key "
                + "cannot read its data after a restart.",
            ImportAgain(arn)
        );

    /// <summary>The date is past at which the material expires.</summary>
    public static CmekException KeyMaterialExpired(string arn, DateTimeOffset end) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"The imported material of {arn} expired on {end:yyyy-MM-dd HH:mm} UTC.",
            ImportAgain(arn)
        );

    /// <summary>AWS cannot reach the key store.</summary>
    public static CmekException KeyStoreDisconnected(string arn, string region, string? store) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            arn,
            $"{arn} cannot be used: its key store {store} is disconnected.",
            (CommandLine)$"aws kms connect-custom-key-store --region {region} --custom-key-store-id {store}"
        );

    /// <summary>How the same material is imported again.</summary>
    public static string ImportAgain(string arn) =>
        $"{GetImportParameters(arn)}, then import the same material with aws kms import-key-material and a later "
        + "--valid-to";

    private static string GetImportParameters(string arn)
    {
        CommandLine command =
            $"aws kms get-parameters-for-import --region {AwsKeyArn.Parse(arn).Region} --key-id {arn}";
        return $"{command} --wrapping-algorithm RSAES_OAEP_SHA_256 --wrapping-key-spec RSA_2048";
    }
}
