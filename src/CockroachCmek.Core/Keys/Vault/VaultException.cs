namespace CockroachCmek.Core.Keys.Vault;

/// <summary>
/// An error response of Vault. It holds neither the token nor credentials: the client removes them.
/// </summary>
internal sealed class VaultException(int status, string method, string path, IReadOnlyList<string> errors)
    : Exception($"{method} {path}: HTTP {status}{(errors.Count > 0 ? $", {string.Join("; ", errors)}" : "")}")
{
    public int Status => status;

    public string Method => method;

    /// <summary>The path below /v1/.</summary>
    public string Path => path;

    /// <summary>
    /// Vault's error texts. Empty when nothing exists at the path, and when the response came from something in front
    /// of Vault.
    /// </summary>
    public IReadOnlyList<string> Errors => errors;

    /// <summary>All error texts in one line.</summary>
    public string ErrorText => string.Join("; ", errors);

    /// <summary>Address of the active node, when a standby reports it.</summary>
    public Uri? Location { get; init; }

    /// <summary>True when Vault refused the request because of too many, and did not process it.</summary>
    public bool IsThrottled { get; init; }

    public bool Mentions(string text) => errors.Any(e => e.IndexOf(text, StringComparison.OrdinalIgnoreCase) >= 0);
}
