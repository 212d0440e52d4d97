namespace CockroachCmek;

/// <summary>What a run did for the object that a cmdlet returns.</summary>
public enum CmekOutcome : long
{
    /// <summary>It existed and matched. Nothing was written.</summary>
    Existing,

    /// <summary>This run created it.</summary>
    Created,

    /// <summary>It existed, and this run changed it.</summary>
    Updated,

    /// <summary>Nothing was written, because of -WhatIf or because the question was answered with No.</summary>
    Planned,

    /// <summary>It was to be changed, and that failed. The error says why.</summary>
    Failed,
}
