namespace CockroachCmek.Core.Keys.Gcp;

// Keys, key rings and locations.
internal static partial class GcpErrors
{
    /// <summary>The text is not the resource name of a key.</summary>
    public static CmekException KeyNameMalformed(string text) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            text,
            $"'{text}' is not the resource name of a key. "
                + "Expected projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>.",
            "gcloud kms keys list --location <location> --keyring <ring>   (the column NAME)"
        );

    /// <summary>Cloud KMS does not have the location.</summary>
    public static CmekException LocationUnknown(string location, string message) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            location,
            $"Cloud KMS has no location '{location}' that these credentials can see: {message}",
            "gcloud kms locations list"
        );

    /// <summary>The location has no hardware for keys.</summary>
    public static CmekException HsmNotAvailable(string location) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            location,
            $"Cloud KMS has no hardware for keys (HSM) in '{location}'.",
            "New-CrdbCmekKey -ProtectionLevel Software   "
                + "(or -Location <another location>; gcloud kms locations list shows which have it)"
        );

    /// <summary>The key ring is in another location than the key has to be.</summary>
    public static CmekException KeyRingElsewhere(GcpRingName ring, string location) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            ring.ToString(),
            $"The key ring {ring} is not in '{location}', where the key is needed. A key ring cannot be moved.",
            $"New-CrdbCmekKey -KeyRing {ring.Id}   (uses the key ring of that id in {location}; "
                + $"or -Location {ring.Location}, for one key for all regions)"
        );

    /// <summary>A key of this name belongs to somebody else.</summary>
    public static CmekException KeyNameTaken(GcpKeyName key, string? owner)
    {
        var whose = owner is null ? "was not created for this cluster" : $"belongs to the cluster {owner}";
        return Errors.Make(
            CmekErrorKind.Exists,
            key.ToString(),
            $"{key} exists, {whose}, and neither its policy nor its ring's lets the service account use it. It was not "
                + "changed.",
            "New-CrdbCmekKey -Name <another name>   (or -KeyUri <that key> -Grant to use it)"
        );
    }

    /// <summary>A key of this name was deleted.</summary>
    public static CmekException KeyNameRetired(GcpKeyName key, Exception? inner) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key.ToString(),
            $"A key {key} was deleted earlier, and Google Cloud never lets a name be used again.",
            "New-CrdbCmekKey -Name <another name>",
            inner
        );

    /// <summary>The key exists, and is not what was asked for.</summary>
    public static CmekException KeyDiffers(GcpKeyName key, IReadOnlyList<string> differences) =>
        Errors.Make(
            CmekErrorKind.Exists,
            key.ToString(),
            $"{key} exists: {string.Join("; ", differences)}. Google Cloud cannot change that.",
            "New-CrdbCmekKey -Name <another name>   (or without the options that differ)"
        );

    /// <summary>There is no key of this name.</summary>
    public static CmekException KeyNotFound(GcpKeyName key) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            key.ToString(),
            $"The key '{key}' does not exist, or these credentials are not allowed to see it.",
            $"gcloud kms keys list --keyring {key.Ring.ToGcloudOptions()}"
        );

    /// <summary>A version that is needed is destroyed, or will be.</summary>
    public static CmekException KeyPendingDeletion(GcpKeyName key, CryptoKeyVersion version) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"Version {version.Id} of {key} is {version.State}"
                + (version.DestroyTime is { } date ? $", to be destroyed on {date:yyyy-MM-dd}" : "")
                + ". A cluster that uses it would be lost with it.",
            $"gcloud kms keys versions restore {version.Id} {key.ToGcloudOptions()}; "
                + $"gcloud kms keys versions enable {version.Id} {key.ToGcloudOptions()}"
        );

    /// <summary>A version that is needed is disabled.</summary>
    public static CmekException KeyDisabled(GcpKeyName key, string version) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"Version {version} of {key} is disabled.",
            $"gcloud kms keys versions enable {version} {key.ToGcloudOptions()}"
        );

    /// <summary>The key has no primary version.</summary>
    public static CmekException KeyHasNoPrimary(GcpKeyName key) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            key.ToString(),
            $"{key} has no primary version, so nothing can be encrypted with it.",
            $"gcloud kms keys versions create --primary {key.ToGcloudOptions()}",
            id: nameof(Errors.KeyNotEnabled)
        );

    /// <summary>New versions of the key come from elsewhere.</summary>
    public static CmekException KeyCannotRotate(GcpKeyName key, string reason, string remedy) =>
        Errors.KeyCannotRotate(key.ToString(), "Google Cloud", reason, remedy);

    /// <summary>The new version does not become usable.</summary>
    public static CmekException VersionNotReady(GcpKeyName key, string version, string state) =>
        Errors.Make(
            CmekErrorKind.Timeout,
            key.ToString(),
            $"Version {version} of {key} is still {state} after five minutes. Google Cloud continues with it.",
            "Run the same command again: it uses the version that was created"
        );
}
