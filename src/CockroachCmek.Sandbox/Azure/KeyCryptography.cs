using System.Security.Cryptography;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>What a key version does with bytes, and when it refuses to.</summary>
internal static class KeyCryptography
{
    public const string Algorithm = "RSA-OAEP-256";

    /// <summary>
    /// Encrypts or wraps. A disabled version still does: only what gives plaintext back is refused (Azure/azure-sdk-for-python#45342).
    /// An expired or not yet valid one does not: it is the other way round.
    /// </summary>
    public static byte[] Conceal(
        VaultKeyVersion version,
        string operation,
        string algorithm,
        byte[] value,
        DateTimeOffset now
    )
    {
        RequireOperation(version, operation);
        if (version.NotBefore is { } start && now < start)
            throw new AzureFault(
                403,
                "Forbidden",
                $"Operation {operation} is not allowed on a key that is not yet valid.",
                "KeyNotYetValid"
            );
        if (version.Expires is { } end && now >= end)
            throw new AzureFault(
                403,
                "Forbidden",
                $"Operation {operation} is not allowed on an expired key.",
                "KeyExpired"
            );
        return Run(version, operation, rsa => rsa.Encrypt(value, Padding(algorithm)));
    }

    /// <summary>Decrypts or unwraps.</summary>
    public static byte[] Reveal(VaultKeyVersion version, string operation, string algorithm, byte[] value)
    {
        RequireOperation(version, operation);
        if (!version.Enabled)
            throw new AzureFault(
                403,
                "Forbidden",
                $"Operation {operation} is not allowed on a disabled key.",
                "KeyDisabled"
            );
        return Run(version, operation, rsa => rsa.Decrypt(value, Padding(algorithm)));
    }

    private static void RequireOperation(VaultKeyVersion version, string operation)
    {
        if (!version.Operations.Contains(operation))
            throw new AzureFault(
                403,
                "Forbidden",
                $"Operation {operation} is not permitted on this key.",
                "KeyOperationForbidden"
            );
    }

    private static RSAEncryptionPadding Padding(string algorithm) =>
        algorithm switch
        {
            Algorithm => RSAEncryptionPadding.OaepSHA256,
            "RSA-OAEP" => RSAEncryptionPadding.OaepSHA1,
            _ => throw new AzureFault(
                400,
                "BadParameter",
                $"Property alg has an invalid value: '{algorithm}' is not supported by this key."
            ),
        };

    private static byte[] Run(VaultKeyVersion version, string operation, Func<RSA, byte[]> work)
    {
        if (!version.IsRsa)
            throw new AzureFault(400, "BadParameter", $"A key of type {version.Kty} has no operation {operation}.");
        using var rsa = version.OpenRsa();
        try
        {
            return work(rsa);
        }
        catch (CryptographicException)
        {
            throw new AzureFault(400, "BadParameter", "The parameter is incorrect: the value does not fit the key.");
        }
    }
}
