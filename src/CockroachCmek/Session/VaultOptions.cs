using System.IO;
using System.Management.Automation;
using System.Net;
using System.Security;
using CockroachCmek.Commands;
using CockroachCmek.Core;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Session;

/// <summary>
/// How Vault is reached: what was given, else the session's own (a sandbox's), else what Vault's own command reads: VAULT_ADDR, VAULT_TOKEN or the token helper's file, VAULT_NAMESPACE,
/// VAULT_CACERT. Pipeline thread only.
/// </summary>
internal sealed record VaultOptions
{
    public Uri? Address { get; init; }

    public SecureString? Token { get; init; }

    public string? Namespace { get; init; }

    public string? Mount { get; init; }

    public string? CaCertificate { get; init; }

    public PSCredential? CloudCredential { get; init; }

    public string? ServiceAccountFile { get; init; }

    /// <summary>Null where keys are the cloud's own. What is missing ends the pipeline: no input could fare better.</summary>
    public VaultConnection? Connection(CrdbCmdlet cmdlet, CmekKeySource via, CloudSession cloud)
    {
        try
        {
            if (via == CmekKeySource.HashiCorpVault)
                return Read(cmdlet, cloud.Vault);
            if (this != new VaultOptions())
                throw Errors.VaultNotAskedFor();
        }
        catch (CmekException fault)
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.From(fault));
        }

        return null;
    }

    private VaultConnection Read(CrdbCmdlet cmdlet, VaultConnection? session)
    {
        // The session's token is for the session's Vault: to another address goes what was given, or what the environment has.
        var known =
            Address is null && session is not null
                ? session
                : new VaultConnection(Address ?? AddressOfEnvironment(), TokenOf(Token) ?? TokenOfEnvironment())
                {
                    Namespace = Variable("VAULT_NAMESPACE"),
                    CaCertificatePath = Variable("VAULT_CACERT"),
                };
        return known with
        {
            Token = TokenOf(Token) ?? known.Token,
            Namespace = Namespace ?? known.Namespace,
            Mount = Mount?.Trim('/') ?? known.Mount,
            CaCertificatePath = CaCertificate is null
                ? known.CaCertificatePath
                : cmdlet.GetUnresolvedProviderPathFromPSPath(CaCertificate),
            CloudCredentials =
                CloudCredential is null && ServiceAccountFile is null
                    ? known.CloudCredentials
                    : new VaultCloudCredentials
                    {
                        UserName = CloudCredential?.UserName,
                        Password = CloudCredential is null ? null : TokenOf(CloudCredential.Password),
                        ServiceAccountFile = ServiceAccountFile,
                    },
        };
    }

    private static Uri AddressOfEnvironment() =>
        Uri.TryCreate(Variable("VAULT_ADDR"), UriKind.Absolute, out var address)
            ? address
            : throw Errors.VaultAddressMissing();

    private static Secret TokenOfEnvironment()
    {
        var text = Variable("VAULT_TOKEN");
        var file = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".vault-token"); // where "vault login" leaves it
        if (text is null && File.Exists(file))
            text = File.ReadAllText(file).Trim();
        return string.IsNullOrEmpty(text) ? throw Errors.VaultTokenMissing() : new Secret(text!);
    }

    private static Secret? TokenOf(SecureString? secret) =>
        secret is null ? null
        : new NetworkCredential("", secret).Password.Trim() is { Length: > 0 } text ? new Secret(text)
        : throw Errors.VaultTokenMissing();

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { } value && value.Trim().Length > 0 ? value.Trim() : null;
}
