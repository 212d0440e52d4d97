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
    public static async Task<(IReadOnlyList<CmekAccessChange> Changes, IReadOnlyList<CmekException> Errors)> ApplyAsync(
        IReadOnlyList<CmekAccessChange> changes,
        Func<CmekAccessChange, bool> isDone,
        Func<CmekAccessChange, OperationContext, Task<CmekAccessChange>> apply,
        OperationContext context
    )
    {
        var errors = new List<CmekException>();
        var applied = await Task.WhenAll(
            changes.Select(async change =>
            {
                if (isDone(change))
                    return change;
                try
                {
                    return await apply(change, context);
                }
                catch (CmekException error)
                {
                    return Failed(change, error);
                }
                catch (Exception error) when (IsUnreadable(error))
                {
                    return Failed(change, Errors.RevocationFileInvalid(change.Target, Unreadable, error));
                }
            })
        );
        return (applied, errors);

        CmekAccessChange Failed(CmekAccessChange change, CmekException error)
        {
            lock (errors)
                errors.Add(error);
            return change with { State = CmekAccessChangeState.Failed, Fault = error.Message };
        }
    }

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
