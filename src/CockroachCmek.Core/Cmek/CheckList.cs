namespace CockroachCmek.Core.Cmek;

/// <summary>Results of checks of one cluster, in the order they were made.</summary>
public sealed class CheckList(CrdbCluster cluster)
{
    private readonly List<CmekCheck> _all = [];

    /// <summary>Every result.</summary>
    public IReadOnlyList<CmekCheck> All => _all;

    /// <summary>As it should be.</summary>
    public void Pass(string check, string region, string detail) =>
        Add(check, region, CmekCheckStatus.Pass, detail, "");

    /// <summary>Works, but should be looked at.</summary>
    public void Warn(string check, string region, string detail, string remedy) =>
        Add(check, region, CmekCheckStatus.Warning, detail, remedy);

    /// <summary>Does not work.</summary>
    public void Fail(string check, string region, string detail, string remedy) =>
        Add(check, region, CmekCheckStatus.Fail, detail, remedy);

    /// <summary>Could not be found out.</summary>
    public void Unknown(string check, string region, string detail, string remedy) =>
        Add(check, region, CmekCheckStatus.Unknown, detail, remedy);

    private void Add(string check, string region, CmekCheckStatus status, string detail, string remedy) =>
        _all.Add(
            new CmekCheck
            {
                ClusterId = cluster.Id,
                ClusterName = cluster.Name,
                Region = region,
                Check = check,
                Status = status,
                Detail = detail,
                Remedy = remedy,
            }
        );
}
