using System.Security.Cryptography;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>Encrypts and decrypts with a key version, if its state and its operations allow that.</summary>
internal static class KeyCryptography
{
    public const string Algorithm = "RSA-OAEP-256";

    /// <summary>
    /// Encrypts or wraps. A disabled version still encrypts and refuses only to decrypt
    /// (Azure/azure-sdk-for-python#45342). An expired or not yet valid version does not encrypt, but decrypts.
    /// </summary>
    public static byte[] Encrypt(
        KeyVaultKeyVersion version,
        string operation,
        string algorithm,
        byte[] value,
        DateTimeOffset now
    )
    {
        RequireOperation(version, operation);
        if (version.NotBefore is { } start && now < start)
            throw AzureException.Forbidden(
                $"Operation {operation} is not allowed on a key that is not yet valid.",
                "KeyNotYetValid"
            );
        if (version.Expires is { } end && now >= end)
            throw AzureException.Forbidden($"Operation {operation} is not allowed on an expired key.", "KeyExpired");
        return Run(version, operation, rsa => rsa.Encrypt(value, Padding(algorithm)));
    }

    /// <summary>Decrypts or unwraps.</summary>
    public static byte[] Decrypt(KeyVaultKeyVersion version, string operation, string algorithm, byte[] value)
    {
        RequireOperation(version, operation);
        if (!version.Enabled)
            throw AzureException.Forbidden($"Operation {operation} is not allowed on a disabled key.", "KeyDisabled");
        return Run(version, operation, rsa => rsa.Decrypt(value, Padding(algorithm)));
    }

    private static void RequireOperation(KeyVaultKeyVersion version, string operation)
    {
        if (!version.Operations.Contains(operation))
            throw AzureException.Forbidden(
                $"Operation {operation} is not permitted on this key.",
                "KeyOperationForbidden"
            );
    }

    private static RSAEncryptionPadding Padding(string algorithm) =>
        algorithm switch
        {
            Algorithm => RSAEncryptionPadding.OaepSHA256,
            "RSA-OAEP" => RSAEncryptionPadding.OaepSHA1,
            _ => throw AzureException.BadParameter(
                $"Property alg has an invalid value: '{algorithm}' is not supported by this key."
            ),
        };

    private static byte[] Run(KeyVaultKeyVersion version, string operation, Func<RSA, byte[]> work)
    {
        if (!version.IsRsa)
            throw AzureException.BadParameter($"A key of type {version.Kty} has no operation {operation}.");
        using var rsa = version.OpenRsa();
        try
        {
            return work(rsa);
        }
        catch (CryptographicException)
        {
            throw AzureException.BadParameter("The parameter is incorrect: the value does not fit the key.");
        }
    }
}
