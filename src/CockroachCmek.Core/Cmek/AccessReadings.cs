using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Cmek;

/// <summary>Reads the access to the keys of a revocation or restoration, after it was made.</summary>
internal static class AccessReadings
{
    /// <summary>The command that shows who has access.</summary>
    public static string ReviewCommand(CrdbCluster cluster) =>
        $"Get-CrdbCluster {cluster.Name} | Get-CrdbCmekAccess -Right Use";

    /// <summary>
    /// The access to each key once. Doubt says, in one sentence, what is not known; null when the reading is certain.
    /// </summary>
    public static async Task<IReadOnlyList<(KeyAccess? Access, string? Doubt)>> ReadAsync(
        RevocationRequest request,
        ICmekKeyProvider keys,
        OperationContext context
    ) =>
        await Task.WhenAll(
            request
                .Keys.GroupBy(k => (k.KeyUri, k.AuthPrincipal))
                .Select(async uses =>
                {
                    try
                    {
                        var access = await keys.ReadAccessAsync(
                            new KeyAccessRequest { Cluster = request.Cluster, Spec = uses.First() },
                            context
                        );
                        return (access, access.Uncertainty());
                    }
                    catch (CmekException error) when (error.Kind == CmekErrorKind.NotFound)
                    {
                        return ((KeyAccess?)null, (string?)null); // nobody can use a key that is gone
                    }
                    catch (CmekException error)
                    {
                        return (null, $"Who may use {uses.Key.KeyUri} could not be read. {error.Message}");
                    }
                })
        );
}
