namespace CockroachCmek.Core.Keys.Vault;

/// <content>
/// The state of the server, the secrets engine and its mount, and refusals without an error of their own.
/// </content>
internal static partial class VaultErrors
{
    /// <summary>Vault is sealed: nothing can be read or written.</summary>
    public static CmekException VaultSealed(Uri address) =>
        Errors.Make(
            CmekErrorKind.Unavailable,
            address.ToString(),
            $"Vault at {address.Authority} is sealed.",
            "vault operator unseal   (on the server, by the holders of the unseal keys)",
            statusCode: 503
        );

    /// <summary>Vault was never initialized.</summary>
    public static CmekException VaultNotInitialized(Uri address) =>
        Errors.Make(
            CmekErrorKind.Unavailable,
            address.ToString(),
            $"Vault at {address.Authority} is not initialized.",
            "vault status   (is it the right address?)",
            statusCode: 501
        );

    /// <summary>The node is not the active one and does not forward requests.</summary>
    /// <param name="kind">What the node is: "a standby".</param>
    /// <param name="active">
    /// What it names as the active node; null for nothing. Whoever can answer at this address chooses it, so that it is
    /// not a part of the command.
    /// </param>
    public static CmekException VaultStandby(Uri address, string kind, Uri? active) =>
        Errors.Make(
            CmekErrorKind.Unavailable,
            address.ToString(),
            $"Vault at {address.Authority} is {kind} and does not forward the request. "
                + "The token was not sent to any other address."
                + (
                    active is null ? ""
                    : active.IsAbsoluteUri
                        ? $" It names {active.GetLeftPart(UriPartial.Authority)} as the active node: connect there only "
                            + "if you know this address."
                    : ""
                ),
            "Connect-CrdbCloud -VaultAddress <the active node, or the load balancer>"
        );

    /// <summary>A rate limit quota is used up, after all retries.</summary>
    public static CmekException VaultRateLimited(Uri address, string target) =>
        Errors.Make(
            CmekErrorKind.LimitsExceeded,
            target,
            $"Vault at {address.Authority} refuses further requests: a rate limit quota is used up.",
            RunAgain,
            statusCode: 429
        );

    /// <summary>The namespace does not exist.</summary>
    public static CmekException VaultNamespaceNotFound(Uri address, string space) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            space,
            $"Vault at {address.Authority} has no namespace '{space}'.",
            "vault namespace list   (on HCP Vault the top namespace is admin)",
            statusCode: 404
        );

    /// <summary>The secrets engine is part of Vault Enterprise and HCP Vault only.</summary>
    public static CmekException VaultEnterpriseNeeded(Uri address, string text) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            address.ToString(),
            $"Vault at {address.Authority} has no Key Management secrets engine{Errors.FormatServerText(text)} "
                + "It is part of Vault Enterprise with the Advanced Data Protection module, and of HCP Vault.",
            "New-CrdbCmekKey   (without -Via HashiCorpVault; or connect to a Vault Enterprise)"
        );

    /// <summary>Another secrets engine is mounted at the path.</summary>
    public static CmekException VaultMountTaken(string mount, string type) =>
        Errors.Make(
            CmekErrorKind.Exists,
            mount,
            $"'{mount}' in Vault is a secrets engine of type {type}, not keymgmt. It was not changed.",
            "Connect-CrdbCloud -VaultMount <another path>"
        );

    /// <summary>Keys were expected, and the secrets engine is not mounted.</summary>
    public static CmekException VaultMountMissing(string mount) =>
        Errors.Make(
            CmekErrorKind.NotFound,
            mount,
            $"Vault has no Key Management secrets engine at '{mount}'.",
            "vault secrets list   (then Connect-CrdbCloud -VaultMount <path>)"
        );

    /// <summary>502: the cloud's KMS refused Vault's request.</summary>
    public static CmekException VaultCloudRefused(string target, string path, string text) =>
        Errors.Make(
            CmekErrorKind.InvalidState,
            target,
            $"The cloud's KMS refused Vault's request for {path}{Errors.FormatServerText(text)} "
                + "The credentials of the KMS provider entry, their permissions, or the key collection are wrong.",
            "Connect-CrdbCloud -VaultCloudCredential (Get-Credential)   "
                + "(or, on Google Cloud, New-CrdbCmekKey -Via HashiCorpVault -ServiceAccountKeyPath <file>)   "
                + "(the next run writes them to the entry, as long as its key is not distributed)",
            statusCode: 502
        );

    /// <summary>Any other refusal.</summary>
    public static CmekException VaultRefused(int status, string target, string path, string text) =>
        Errors.Make(
            status >= 500 ? CmekErrorKind.Unavailable : CmekErrorKind.InvalidState,
            target,
            $"Vault refused {path} with HTTP {status} while working on '{target}'{Errors.FormatServerText(text)}",
            "Run the same command again with -Verbose, which shows every call",
            statusCode: status
        );
}
