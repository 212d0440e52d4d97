using CockroachCmek.Core.Http;

namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// Errors of HashiCorp Vault. The method name is the error id. This part: the connection and the token. The other
/// parts: VaultErrors.Server.cs and VaultErrors.Keys.cs.
/// </summary>
internal static partial class VaultErrors
{
    private const string RunAgain = "Run the same command again; it reads what exists before it creates anything";

    /// <summary>Neither a parameter nor the environment gives the address of Vault.</summary>
    public static CmekException VaultAddressMissing() =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            "VAULT_ADDR",
            "The address of Vault is not known: -VaultAddress was not given, and VAULT_ADDR is not set.",
            "Connect-CrdbCloud -VaultAddress https://<host>:8200"
        );

    /// <summary>Neither a parameter, nor the environment, nor the token helper's file gives a token.</summary>
    public static CmekException VaultTokenMissing() =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "VAULT_TOKEN",
            "There is no Vault token: -VaultToken was not given, VAULT_TOKEN is not set, "
                + "and ~/.vault-token does not exist.",
            "vault login   (or Connect-CrdbCloud -VaultToken (Read-Host -AsSecureString 'Vault token'))"
        );

    /// <summary>The token would be sent to another machine without encryption.</summary>
    public static CmekException VaultAddressInsecure(Uri address) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            address.ToString(),
            $"'{address}' is not encrypted. A Vault token is sent over https only, except to this machine.",
            "Connect-CrdbCloud -VaultAddress https://<host>:8200",
            id: nameof(Errors.InsecureEndpoint)
        );

    /// <summary>The file of certificate authorities cannot be read.</summary>
    /// <param name="reason">Why, as a sentence.</param>
    public static CmekException VaultCaUnreadable(string path, string reason, Exception? inner = null) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            path,
            $"'{path}' cannot be used to check Vault's certificate: {reason}",
            "Connect-CrdbCloud -VaultCaCertificate <PEM file>   (or set VAULT_CACERT)",
            inner
        );

    /// <summary>The client's certificate cannot be used.</summary>
    /// <param name="reason">Why, as a sentence.</param>
    public static CmekException VaultClientCertificateUnreadable(string path, string reason, Exception? inner = null) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            path,
            $"'{path}' (VAULT_CLIENT_CERT) cannot be presented to Vault: {reason}",
            "$env:VAULT_CLIENT_CERT = '<PEM file>'; $env:VAULT_CLIENT_KEY = '<PEM file>'",
            inner
        );

    /// <summary>A mount path that would lead out of its place in an address.</summary>
    public static CmekException VaultMountMalformed(string mount) =>
        Errors.Make(
            CmekErrorKind.InvalidArgument,
            mount,
            $"'{mount}' is not a mount path: letters, digits, '-', '_', '.', and '/' between its parts.",
            "Connect-CrdbCloud -VaultMount keymgmt"
        );

    /// <summary>Vault's certificate was not signed by a trusted authority.</summary>
    public static CmekException VaultCertificateRefused(Uri address, CertificateReport report, Exception inner) =>
        Errors.Make(
            CmekErrorKind.Connection,
            address.GetLeftPart(UriPartial.Authority),
            $"The certificate of Vault at {address.Authority} is signed by '{report.Issuer}', which is not trusted "
                + "here. "
                + "No credentials were sent.",
            "Connect-CrdbCloud -VaultCaCertificate <PEM file of the authority that signed it>",
            inner
        );

    /// <summary>Vault did not respond.</summary>
    public static CmekException VaultUnreachable(Uri address, string target, Exception inner) =>
        inner is NoResponseException silent
            ? Errors.NoResponse(silent, target)
            : Errors.Make(
                CmekErrorKind.Connection,
                target,
                $"Vault at {address.Authority} did not respond while working on '{target}': "
                    + inner.GetBaseException().Message,
                RunAgain,
                inner
            );

    /// <summary>The response does not have the form of a Vault response.</summary>
    /// <param name="reason">Why, as the end of a sentence.</param>
    public static CmekException VaultAnswerUnreadable(Uri address, string path, string reason) =>
        Errors.Make(
            CmekErrorKind.InvalidData,
            path,
            $"The response of {address.Authority} for {path} is not a response of Vault: {reason}.",
            "vault status   (does another service listen at this address?)"
        );

    /// <summary>Vault does not accept the token. It does not tell an unknown token from an expired one.</summary>
    public static CmekException VaultTokenRefused(Uri address, string? space) =>
        Errors.Make(
            CmekErrorKind.Authentication,
            "Vault token",
            $"Vault at {address.Authority} does not accept the token{In(space)}. It is unknown, revoked or expired.",
            "vault token lookup; vault login",
            statusCode: 403
        );

    /// <summary>The token's policies lack capabilities.</summary>
    /// <param name="missing">Each path with its capabilities: "path (create or update)".</param>
    /// <param name="nothingWritten">True when this was found before the first write.</param>
    public static CmekException VaultPermissionMissing(
        string target,
        IReadOnlyList<string> missing,
        string? space,
        bool nothingWritten = false
    ) =>
        Errors.Make(
            CmekErrorKind.PermissionDenied,
            target,
            $"The policies of the Vault token{In(space)} lack {string.Join(", ", missing)}, which '{target}' needs."
                + (nothingWritten ? " Nothing was written." : ""),
            $"vault policy write <a policy of the token> -   "
                + $"(with {string.Join(" and ", missing.Select(PolicyLine)):raw})",
            statusCode: 403
        );

    private static string In(string? space) => space is null ? "" : $" in the namespace '{space}'";

    /// <summary>"path (create or update)" as a line of a Vault policy.</summary>
    private static string PolicyLine(string missing)
    {
        var at = missing.LastIndexOf(" (", StringComparison.Ordinal);
        if (at <= 0)
            return ShellQuote.Hcl(missing);
        var capabilities = missing
            .Substring(at + 2)
            .TrimEnd(')')
            .Split([" or "], StringSplitOptions.None)
            .Select(ShellQuote.Hcl);
        return $"path {ShellQuote.Hcl(missing.Substring(0, at))} {{ capabilities = [{string.Join(", ", capabilities)}] }}";
    }
}
