namespace CockroachCmek;

/// <summary>
/// An object that a dry run (-WhatIf) returns before it exists. Cmdlets that receive one plan too, and write nothing.
/// </summary>
public interface IPlannable
{
    /// <summary>True when the object is planned only.</summary>
    bool IsPlanned { get; }
}
