namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>
/// The actions of KMS on a key, and what they let somebody do. Source: KMS developer guide, "AWS KMS permissions".
/// </summary>
internal static class KmsActions
{
    /// <summary>What CockroachDB Cloud does with a key.</summary>
    public static IReadOnlyList<string> Needed { get; } =
    [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:DescribeKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ];

    private static readonly string[] Use =
    [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:GenerateDataKeyPair",
        "kms:GenerateDataKeyPairWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ];

    private static readonly string[] Grant = ["kms:PutKeyPolicy", "kms:CreateGrant"];

    private static readonly string[] Delete = ["kms:ScheduleKeyDeletion", "kms:DeleteImportedKeyMaterial"];

    private static readonly string[] Administer =
    [
        "kms:CancelKeyDeletion",
        "kms:CreateAlias",
        "kms:DeleteAlias",
        "kms:DisableKey",
        "kms:DisableKeyRotation",
        "kms:EnableKey",
        "kms:EnableKeyRotation",
        "kms:ImportKeyMaterial",
        "kms:ReplicateKey",
        "kms:RetireGrant",
        "kms:RevokeGrant",
        "kms:RotateKeyOnDemand",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
        "kms:UpdatePrimaryRegion",
    ];

    private static readonly string[] Read =
    [
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:GetParametersForImport",
        "kms:ListGrants",
        "kms:ListKeyPolicies",
        "kms:ListKeyRotations",
        "kms:ListResourceTags",
    ];

    /// <summary>Every action on a symmetric key.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Use, .. Grant, .. Delete, .. Administer, .. Read];

    /// <summary>True for an action that the documentation's own statement grants.</summary>
    public static bool IsOfCmek(string action) =>
        KeyPolicyDocument.UseActions.Any(a => Wildcard.Matches(a, action, ignoreCase: true));

    /// <summary>What actions let somebody do.</summary>
    public static CmekAccessRights RightsOf(IEnumerable<string> actions)
    {
        var rights = CmekAccessRights.None;
        foreach (var action in actions)
            rights |=
                Use.Contains(action) ? CmekAccessRights.Use
                : Grant.Contains(action) ? CmekAccessRights.Grant
                : Delete.Contains(action) ? CmekAccessRights.Delete
                : Administer.Contains(action) ? CmekAccessRights.Administer
                : CmekAccessRights.None;
        return rights;
    }

    /// <summary>A few actions by name, and how many more.</summary>
    public static string Describe(IReadOnlyCollection<string> actions)
    {
        const int Shown = 4;
        var named = string.Join(", ", actions.Take(Shown));
        return actions.Count > Shown ? $"{named} and {actions.Count - Shown} more" : named;
    }
}
