namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Prepared messes in Google Cloud. They concern the cluster gcp-us, which then uses CMEK.</summary>
internal static class GcpScenarios
{
    private const string Cluster = "gcp-us";

    public static IReadOnlyList<SandboxScenario> All { get; } =
    [
        new("ProjectRole", "gcp-us: the service account has its role on the whole project, not on its key.", server =>
            server.Gcp.MoveGrantToProject(server.UseCmek(Cluster).Uri)
        ),
    ];
}
