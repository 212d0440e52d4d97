using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Where the records of a revocation go.</summary>
public sealed class RevocationPathTests
{
    [Fact]
    public void Several_clusters_with_one_file_keep_a_record_each()
    {
        using var session = ModuleSession.WithSandbox();
        session
            .Run(
                "$null = Get-CrdbCluster dev-aws | New-CrdbCmekRole | New-CrdbCmekKey | New-CrdbCmekManifest | "
                    + "Enable-CrdbCmek -Wait"
            )
            .Succeeds();
        var folder = Directory.CreateTempSubdirectory("crdb-records-").FullName;
        var records = session
            .Run($"Revoke-CrdbCmek prod-eu-old, dev-aws -KmsOnly -Confirm:$false -Path '{folder}/one.json'")
            .Succeeds()
            .Output.Select(r => r.Text("Path"))
            .ToList();
        Assert.Equal(2, records.Distinct().Count());
        Assert.All(records, r => Assert.True(File.Exists(r), r));
        Directory.Delete(folder, recursive: true);
    }
}
