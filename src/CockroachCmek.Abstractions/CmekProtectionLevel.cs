namespace CockroachCmek;

/// <summary>How the cloud protects the material of a key.</summary>
public enum CmekProtectionLevel : long
{
    /// <summary>By software, encrypted at rest.</summary>
    Software,

    /// <summary>In a hardware security module.</summary>
    Hsm,
}
