namespace CockroachCmek.Core.Cmek;

/// <summary>What can be said about a manifest without asking any cloud.</summary>
public interface IManifestCheck
{
    /// <summary>Every check, not the first that fails.</summary>
    IReadOnlyList<CmekCheck> Check(CrdbCluster cluster, CmekManifest manifest);
}
