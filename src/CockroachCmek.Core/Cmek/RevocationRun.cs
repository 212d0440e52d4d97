using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>
/// The run that makes changes, for their record. Whose credentials it has in the customer's cloud is read beside the
/// work and never holds it up.
/// </summary>
internal sealed class RevocationRun
{
    private readonly CmekRevocationRun _run;
    private readonly Task<IReadOnlyList<string>> _callers;
    private readonly CancellationToken _stop;

    private RevocationRun(CmekRevocationRun run, Task<IReadOnlyList<string>> callers, CancellationToken stop)
    {
        _run = run;
        _callers = callers;
        _stop = stop;
    }

    /// <summary>Starts a run.</summary>
    /// <param name="command">The cmdlet.</param>
    /// <param name="specs">The keys that it is about.</param>
    public static RevocationRun Start(
        string command,
        IReadOnlyList<CmekRegionSpec> specs,
        ICmekKeyProvider keys,
        OperationContext context
    ) =>
        new(
            new CmekRevocationRun
            {
                Command = command,
                Operator = $"{Environment.UserName}@{Environment.MachineName}",
                ModuleVersion = typeof(RevocationRun).Assembly.GetName().Version?.ToString(3) ?? "",
                StartedAt = context.Time.GetUtcNow(),
            },
            specs.Count == 0 ? Task.FromResult<IReadOnlyList<string>>([]) : ReadCallersAsync(specs, keys, context),
            context.CancellationToken
        );

    /// <summary>The run as far as it is known after a wait of real time.</summary>
    public async Task<CmekRevocationRun> ReadAsync(TimeSpan patience)
    {
        await Task.WhenAny(_callers, Task.Delay(patience, _stop));
        return _callers.IsCompleted ? _run with { Callers = await _callers } : _run;
    }

    private static async Task<IReadOnlyList<string>> ReadCallersAsync(
        IReadOnlyList<CmekRegionSpec> specs,
        ICmekKeyProvider keys,
        OperationContext context
    )
    {
        try
        {
            return await keys.ReadCallersAsync(specs, context);
        }
        catch (CmekException error)
        {
            context.Host.Verbose($"Whose credentials these are could not be read. {error.Message}");
            return [];
        }
    }
}
