namespace CockroachCmek.Core.Cmek;

/// <summary>Makes or undoes the changes of a revocation.</summary>
internal static class AccessChanges
{
    /// <summary>What a revoked cluster needs.</summary>
    public const string SupportOnly =
        "Only Cockroach Labs support can bring a revoked cluster back: https://support.cockroachlabs.com/";

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
                    lock (errors)
                        errors.Add(error);
                    return change with { State = CmekAccessChangeState.Failed, Fault = error.Message };
                }
            })
        );
        return (applied, errors);
    }
}
