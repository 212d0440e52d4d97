namespace CockroachCmek.Core;

public static partial class Errors
{
    /// <summary>No session in this runspace.</summary>
    public static CmekException NotConnected() =>
        Make(
            CmekErrorKind.Authentication,
            null,
            "This runspace is not connected to CockroachDB Cloud.",
            "Connect-CrdbCloud   (or Start-CrdbSandbox to rehearse without an account)"
        );

    /// <summary>A session object whose key was forgotten.</summary>
    public static CmekException SessionEnded(string session) =>
        Make(
            CmekErrorKind.Authentication,
            session,
            $"The session '{session}' was disconnected.",
            "$session = Connect-CrdbCloud -PassThru"
        );

    /// <summary>Neither a parameter nor the environment gave an API key.</summary>
    public static CmekException ApiKeyMissing() =>
        Make(
            CmekErrorKind.Authentication,
            "COCKROACH_API_KEY",
            "No API key: neither -ApiKey nor -SecretName was given, and the environment variable COCKROACH_API_KEY is not set.",
            "Connect-CrdbCloud -ApiKey (Read-Host -AsSecureString 'API key')"
        );

    /// <summary>A secret could not be read through SecretManagement.</summary>
    public static CmekException SecretNotReadable(string name, string reason) =>
        Make(
            CmekErrorKind.NotFound,
            name,
            $"The secret '{name}' could not be read: {reason}",
            "Get-SecretInfo   (module Microsoft.PowerShell.SecretManagement lists what there is)"
        );

    /// <summary>This release does not work with the cluster's cloud.</summary>
    public static CmekException CloudNotSupported(string cluster, string provider) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"The cluster '{cluster}' runs on {(provider.Length == 0 ? "an unknown cloud" : provider)}; this release of CockroachCmek makes identities and keys on AWS, GCP and AZURE.",
            "Get-CrdbCluster | Where-Object CloudProvider -in AWS, GCP, AZURE"
        );

    /// <summary>The organization's id, which is the external id on AWS, cannot be read with this API key.</summary>
    public static CmekException OrganizationUnknown() =>
        Make(
            CmekErrorKind.PermissionDenied,
            "organization",
            "The API key may not read the organization, whose id AWS needs as the external id.",
            "Connect-CrdbCloud -OrganizationId <id from https://cockroachlabs.cloud/settings>"
        );

    /// <summary>A manifest that was read from a file, without a cluster to send it to.</summary>
    public static CmekException ClusterMissing(string manifest) =>
        Make(
            CmekErrorKind.InvalidArgument,
            manifest,
            $"'{manifest}' names no cluster: a file never does.",
            "... | Enable-CrdbCmek -Cluster <name>"
        );
}
