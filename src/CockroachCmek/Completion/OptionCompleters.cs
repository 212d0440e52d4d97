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
        var keys = line.Keys();
        var seen = new SeenNames(
            [.. keys.Select(k => k.KeyUri).Distinct()],
            [.. keys.Select(k => k.AuthPrincipal).Distinct()]
        );
        return line
            .Clouds.SelectMany(cloud => cloud.Suggest(line.Parameter, seen))
            .Concat(VaultSuggestions.Of(line.Parameter))
            .Select(s => new Candidate(s.Text, s.ToolTip));
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
