using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>The identifier of a key, parsed once: which vault, which key, and which version where one is named.</summary>
internal sealed record AzureKeyId(Uri Vault, string Name, string? Version)
{
    private static readonly Regex Form = new(
        @"^/keys/(?<name>[0-9a-zA-Z-]{1,127})(/(?<version>[0-9a-f]{32}))?/?$",
        RegexOptions.CultureInvariant
    );

    public static bool IsName(string text) => Regex.IsMatch(text, "^[0-9a-zA-Z-]{1,127}$");

    public string VaultName => Vault.Host.Split('.')[0];

    public AzureKeyId WithoutVersion => this with { Version = null };

    /// <summary>Reads an identifier as the portal shows it. The host must be one of the cloud's vaults: a token is going to be sent there.</summary>
    /// <exception cref="CmekException">KeyUriMalformed, ManagedHsmNotSupported.</exception>
    public static AzureKeyId Parse(string text, AzureCloud cloud)
    {
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri.Scheme != Uri.UriSchemeHttps
            || !uri.IsDefaultPort
        )
            throw AzureErrors.KeyUriMalformed(text, cloud.VaultSuffix);
        if (uri.Host.Split('.') is [_, "managedhsm", ..])
            throw AzureErrors.ManagedHsmNotSupported(text);
        if (
            !uri.Host.EndsWith($".{cloud.VaultSuffix}", StringComparison.OrdinalIgnoreCase)
            || Form.Match(uri.AbsolutePath) is not { Success: true } match
        )
            throw AzureErrors.KeyUriMalformed(text, cloud.VaultSuffix);
        return new AzureKeyId(
            new Uri($"https://{uri.Host}/"),
            match.Groups["name"].Value,
            match.Groups["version"].Success ? match.Groups["version"].Value : null
        );
    }

    /// <summary>As Key Vault writes it.</summary>
    public override string ToString() => $"{Vault}keys/{Name}{(Version is null ? "" : $"/{Version}")}";
}
