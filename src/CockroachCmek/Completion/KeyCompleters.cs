using CockroachCmek.Core.Clouds;

namespace CockroachCmek.Completion;

/// <summary>Keys that the session or a manifest of the folder has shown, of the cloud of the clusters.</summary>
public sealed class KeyUriCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line)
    {
        var types = line.Clouds.Select(c => c.KeyType).ToList();
        return line.Keys()
            .Where(k => types.Contains(CustomerClouds.All.ParseKeyUri(k.KeyUri).KeyType ?? ""))
            .OrderBy(k => k.KeyUri, StringComparer.OrdinalIgnoreCase)
            .Select(k => new Candidate(k.KeyUri, k.Where));
    }
}

/// <summary>Identities that the session or a manifest of the folder has shown, of the cloud of the clusters.</summary>
public sealed class PrincipalCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line)
    {
        var (clusters, clouds) = (line.Clusters, line.Clouds);
        if (clusters.Count == 0)
            clusters = [new CrdbCluster()];
        return line.Keys()
            .Where(k => clusters.Any(c => clouds.Any(cloud => cloud.PrincipalProblem(k.AuthPrincipal, c) is null)))
            .OrderBy(k => k.AuthPrincipal, StringComparer.OrdinalIgnoreCase)
            .Select(k => new Candidate(k.AuthPrincipal, k.Where));
    }
}

/// <summary>Identities that Get-CrdbCmekAccess has shown in this session.</summary>
public sealed class AccessCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line) =>
        (line.Session?.Memory.Access ?? []).Select(a => new Candidate(a.Principal, $"has access to {a.KeyName}"));
}
