using System.Text.Json.Nodes;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Setting up and day two on Azure: interrupted anywhere and run again, each write ends as a clean run does, with as many keys, versions, assignments and writes.</summary>
public sealed class AzureCutPointTests
{
    private const string SetUp =
        "$null = Get-CrdbCluster azure-eu | New-CrdbCmekRole -GrantConsent | New-CrdbCmekKey -VaultName cmek-sandbox -KeySize 2048 -RotationPeriodInDays 200 | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void The_pipeline(string action) => new CutPoints("$null", SetUp, State).Verify(action, atLeast: 20);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_version(string action) =>
        new CutPoints(SetUp, "$null = Get-CrdbCluster azure-eu | Invoke-CrdbCmekRotation -Wait", State).Verify(
            action,
            atLeast: 8
        );

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_key(string action) =>
        new CutPoints(SetUp, "$null = Get-CrdbCluster azure-eu | Invoke-CrdbCmekRotation -NewKey -Wait", State).Verify(
            action,
            atLeast: 15
        );

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_region(string action) =>
        new CutPoints(SetUp, "$null = Get-CrdbCluster azure-eu | Add-CrdbCmekRegion uksouth -Wait", State).Verify(
            action,
            atLeast: 12
        );

    [Theory]
    [InlineData("CutBefore", "RemoveGrant")]
    [InlineData("CutAfter", "RemoveGrant")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_revocation(string action, string method) =>
        new CutPoints(
            SetUp,
            $"$null = Get-CrdbCluster azure-eu | Revoke-CrdbCmek -Method {method} -KmsOnly -Confirm:$false",
            State
        ).Verify(action, atLeast: 5);

    [Theory]
    [InlineData("CutBefore", "RemoveGrant")]
    [InlineData("CutAfter", "RemoveGrant")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_restoration(string action, string method) =>
        new CutPoints(
            $"{SetUp}; $revocation = Get-CrdbCluster azure-eu | Revoke-CrdbCmek -Method {method} -KmsOnly -Confirm:$false",
            "$null = $revocation | Restore-CrdbCmekAccess",
            State
        ).Verify(action, atLeast: 2);

    /// <summary>What there is in both clouds, without what differs from run to run.</summary>
    internal static string State(ModuleSession session)
    {
        using var azure = new SandboxAzure(session);
        var lines = session
            .Run(
                "$i = Get-CrdbCmek azure-eu; $i.Status; $i.Regions | ForEach-Object { $r = $_; $r.Keys | ForEach-Object { \"$($r.Region) $($_.Status) $($_.KeyUri)\" } }"
            )
            .Succeeds()
            .Output.Select(o => o.ToString()!)
            .ToList();
        var vault = $"https://{session.Run("$sandbox.AzureVaultName").Single()}.vault.azure.net";
        foreach (
            var name in Items(azure.Get($"{vault}/keys?api-version=2025-07-01"))
                .Select(k => ((string)k["kid"]!).Split('/')[^1])
                .Order(StringComparer.Ordinal)
        )
        {
            var key = azure.Get($"{vault}/keys/{name}?api-version=2025-07-01");
            var versions = Items(azure.Get($"{vault}/keys/{name}/versions?api-version=2025-07-01"))
                .Select(v => v["attributes"]!["enabled"]!.ToJsonString())
                .Order(StringComparer.Ordinal);
            var tags = (key["tags"] as JsonObject ?? [])
                .OrderBy(t => t.Key, StringComparer.Ordinal)
                .Select(t => $"{t.Key}={t.Value}");
            var policy = azure.Get($"{vault}/keys/{name}/rotationpolicy?api-version=2025-07-01")["lifetimeActions"]!
                .AsArray()
                .Select(a => a!.ToJsonString());
            lines.Add(
                $"{name} versions enabled {string.Join(",", versions)} tags {string.Join(",", tags)} rotation {string.Join(",", policy)}"
            );
        }

        foreach (
            var principal in Items(azure.Get("https://graph.microsoft.com/v1.0/servicePrincipals"))
                .Where(p =>
                    ((string?)p["displayName"])?.StartsWith("CockroachDB Cloud - ", StringComparison.Ordinal) == true
                )
        )
        {
            var grants = Items(
                    azure.Get(
                        $"https://graph.microsoft.com/v1.0/oauth2PermissionGrants?$filter=clientId eq '{principal["id"]}'"
                    )
                )
                .Select(g => $"{g["consentType"]} {g["scope"]}");
            var scope =
                $"https://management.azure.com/subscriptions/{session.Run("$sandbox.AzureSubscriptionId").Single()}";
            var roles = Items(
                    azure.Get(
                        $"{scope}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=principalId eq '{principal["id"]}'"
                    )
                )
                .Select(a => $"{a["id"]} {a["properties"]!["roleDefinitionId"]}");
            lines.Add(
                $"{principal["displayName"]} consents {string.Join(",", grants)} roles {string.Join(",", roles)}"
            );
        }

        return CutPoints.Numbered(string.Join("\n", lines));
    }

    private static IEnumerable<JsonObject> Items(JsonObject answer) =>
        (answer["value"] as JsonArray ?? []).OfType<JsonObject>();
}
