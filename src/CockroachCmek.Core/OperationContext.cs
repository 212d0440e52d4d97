namespace CockroachCmek.Core;

/// <summary>What Core reports to its caller, and asks. May be called from any thread.</summary>
internal interface IOperationHost
{
    /// <summary>
    /// One line for each cloud call: service, verb, resource, status, milliseconds, request id. Never a secret.
    /// </summary>
    void Verbose(string message);

    /// <summary>Something the user must see, although the operation continues.</summary>
    void Warning(string message);

    /// <summary>
    /// Something was written, or may have been: what errors say about it later is computed from these.
    /// </summary>
    /// <param name="what">Service, verb and resource.</param>
    /// <param name="isCertain">False when the response was lost.</param>
    /// <param name="requestId">The service's id of the request; null where it has none.</param>
    void Written(string what, bool isCertain, string? requestId);

    /// <summary>Progress of a wait.</summary>
    void Progress(OperationProgress progress);

    /// <summary>
    /// Asks before a write. False under -WhatIf, or when the user declines; the caller must then not write.
    /// </summary>
    Task<bool> ConfirmAsync(string target, string action, CancellationToken cancellationToken);

    /// <summary>
    /// Asks once for a whole plan and its consequence. -WhatIf shows every step with its difference. False: the caller
    /// must not write.
    /// </summary>
    Task<bool> ConfirmPlanAsync(
        string target,
        IReadOnlyList<PlannedStep> steps,
        string consequence,
        CancellationToken cancellationToken
    );
}

/// <summary>One step of a plan.</summary>
/// <param name="Action">The step, for people.</param>
/// <param name="Difference">Exactly what it changes, as lines that begin with + or -. -WhatIf shows them.</param>
internal sealed record PlannedStep(string Action, IReadOnlyList<string> Difference);

/// <summary>Progress of one activity, or of one region within it.</summary>
internal sealed record OperationProgress
{
    /// <summary>The activity, for example "Enabling CMEK on prod-eu".</summary>
    public required string Activity { get; init; }

    /// <summary>The current status, for example "ENABLING".</summary>
    public required string Status { get; init; }

    /// <summary>The region; null for the activity as a whole.</summary>
    public string? Region { get; init; }

    /// <summary>True when the activity has ended.</summary>
    public bool Completed { get; init; }
}

/// <summary>What every operation gets: where to report, the clock, and cancellation.</summary>
internal sealed record OperationContext(IOperationHost Host, TimeProvider Time, CancellationToken CancellationToken);
