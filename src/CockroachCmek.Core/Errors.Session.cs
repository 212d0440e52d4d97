namespace CockroachCmek.Core;

internal static partial class Errors
{
    /// <summary>A sandbox answers, and does not know the API key.</summary>
    public static CmekException SandboxKeyRefused(Uri endpoint) =>
        Make(
            CmekErrorKind.Authentication,
            "Endpoint",
            $"The sandbox at {endpoint} does not know the API key, so its clouds cannot be used; and the credentials of "
                + "the environment are never used with a sandbox.",
            $"$env:COCKROACH_API_KEY = $sandbox.ApiKey; Connect-CrdbCloud -Endpoint {endpoint}"
        );

    /// <summary>No session in this runspace.</summary>
    public static CmekException NotConnected() =>
        Make(
            CmekErrorKind.Authentication,
            null,
            "This runspace is not connected to CockroachDB Cloud.",
            "Connect-CrdbCloud   (or Start-CrdbSandbox to rehearse without an account)"
        );

    /// <summary>The command asks before it changes anything, and nobody can be asked.</summary>
    public static CmekException ConfirmationNeeded(string command, Exception inner) =>
        Make(
            CmekErrorKind.InvalidState,
            command,
            $"{command} asks before it changes anything, and this PowerShell is not interactive. "
                + "What it asked about was not changed.",
            "Run the same command again with -Confirm:$false",
            inner
        );

    /// <summary>The command needs CockroachDB Cloud, and the session was opened without it.</summary>
    public static CmekException SessionKmsOnly() =>
        Make(
            CmekErrorKind.InvalidState,
            null,
            "This session was opened with -KmsOnly, so nothing is sent to CockroachDB Cloud. The command needs it.",
            "Connect-CrdbCloud"
        );

    /// <summary>The sandbox has no such scenario.</summary>
    public static CmekException ScenarioUnknown(string name, IReadOnlyCollection<string> known) =>
        Make(
            CmekErrorKind.InvalidArgument,
            name,
            $"The sandbox has no scenario '{name}'. It has {string.Join(", ", known)}.",
            "Get-Help Start-CrdbSandbox   (its description tells what each scenario prepares)"
        );

    /// <summary>The session was disconnected.</summary>
    public static CmekException SessionEnded(string session) =>
        Make(
            CmekErrorKind.Authentication,
            session,
            $"The session '{session}' was disconnected.",
            "$session = Connect-CrdbCloud"
        );

    /// <summary>Neither a parameter nor the environment gave an API key.</summary>
    public static CmekException ApiKeyMissing() =>
        Make(
            CmekErrorKind.Authentication,
            "COCKROACH_API_KEY",
            "No API key was given: use -ApiKey or -SecretName, or set the environment variable COCKROACH_API_KEY.",
            "Connect-CrdbCloud -ApiKey (Read-Host -AsSecureString 'API key')"
        );

    /// <summary>A secret could not be read through SecretManagement.</summary>
    public static CmekException SecretNotReadable(string name, string reason) =>
        Make(
            CmekErrorKind.NotFound,
            name,
            $"The secret '{name}' could not be read: {reason}",
            "Get-SecretInfo   (lists the secrets; module Microsoft.PowerShell.SecretManagement)"
        );

    /// <summary>This release does not support the cluster's cloud.</summary>
    public static CmekException CloudNotSupported(string cluster, string provider) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"The cluster '{cluster}' runs on {(provider.Length == 0 ? "an unknown cloud" : provider)}; this release of CockroachCmek supports AWS, GCP and AZURE.",
            "Get-CrdbCluster | Where-Object CloudProvider -in AWS, GCP, AZURE"
        );

    /// <summary>The API key is not allowed to read the organization, whose id is the external id on AWS.</summary>
    public static CmekException OrganizationUnknown() =>
        Make(
            CmekErrorKind.PermissionDenied,
            "organization",
            "The API key is not allowed to read the organization, whose id AWS needs as the external id.",
            "Connect-CrdbCloud -OrganizationId <id from https://cockroachlabs.cloud/settings>"
        );

    /// <summary>A manifest from a file does not name its cluster.</summary>
    /// <param name="command">The cmdlet that needs it.</param>
    public static CmekException ClusterMissing(string manifest, string command) =>
        Make(
            CmekErrorKind.InvalidArgument,
            manifest,
            $"'{manifest}' does not name a cluster. A manifest from a file never does.",
            $"{command} -Cluster <name>"
        );

    /// <summary>Parameters that mean nothing on the cluster's cloud: they are refused, never ignored.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="cloud">Its cloud, for people.</param>
    /// <param name="parameters">Names of the parameters.</param>
    /// <param name="owners">The clouds that they belong to, for people.</param>
    internal static CmekException ParameterNotSupported(
        CrdbCluster cluster,
        string cloud,
        IReadOnlyList<string> parameters,
        IReadOnlyList<string> owners,
        IReadOnlyCollection<string> fitting
    )
    {
        var fit =
            fitting.Count == 0
                ? $"{cloud} has no parameters of its own here"
                : $"The parameters for {cloud} are {string.Join(", ", fitting.Select(p => $"-{p}"))}";
        var named = string.Join(", ", parameters.Select(p => $"-{p}"));
        var elsewhere =
            owners.Count == 0
                ? ""
                : $" ({(parameters.Count == 1 ? "it is" : "they are")} for {string.Join(" and ", owners)})";
        return Make(
            CmekErrorKind.InvalidArgument,
            parameters[0],
            $"'{cluster.Name}' is on {cloud}, which does not support {named}{elsewhere}. "
                + $"{fit}. This command wrote nothing.",
            $"Run the command for {cluster.Name} without {named}"
        );
    }

    /// <summary>A parameter of 0.2.0 that belongs to the session now.</summary>
    internal static CmekException ParameterMoved(string parameter, string replacement) =>
        Make(
            CmekErrorKind.InvalidArgument,
            parameter,
            $"-{parameter} has moved to Connect-CrdbCloud, where it applies to the whole session.",
            replacement
        );

    /// <summary>A pattern that PowerShell cannot read.</summary>
    internal static CmekException WildcardMalformed(string pattern, Exception inner) =>
        Make(
            CmekErrorKind.InvalidArgument,
            pattern,
            $"'{pattern}' is not a wildcard pattern: {inner.Message}",
            "Get-CrdbCluster   (lists every name; a bracket that is meant as such is written `[)",
            inner
        );

    /// <summary>An input that does not bring what the command needs: a command of the pipeline is missing.</summary>
    internal static CmekException InputIncomplete(
        string cluster,
        IReadOnlyList<string> missing,
        string command,
        string between
    ) =>
        Make(
            CmekErrorKind.InvalidArgument,
            cluster,
            $"'{cluster}' does not bring {string.Join(", ", missing.Select(p => $"-{p}"))}, which {command} needs from "
                + "the pipeline or as a parameter. This command wrote nothing.",
            $"Get-CrdbCluster {cluster} | {between:raw} | {command:raw}"
        );

    /// <summary>A pattern for a command that works on clusters that are named.</summary>
    internal static CmekException WildcardNotAccepted(string pattern, string command) =>
        Make(
            CmekErrorKind.InvalidArgument,
            pattern,
            $"'{pattern}' is a pattern, and {command} takes clusters by name. This command wrote nothing.",
            $"Get-CrdbCluster {pattern}   (lists the clusters that match; pipe those that you mean)"
        );

    /// <summary>A pattern without a cluster that has CMEK: nothing was read, which is no success.</summary>
    internal static CmekException NoClusterMatches(string pattern) =>
        Make(
            CmekErrorKind.NotFound,
            pattern,
            $"No cluster whose plan has CMEK matches '{pattern}'.",
            "Get-CrdbCluster   (lists every cluster that the API key is allowed to see, with its plan)"
        );

    /// <summary>Work was canceled by something other than this cmdlet's own stop.</summary>
    internal static CmekException OperationCanceled(Exception inner) =>
        Make(
            CmekErrorKind.Unavailable,
            null,
            "The work was canceled before it was finished, and not by stopping this command. "
                + "What was sent to the cloud continues there.",
            "Get-CrdbCmek <cluster>   (shows how far it got)",
            inner
        );

    /// <summary>A SecureString or credential without a password.</summary>
    internal static CmekException SecretEmpty(string parameter) =>
        Make(
            CmekErrorKind.InvalidArgument,
            parameter,
            $"-{parameter} holds an empty secret.",
            $"Connect-CrdbCloud -{parameter} (Read-Host -AsSecureString '{parameter}')"
        );

    /// <summary>Parameters for keys that are generated in HashiCorp Vault, without -Via HashiCorpVault.</summary>
    internal static CmekException VaultNotAskedFor(IReadOnlyList<string> parameters) =>
        Make(
            CmekErrorKind.InvalidArgument,
            parameters[0],
            $"{string.Join(", ", parameters.Select(p => $"-{p}"))} applies to keys that are generated in HashiCorp Vault, "
                + "and -Via HashiCorpVault was not given.",
            "New-CrdbCmekKey -Via HashiCorpVault"
        );
}
