using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Session;

namespace CockroachCmek.Completion;

/// <summary>Values of a parameter that only some clouds have, as the clouds of the clusters know them.</summary>
public sealed class CloudOptionCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line)
    {
        var seen = line.Seen();
        return line
            .Clouds.SelectMany(cloud => cloud.Suggest(line.Parameter, seen))
            .Concat(VaultSuggestions.Of(line.Parameter))
            .Select(s => new Candidate(s.Text, s.ToolTip));
    }
}

/// <summary>The ways to revoke that the clouds of the clusters have, each with its clouds.</summary>
public sealed class RevocationMethodCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line)
    {
        var clouds = line.Clouds;
        yield return new Candidate(
            nameof(CmekRevocationMethod.Default),
            string.Join("; ", clouds.Select(c => $"{c.DisplayName}: {string.Join(", then ", c.DefaultRevocation)}"))
        );
        foreach (var method in clouds.SelectMany(c => c.RevocationMethods).Distinct())
        {
            var having = clouds.Where(c => c.RevocationMethods.Contains(method)).ToList();
            var outlasting = having.Select(c => c.WhatOutlasts(method)).OfType<string>().Distinct();
            yield return new Candidate(
                method.ToString(),
                string.Join(". ", [string.Join(", ", having.Select(c => c.DisplayName)), .. outlasting])
            );
        }
    }
}

/// <summary>Values of Connect-CrdbCloud that are about CockroachDB Cloud.</summary>
public sealed class ConnectionCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line) =>
        line.Parameter switch
        {
            nameof(Commands.ConnectCrdbCloudCommand.Endpoint) => Endpoints(line),
            nameof(Commands.ConnectCrdbCloudCommand.ApiVersion) =>
            [
                new Candidate(CloudConnection.DefaultApiVersion, "the version that this module was written for"),
            ],
            nameof(Commands.ConnectCrdbCloudCommand.OrganizationId) => line.Session?.Session
                is { OrganizationId: { } id } s
                ? [new Candidate(id, s.OrganizationName ?? "the organization of the session")]
                : [],
            nameof(Commands.ConnectCrdbCloudCommand.SecretVault) => CurrentShell
                .SecretVaults()
                .Select(name => new Candidate(name, "vault registered with SecretManagement")),
            _ => [],
        };

    private static IEnumerable<Candidate> Endpoints(CommandLineSoFar line)
    {
        if (RunningSandbox.OfThisRunspace?.Sandbox is { } sandbox)
            yield return new Candidate(sandbox.CloudEndpoint.ToString(), "the running sandbox");
        if (line.Session?.Session is { } session)
            yield return new Candidate(session.Endpoint.ToString(), "the endpoint of the session");
        yield return new Candidate(CloudConnection.DefaultEndpoint.ToString(), "CockroachDB Cloud, the default");
    }
}

/// <summary>The scenarios of the sandbox, each with its meaning. It needs no session.</summary>
public sealed class ScenarioCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CommandLineSoFar line) =>
        RunningSandbox.Scenarios.Select(s => new Candidate(s.Name, s.Meaning));
}
