using System.Text.Json;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>The day-two writes on AWS: interrupted anywhere and run again, each ends as a clean run does, with as many keys, versions, aliases and writes.</summary>
public sealed class AwsCutPointTests
{
    private const string MultiRegion =
        "$null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | New-CrdbCmekManifest | Enable-CrdbCmek -Wait";

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_version(string action) =>
        new CutPoints(MultiRegion, "$null = Get-CrdbCluster prod-eu | Invoke-CrdbCmekRotation -Wait", s =>
            State(s, "prod-eu", "eu-west-1", "eu-central-1")
        ).Verify(action, atLeast: 8);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_key(string action) =>
        new CutPoints(MultiRegion, "$null = Get-CrdbCluster prod-eu | Invoke-CrdbCmekRotation -NewKey -Wait", s =>
            State(s, "prod-eu", "eu-west-1", "eu-central-1")
        ).Verify(action, atLeast: 25);

    [Theory]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    public void A_new_region(string action) =>
        new CutPoints(MultiRegion, "$null = Get-CrdbCluster prod-eu | Add-CrdbCmekRegion eu-north-1 -Wait", s =>
            State(s, "prod-eu", "eu-west-1", "eu-central-1", "eu-north-1")
        ).Verify(action, atLeast: 15);

    [Theory]
    [InlineData("CutBefore", "Deny")]
    [InlineData("CutAfter", "Deny")]
    [InlineData("CutBefore", "RemoveGrant")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_revocation(string action, string method) =>
        new CutPoints(
            MultiRegion,
            $"$null = Get-CrdbCluster prod-eu | Revoke-CrdbCmek -Method {method} -Confirm:$false",
            s => State(s, "prod-eu", "eu-west-1", "eu-central-1")
        ).Verify(action, atLeast: 12);

    [Theory]
    [InlineData("CutBefore", "Deny")]
    [InlineData("CutAfter", "RemoveGrant")]
    [InlineData("CutAfter", "DisableKey")]
    public void A_restoration(string action, string method) =>
        new CutPoints(
            $"{MultiRegion}; $revocation = Get-CrdbCluster prod-eu | Revoke-CrdbCmek -Method {method} -KmsOnly -Confirm:$false",
            "$null = $revocation | Restore-CrdbCmekAccess",
            s => State(s, "prod-eu", "eu-west-1", "eu-central-1")
        ).Verify(action, atLeast: 5);

    /// <summary>What there is in both clouds, without what differs from run to run: ids become numbers in the order in which the cluster names them.</summary>
    private static string State(ModuleSession session, string cluster, params string[] regions)
    {
        var lines = session
            .Run(
                $"$i = Get-CrdbCmek {cluster}; $i.Status; $i.Regions | ForEach-Object {{ $r = $_; $r.Keys | ForEach-Object {{ \"$($r.Region) $($_.Status) $($_.KeyUri)\" }} }}"
            )
            .Succeeds()
            .Output.Select(o => o.ToString()!)
            .ToList();
        lines.AddRange(
            session
                .Run($"(Get-CrdbCluster {cluster}).Regions | ForEach-Object {{ \"$($_.Name) $($_.NodeCount)\" }}")
                .Succeeds()
                .Output.Select(o => o.ToString()!)
        );
        foreach (var region in regions)
        {
            foreach (
                var id in Items(SandboxAws.Kms(session, region, "ListKeys", "{}"), "Keys", "KeyId")
                    .OrderBy(id => string.Join("\n", lines).IndexOf(id, StringComparison.Ordinal))
            )
            {
                using var metadata = JsonDocument.Parse(
                    SandboxAws.Kms(session, region, "DescribeKey", $$"""{"KeyId":"{{id}}"}""")
                );
                using var policy = JsonDocument.Parse(
                    SandboxAws.Kms(session, region, "GetKeyPolicy", $$"""{"KeyId":"{{id}}"}""")
                );
                var tags = Items(
                    SandboxAws.Kms(session, region, "ListResourceTags", $$"""{"KeyId":"{{id}}"}"""),
                    "Tags",
                    "TagKey"
                );
                var aliases = Items(
                    SandboxAws.Kms(session, region, "ListAliases", $$"""{"KeyId":"{{id}}"}"""),
                    "Aliases",
                    "AliasName"
                );
                var rotations = Items(
                    SandboxAws.Kms(session, region, "ListKeyRotations", $$"""{"KeyId":"{{id}}"}"""),
                    "Rotations",
                    "RotationType"
                );
                lines.Add(
                    $"{region} {id} {metadata.RootElement.GetProperty("KeyMetadata").GetProperty("KeyState").GetString()} {policy.RootElement.GetProperty("Policy").GetString()} tags {string.Join(",", tags)} aliases {string.Join(",", aliases)} rotations {rotations.Count}"
                );
            }
        }

        return CutPoints.Numbered(string.Join("\n", lines));
    }

    private static List<string> Items(string json, string list, string field)
    {
        using var document = JsonDocument.Parse(json);
        return
        [
            .. document.RootElement.GetProperty(list).EnumerateArray().Select(i => i.GetProperty(field).GetString()!),
        ];
    }
}
