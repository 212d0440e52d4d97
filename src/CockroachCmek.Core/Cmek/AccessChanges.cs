using System.Text.Json;

namespace CockroachCmek.Core.Cmek;

/// <summary>Makes or undoes the changes of a revocation.</summary>
internal static class AccessChanges
{
    /// <summary>What a revoked cluster needs.</summary>
    public const string SupportOnly =
        "Only Cockroach Labs support can bring a revoked cluster back: https://support.cockroachlabs.com/";

    private const string Unreadable = "what was changed does not have the form that its kind needs";

    /// <summary>
    /// Makes all changes at once, so that no key stays usable for long. One that fails does not stop the others.
    /// </summary>
    /// <param name="isDone">Changes that are left as they are.</param>
    /// <param name="progress">Called after each change with the state of all. Never called twice at once.</param>
    public static async Task<(IReadOnlyList<CmekAccessChange> Changes, IReadOnlyList<CmekException> Errors)> ApplyAsync(
        IReadOnlyList<CmekAccessChange> changes,
        Func<CmekAccessChange, bool> isDone,
        Func<CmekAccessChange, OperationContext, Task<CmekAccessChange>> apply,
        Action<IReadOnlyList<CmekAccessChange>> progress,
        OperationContext context
    )
    {
        var errors = new List<CmekException>();
        var states = changes.ToArray();
        await Task.WhenAll(
            changes.Select(
                async (change, index) =>
                {
                    if (isDone(change))
                        return;
                    CmekAccessChange after;
                    CmekException? failure = null;
                    var log = new ChangeLog(context.Host);
                    try
                    {
                        after = await apply(change, context with { Host = log });
                    }
                    catch (CmekException error)
                    {
                        failure = error;
                        after = Failed(change, error);
                    }
                    catch (Exception error) when (IsUnreadable(error))
                    {
                        failure = Errors.RecordedChangeInvalid(change.Target, Unreadable, error);
                        after = Failed(change, failure);
                    }

                    lock (states)
                    {
                        states[index] = log.AddTo(after);
                        if (failure is not null)
                            errors.Add(failure);
                        progress([.. states]);
                    }
                }
            )
        );
        return (states, errors);
    }

    /// <summary>A change that was not made, and why.</summary>
    public static CmekAccessChange Failed(CmekAccessChange change, CmekException error) =>
        change with
        {
            State = CmekAccessChangeState.Failed,
            Fault = error.Message,
            FaultKind = error.Kind,
        };

    /// <summary>
    /// What the readers of a document throw where a record has JSON of another shape. One such change must not hold up
    /// the others.
    /// </summary>
    private static bool IsUnreadable(Exception error) =>
        error
            is JsonException
                or FormatException
                or InvalidOperationException
                or ArgumentException
                or KeyNotFoundException
                or NullReferenceException;
}
