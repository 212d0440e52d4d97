namespace CockroachCmek;

/// <summary>Something that the logs of a cloud could not tell, and what would make them tell it.</summary>
public sealed record CmekLogGap
{
    /// <summary>What is not known, for example "uses of the key in eu-west-1".</summary>
    public string What { get; internal init; } = "";

    /// <summary>Why not, as a sentence.</summary>
    public string Why { get; internal init; } = "";

    /// <summary>How to enable or allow it; empty when nothing helps.</summary>
    public string Remedy { get; internal init; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{What}: {Why}";
}
