using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Checks a key against the user's own rules.</summary>
internal sealed class AwsKeyRules(KeyChecks results, KeyRules rules)
{
    /// <summary>The shortest waiting period that ScheduleKeyDeletion accepts (kms, PendingWindowInDays: 7 to 30).</summary>
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromDays(7);

    /// <summary>Keys of AWS KMS and of CloudHSM key stores are in HSMs (aws-kms-developer-guide, concepts.md).</summary>
    public void Protection(KeyMetadata key)
    {
        var isOutside = key.Origin == OriginType.EXTERNAL_KEY_STORE;
        results.Protection(
            isOutside ? null : CmekProtectionLevel.Hsm,
            isOutside
                ? $"{key.Arn} is in the external key store {key.CustomKeyStoreId}."
                : $"{key.Arn} is in a hardware security module of AWS.",
            rules,
            $"aws kms describe-custom-key-stores --custom-key-store-id {key.CustomKeyStoreId}   (shows where it is)"
        );
    }

    /// <summary>The waiting period is chosen when a key is deleted; it is no property of the key.</summary>
    public void DeletionWindow(KeyMetadata key) =>
        results.DeletionWindow(
            ShortestWindow,
            $"Whoever deletes {key.Arn} chooses 7 to 30 days until it is lost."
                + (
                    key.Origin == OriginType.EXTERNAL
                        ? " Its imported material can be deleted at once, and imported again."
                        : ""
                ),
            rules,
            "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html   (a service control policy can "
                + "require a longer period)"
        );
}
