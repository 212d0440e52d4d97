namespace CockroachCmek.Core.Checks;

/// <summary>Results of the checks of one cluster, in the order they were made.</summary>
/// <remarks>
/// A check has one name from <see cref="CmekCheckName"/>, whatever its result. What is wrong has an error id.
/// </remarks>
internal sealed class CheckList(CrdbCluster cluster)
{
    private readonly List<CmekCheck> _all = [];

    /// <summary>Every result.</summary>
    public IReadOnlyList<CmekCheck> All => _all;

    /// <summary>As it should be.</summary>
    public void Pass(string check, string region, string detail) =>
        Add(check, region, CmekCheckStatus.Pass, "", detail, "");

    /// <summary>Works, but needs attention.</summary>
    public void Warn(string check, string errorId, string region, string detail, string remedy) =>
        Add(check, region, CmekCheckStatus.Warning, errorId, detail, remedy);

    /// <summary>The same with a command as remedy.</summary>
    public void Warn(string check, string errorId, string region, string detail, CommandLine remedy) =>
        Warn(check, errorId, region, detail, remedy.ToString());

    /// <summary>Does not work.</summary>
    public void Fail(string check, string errorId, string region, string detail, string remedy) =>
        Add(check, region, CmekCheckStatus.Fail, errorId, detail, remedy);

    /// <summary>The same with a command as remedy.</summary>
    public void Fail(string check, string errorId, string region, string detail, CommandLine remedy) =>
        Fail(check, errorId, region, detail, remedy.ToString());

    /// <summary>Does not work: the error that the same problem raises elsewhere.</summary>
    public void Fail(string check, string region, CmekException error) =>
        Fail(check, error.ErrorId, region, error.Message, error.RecommendedAction);

    /// <summary>Could not be determined.</summary>
    public void Unknown(string check, string region, string detail, string remedy) =>
        Unknown(check, "", region, detail, remedy);

    /// <summary>The same with a command as remedy.</summary>
    public void Unknown(string check, string region, string detail, CommandLine remedy) =>
        Unknown(check, region, detail, remedy.ToString());

    /// <summary>Could not be determined, for a reason that has a name.</summary>
    public void Unknown(string check, string errorId, string region, string detail, string remedy) =>
        Add(check, region, CmekCheckStatus.Unknown, errorId, detail, remedy);

    /// <summary>The same with a command as remedy.</summary>
    public void Unknown(string check, string errorId, string region, string detail, CommandLine remedy) =>
        Unknown(check, errorId, region, detail, remedy.ToString());

    /// <summary>Could not be determined because of an error.</summary>
    public void Unknown(string check, string region, CmekException error) =>
        Add(check, region, CmekCheckStatus.Unknown, error.ErrorId, error.Message, error.RecommendedAction);

    private void Add(
        string check,
        string region,
        CmekCheckStatus status,
        string errorId,
        string detail,
        string remedy
    ) =>
        _all.Add(
            new CmekCheck
            {
                ClusterId = cluster.Id,
                ClusterName = cluster.Name,
                Region = region,
                Check = check,
                Status = status,
                ErrorId = errorId,
                Detail = VisibleText.Line(detail),
                Remedy = VisibleText.Line(remedy),
            }
        );
}
