namespace CockroachCmek;

/// <summary>How bad it is when a check does not pass.</summary>
public enum CmekSeverity : long
{
    /// <summary>Good to know.</summary>
    Low,

    /// <summary>A rule is broken, or something will be missing one day.</summary>
    Medium,

    /// <summary>The next incident becomes worse, or a secret is less safe than it should be.</summary>
    High,

    /// <summary>Data is not protected by your key, or the cluster cannot use it.</summary>
    Critical,
}
