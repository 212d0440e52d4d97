namespace CockroachCmek.Sandbox.Cloud;

/// <summary>Prepared messes of CockroachDB Cloud itself.</summary>
internal static class CloudScenarios
{
    public static IReadOnlyList<SandboxScenario> All { get; } =
    [
        new(
            "VendorDown",
            "The CockroachDB Cloud API answers every request with 503, while the customer's clouds work.",
            server => server.Cloud.Settings.IsDown = true
        ),
        new("EarlierBackups", "prod-eu: managed backups were taken before CMEK is enabled.", server =>
            server.Cloud.StartBackups("prod-eu")
        ),
        new(
            "TwoAdmins",
            "prod-eu-old: another administrator's operation has locked the cluster for fifteen minutes.",
            server => server.Cloud.Hold("prod-eu-old", TimeSpan.FromMinutes(15))
        ),
    ];
}
