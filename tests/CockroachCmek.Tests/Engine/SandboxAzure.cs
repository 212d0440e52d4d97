namespace CockroachCmek.Tests.Engine;

/// <summary>What reached the sandbox's Azure.</summary>
internal static class SandboxAzure
{
    /// <summary>Requests that change something, since an exchange; tokens and refused first requests are none.</summary>
    public static IReadOnlyList<string> Writes(ModuleSession session, object? after) =>
        [.. session.Run($"$sandbox.Exchanges | Where-Object {{ $_.Index -gt {after} -and $_.Service -in 'azure', 'cloud' -and $_.Method -ne 'GET' -and $_.Status -ne 401 -and $_.Operation -notmatch '/oauth2/' }} | ForEach-Object Operation").Succeeds().Output.Select(o => o.ToString()!)];
}

/// <summary>A principal of the sandbox's Azure with some rights, whose credentials stand in the environment; $weak is a session that takes them from there.</summary>
internal sealed class AzureUser : IDisposable
{
    private readonly EnvironmentVariable[] _variables;

    private AzureUser(params EnvironmentVariable[] variables) => _variables = variables;

    /// <param name="session">A session with a sandbox.</param>
    /// <param name="rights">Names of the sandbox's AzureRights.</param>
    public static AzureUser With(ModuleSession session, string rights)
    {
        var principal = session.Run($"$sandbox.AddAzurePrincipal('{rights}')").Succeeds().Single();
        var user = new AzureUser(
            new EnvironmentVariable("AZURE_TENANT_ID", session.Run("$sandbox.AzureTenantId").Single().ToString()),
            new EnvironmentVariable("AZURE_CLIENT_ID", principal.Text("UserName")),
            new EnvironmentVariable("AZURE_CLIENT_SECRET", principal.Text("Password")));
        session.Run("$weak = Connect-CrdbCloud -Endpoint $sandbox.CloudEndpoint -AzureCredential Environment -ApiKey ([System.Net.NetworkCredential]::new('', $sandbox.ApiKey).SecurePassword)").Succeeds();
        return user;
    }

    public void Dispose()
    {
        foreach (var variable in _variables) variable.Dispose();
    }
}
