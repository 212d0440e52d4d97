namespace CockroachCmek;

/// <summary>What a cmdlet did to bring about the object that it emits.</summary>
public enum CmekOutcome
{
    /// <summary>It was there and matched: nothing was written.</summary>
    Existing,

    /// <summary>It was made by this run.</summary>
    Created,

    /// <summary>It was there and this run changed it.</summary>
    Updated,

    /// <summary>It would be made or changed, but -WhatIf was given, or the question was answered with No: nothing was written.</summary>
    Planned,
}
