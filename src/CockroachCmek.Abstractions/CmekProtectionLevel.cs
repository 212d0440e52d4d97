namespace CockroachCmek;

/// <summary>Where a key's material is kept by the cloud.</summary>
public enum CmekProtectionLevel
{
    /// <summary>By software, encrypted at rest.</summary>
    Software,

    /// <summary>In a hardware security module.</summary>
    Hsm,
}
