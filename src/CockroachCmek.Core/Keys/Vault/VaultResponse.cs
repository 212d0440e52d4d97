namespace CockroachCmek.Core.Keys.Vault;

/// <summary>A successful response, with Vault's warnings.</summary>
internal sealed record VaultResponse<T>(T Data, IReadOnlyList<string> Warnings, string? RequestId) : IVaultResponse;

/// <summary>What every response has, whatever its data.</summary>
internal interface IVaultResponse
{
    IReadOnlyList<string> Warnings { get; }

    string? RequestId { get; }
}
