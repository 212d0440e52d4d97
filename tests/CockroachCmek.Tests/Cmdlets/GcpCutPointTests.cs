using System.Text.Json;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Setting up and day two on Google Cloud: interrupted anywhere and run again, each write ends as a clean run does, with as many keys, versions, bindings and writes.</summary>
public sealed class GcpCutPointTests
{
    private const string SetUp =
        "$null = Get-CrdbCluster gcp-eu | New-CrdbCmekRole | New-CrdbCmekKey -RotationPeriodInDays 90 | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void The_pipeline(string action) => new CutPoints("$null", SetUp, State).Verify(action, atLeast: 20);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_version(string action) =>
        new CutPoints(SetUp, "$null = Get-CrdbCluster gcp-eu | Invoke-CrdbCmekRotation -Wait", State).Verify(
            action,
            atLeast: 10
        );

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_key(string action) =>
        new CutPoints(SetUp, "$null = Get-CrdbCluster gcp-eu | Invoke-CrdbCmekRotation -NewKey -Wait", State).Verify(
            action,
            atLeast: 15
        );

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_region(string action) =>
        new CutPoints(SetUp, "$null = Get-CrdbCluster gcp-eu | Add-CrdbCmekRegion europe-north1 -Wait", State).Verify(
            action,
            atLeast: 12
        );

    [Theory]
    [InlineData("CutBefore", "RemoveGrant")]
    [InlineData("CutAfter", "RemoveGrant")]
    [InlineData("CutBefore", "RemoveTrust")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_revocation(string action, string method) =>
        new CutPoints(
            SetUp,
            $"$null = Get-CrdbCluster gcp-eu | Revoke-CrdbCmek -Method {method} -KmsOnly -Confirm:$false",
            State
        ).Verify(action, atLeast: 6);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_revocation_to_its_end(string action) =>
        // The grants are gone for long, so that nothing but CockroachDB's own part is left to be told.
        new CutPoints(
            $"{SetUp}; $null = Get-CrdbCluster gcp-eu | Revoke-CrdbCmek -KmsOnly -Confirm:$false; {Settle}",
            "$null = Get-CrdbCluster gcp-eu | Revoke-CrdbCmek -Confirm:$false",
            State
        ).Verify(action, atLeast: 8);

    [Theory]
    [InlineData("CutBefore", "RemoveGrant")]
    [InlineData("CutAfter", "RemoveTrust")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_restoration(string action, string method) =>
        new CutPoints(
            $"{SetUp}; $revocation = Get-CrdbCluster gcp-eu | Revoke-CrdbCmek -Method {method} -KmsOnly -Confirm:$false",
            "$null = $revocation | Restore-CrdbCmekAccess",
            State
        ).Verify(action, atLeast: 4);

    /// <summary>Sandbox time goes on while requests are made: changes of IAM take effect a minute later.</summary>
    private const string Settle = "foreach ($i in 1..40) { $null = Get-CrdbOrganization }";

    /// <summary>What there is in both clouds, without what differs from run to run.</summary>
    private static string State(ModuleSession session)
    {
        var lines = session
            .Run(
                "$i = Get-CrdbCmek gcp-eu; $i.Status; $i.Regions | ForEach-Object { $r = $_; $r.Keys | ForEach-Object { \"$($r.Region) $($_.Status) $($_.KeyUri)\" } }"
            )
            .Succeeds()
            .Output.Select(o => o.ToString()!)
            .ToList();
        foreach (
            var location in session
                .Run("(Get-CrdbCluster gcp-eu).Regions.Name")
                .Succeeds()
                .Output.Select(o => o.ToString())
        )
        {
            var rings = Items(
                SandboxGcp.Get(session, $"projects/sandbox-customer/locations/{location}/keyRings"),
                "keyRings"
            );
            lines.AddRange(rings.Select(r => r.GetProperty("name").GetString()!));
            foreach (
                var key in rings.SelectMany(r =>
                    Items(SandboxGcp.Get(session, $"{r.GetProperty("name")}/cryptoKeys"), "cryptoKeys")
                )
            )
            {
                var name = key.GetProperty("name").GetString()!;
                var versions = Items(SandboxGcp.Get(session, $"{name}/cryptoKeyVersions"), "cryptoKeyVersions")
                    .Select(v => v.GetProperty("state").GetString());
                var primary = key.TryGetProperty("primary", out var p)
                    ? p.GetProperty("name").GetString()!.Split('/')[^1]
                    : "none";
                var labels = key.TryGetProperty("labels", out var l)
                    ? string.Join(
                        ",",
                        l.EnumerateObject()
                            .OrderBy(i => i.Name, StringComparer.Ordinal)
                            .Select(i => $"{i.Name}={i.Value}")
                    )
                    : "";
                lines.Add(
                    $"{name} {string.Join(",", versions)} primary {primary} labels {labels} rotated {(key.TryGetProperty("rotationPeriod", out var period) ? period : default)} {Bindings(SandboxGcp.Get(session, $"{name}:getIamPolicy?options.requestedPolicyVersion=3"))}"
                );
            }
        }

        foreach (
            var account in Items(SandboxGcp.Get(session, "projects/sandbox-customer/serviceAccounts"), "accounts")
                .Select(a => a.GetProperty("email").GetString())
        )
            lines.Add(
                $"{account} {Bindings(SandboxGcp.Post(session, $"projects/sandbox-customer/serviceAccounts/{account}:getIamPolicy", null))}"
            );
        return CutPoints.Numbered(string.Join("\n", lines));
    }

    private static IEnumerable<JsonElement> Items(JsonElement answer, string list) =>
        answer.TryGetProperty(list, out var items) ? items.EnumerateArray() : [];

    private static string Bindings(JsonElement policy) =>
        string.Join(
            ";",
            Items(policy, "bindings")
                .Select(b => $"{b.GetProperty("role")}:{string.Join(",", b.GetProperty("members").EnumerateArray())}")
                .Order(StringComparer.Ordinal)
        );
}
