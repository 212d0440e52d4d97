namespace CockroachCmek.Core.Checks;

/// <summary>
/// The checks of one region's key, on every cloud: each part reads on its own, so that one that cannot be read hides no
/// other.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="region">The region whose key is checked.</param>
/// <param name="translate">A cloud's own exception in the module's terms; null for one that is not the cloud's.</param>
internal sealed class KeyChecks(CrdbCluster cluster, string region, Func<Exception, CmekException?> translate)
{
    private readonly CheckList _results = new(cluster);

    /// <summary>Every result so far, in the order of the checks.</summary>
    public IReadOnlyList<CmekCheck> All => _results.All;

    /// <summary>
    /// Runs one part. A refusal or a cloud that does not respond makes <paramref name="check"/> Unknown; any other
    /// error that the cloud reports makes it Fail.
    /// </summary>
    /// <returns>False when the part could not be completed: what depends on it cannot be checked either.</returns>
    public async Task<bool> RunAsync(string check, Func<Task> read)
    {
        try
        {
            await read();
            return true;
        }
        catch (Exception error) when ((error as CmekException ?? translate(error)) is not null)
        {
            Report(check, error as CmekException ?? translate(error)!);
            return false;
        }
    }

    /// <summary>As it should be.</summary>
    public void Pass(string check, string detail) => _results.Pass(check, region, detail);

    /// <summary>Works, but needs attention.</summary>
    public void Warn(string check, string errorId, string detail, string remedy) =>
        _results.Warn(check, errorId, region, detail, remedy);

    /// <summary>The same with a command as remedy.</summary>
    public void Warn(string check, string errorId, string detail, CommandLine remedy) =>
        Warn(check, errorId, detail, remedy.ToString());

    /// <summary>Does not work.</summary>
    public void Fail(string check, CmekException error) => _results.Fail(check, region, error);

    /// <summary>Does not work, for every reason found; true when there was none.</summary>
    public bool FailAll(string check, IReadOnlyList<CmekException> errors)
    {
        foreach (var error in errors)
            Fail(check, error);
        return errors.Count == 0;
    }

    /// <summary>Could not be determined.</summary>
    public void Unknown(string check, string detail, string remedy) => _results.Unknown(check, region, detail, remedy);

    /// <summary>The same with a command as remedy.</summary>
    public void Unknown(string check, string detail, CommandLine remedy) => Unknown(check, detail, remedy.ToString());

    /// <summary>Could not be determined, for a reason that has a name.</summary>
    public void Unknown(string check, string errorId, string detail, string remedy) =>
        _results.Unknown(check, errorId, region, detail, remedy);

    /// <summary>The same with a command as remedy.</summary>
    public void Unknown(string check, string errorId, string detail, CommandLine remedy) =>
        Unknown(check, errorId, detail, remedy.ToString());

    /// <summary>Could not be determined because of an error.</summary>
    public void Unknown(string check, CmekException error) => _results.Unknown(check, region, error);

    private void Report(string check, CmekException error)
    {
        if (IsUndetermined(error.Kind))
            _results.Unknown(check, region, error);
        else
            Fail(check, error);
    }

    /// <summary>An error about the caller or the connection says nothing about the key.</summary>
    private static bool IsUndetermined(CmekErrorKind kind) =>
        kind
            is CmekErrorKind.PermissionDenied
                or CmekErrorKind.Authentication
                or CmekErrorKind.Connection
                or CmekErrorKind.Unavailable
                or CmekErrorKind.Timeout
                or CmekErrorKind.Busy
                or CmekErrorKind.LimitsExceeded;
}
