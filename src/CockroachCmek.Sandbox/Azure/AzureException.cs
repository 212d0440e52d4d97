using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>An error that Azure returns. Each service writes it in its own shape.</summary>
internal sealed class AzureException(int status, string code, string message, string? inner = null) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// <summary>Key Vault's inner error code. Only this one distinguishes the causes.</summary>
    public string? Inner { get; } = inner;

    /// <summary>What Resource Manager adds about a policy.</summary>
    public JsonObject? AdditionalInfo { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Key Vault's error for an invalid request.</summary>
    public static AzureException BadParameter(string message) => new(400, "BadParameter", message);

    /// <summary>Key Vault's error for an operation that the key's state or a policy forbids.</summary>
    public static AzureException Forbidden(string message, string inner) => new(403, "Forbidden", message, inner);

    public static AzureException KeyNotFound(string message) => new(404, "KeyNotFound", message);
}
