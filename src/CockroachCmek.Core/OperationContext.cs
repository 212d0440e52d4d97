namespace CockroachCmek.Core;

/// <summary>How Core speaks to whoever runs it. Implementations may be called from any thread.</summary>
internal interface IOperationLog
{
    /// <summary>One line a cloud call: service, verb, resource, status, milliseconds, request id. Never a secret.</summary>
    void Verbose(string message);

    /// <summary>Something the user must see, though the operation goes on.</summary>
    void Warning(string message);

    /// <summary>How far a wait has come.</summary>
    void Progress(OperationProgress progress);

    /// <summary>Asks before a write: false under -WhatIf, or when the answer is No. Whoever gets false must not write.</summary>
    Task<bool> ShouldProcessAsync(string target, string action, CancellationToken cancellationToken);

    /// <summary>Asks once for a whole plan, with what it will lead to; -WhatIf names every action, in order. Whoever gets false must not write.</summary>
    Task<bool> ShouldProcessPlanAsync(
        string target,
        IReadOnlyList<string> actions,
        string consequence,
        CancellationToken cancellationToken
    );
}

/// <summary>Progress of one activity, or of one region within it.</summary>
internal sealed record OperationProgress
{
    /// <summary>What is being done, for example "Enabling CMEK on prod-eu".</summary>
    public required string Activity { get; init; }

    /// <summary>Where it stands, for example "ENABLING".</summary>
    public required string Status { get; init; }

    /// <summary>The region that this line is about; null for the activity itself.</summary>
    public string? Region { get; init; }

    /// <summary>0 to 100; null when not known.</summary>
    public int? Percent { get; init; }

    /// <summary>True when the line can go.</summary>
    public bool Completed { get; init; }
}

/// <summary>What every operation is given: somebody to speak to, a clock, and a way to be stopped.</summary>
internal sealed record OperationContext(IOperationLog Log, TimeProvider Time, CancellationToken CancellationToken);
