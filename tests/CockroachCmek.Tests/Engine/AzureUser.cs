namespace CockroachCmek.Tests.Engine;

/// <summary>
/// A principal of the sandbox's Azure with some rights, whose credentials are in environment variables; $weak is a
/// session that takes them from there.
/// </summary>
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
            new EnvironmentVariable("AZURE_TENANT_ID", session.Sandbox.Text("AzureTenantId")),
            new EnvironmentVariable("AZURE_CLIENT_ID", principal.Text("UserName")),
            new EnvironmentVariable("AZURE_CLIENT_SECRET", principal.Text("Password"))
        );
        session.Run($"$weak = {ModuleSession.Connect} -AzureCredential Environment").Succeeds();
        return user;
    }

    public void Dispose()
    {
        foreach (var variable in _variables)
            variable.Dispose();
    }
}
