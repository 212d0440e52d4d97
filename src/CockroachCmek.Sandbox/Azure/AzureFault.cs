namespace CockroachCmek.Sandbox.Azure;

/// <summary>A refusal in Azure's terms; each service writes it in its own shape.</summary>
internal sealed class AzureFault(int status, string code, string message, string? inner = null) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// <summary>Key Vault's inner error code, which is the one that tells causes apart.</summary>
    public string? Inner { get; } = inner;

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
}
