using System.Management.Automation;
using System.Security;

namespace CockroachCmek.Session;

/// <summary>Says how to give a secret that was given as text, which the engine only calls not convertible.</summary>
internal sealed class SecretTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Where else the secret may come from, as a sentence; empty for nowhere.</summary>
    public string Else { get; init; } = "";

    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        PipedObject.Unwrap(inputData) switch
        {
            null or SecureString => inputData,
            string => throw new ArgumentTransformationMetadataException(
                "A secret is not taken as text, which the history and the transcript would keep. Use (Read-Host "
                    + $"-AsSecureString) or what Get-Secret returns. {Else}".TrimEnd()
            ),
            var other => throw new ArgumentTransformationMetadataException(
                $"An object of the type {other.GetType().Name} is not a secret. It must be a SecureString."
            ),
        };
}
