using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>A parsed Key Identifier: the Key Vault, the key, and the version if the identifier names one.</summary>
internal sealed record AzureKeyId(Uri KeyVault, string Name, string? Version)
{
    private static readonly Regex Path = new(
        @"^/keys/(?<name>[0-9a-zA-Z-]{1,127})(/(?<version>[0-9a-f]{32}))?/?$",
        RegexOptions.CultureInvariant
    );

    private static readonly Regex KeyName = new("^[0-9a-zA-Z-]{1,127}$", RegexOptions.CultureInvariant);

    public string KeyVaultName => KeyVault.Host.Split('.')[0];

    public AzureKeyId WithoutVersion => this with { Version = null };

    /// <summary>True when Key Vault accepts the text as the name of a key.</summary>
    public static bool IsName(string text) => KeyName.IsMatch(text);

    /// <summary>
    /// Reads a Key Identifier as the portal shows it. The host must be a Key Vault of the cloud, because a token will
    /// be sent there.
    /// </summary>
    /// <exception cref="CmekException">KeyUriMalformed, ManagedHsmNotSupported.</exception>
    public static AzureKeyId Parse(string text, AzureCloud cloud)
    {
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri.Scheme != Uri.UriSchemeHttps
            || !uri.IsDefaultPort
        )
            throw AzureErrors.KeyUriMalformed(
                text,
                cloud.KeyVaultSuffix,
                AzureKeyIdProblem.Of(text, needsVersion: false)
            );
        if (uri.Host.Split('.') is [_, "managedhsm", ..])
            throw AzureErrors.ManagedHsmNotSupported(text);
        if (
            !uri.Host.EndsWith($".{cloud.KeyVaultSuffix}", StringComparison.OrdinalIgnoreCase)
            || Path.Match(uri.AbsolutePath) is not { Success: true } match
        )
            throw AzureErrors.KeyUriMalformed(
                text,
                cloud.KeyVaultSuffix,
                AzureKeyIdProblem.Of(text, needsVersion: false)
            );
        return new AzureKeyId(
            new Uri($"https://{uri.Host}/"),
            match.Groups["name"].Value,
            match.Groups["version"].Success ? match.Groups["version"].Value : null
        );
    }

    /// <summary>The Key Identifier as Key Vault writes it.</summary>
    public override string ToString() => $"{KeyVault}keys/{Name}{(Version is null ? "" : $"/{Version}")}";
}
