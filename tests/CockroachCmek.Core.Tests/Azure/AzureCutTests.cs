using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Promises 1 and 2 for day two on Azure: whatever request is cut, what is done again where it gave up ends as a clean run does.</summary>
public sealed class AzureCutTests
{
    [Theory]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task Rotation_replacement_revocation_and_restoring_survive_every_cut(FaultAction action)
    {
        var (clean, requests) = await RunAsync(null);
        Assert.Contains("versions 2 1", clean, StringComparison.Ordinal);
        Assert.Contains("revoked Planned, Done; granted", clean, StringComparison.Ordinal);
        for (var request = 0; request < requests; request++)
        {
            var (cut, _) = await RunAsync(new FaultRule { Service = "azure", Skip = request, Action = action });
            Assert.True(clean == cut, $"{action} of request {request} ends differently:\n{clean}\nbecame\n{cut}");
        }
    }

    private static async Task<(string State, int Requests)> RunAsync(FaultRule? fault)
    {
        await using var customer = new AzureCustomer();
        var cluster = await customer.ClusterAsync("azure-in");
        await customer.RoleAsync(cluster);
        var first = (await customer.KeysAsync(cluster, r => r with { RotationPeriodInDays = 100, Azure = r.Azure with { KeySize = 2048 } }))[0];
        var before = customer.Exchanges.Count;
        if (fault is not null) customer.Server.Faults.Add(fault);

        var rotated = (await AgainAsync(customer, () => RotateAsync(customer, cluster, first.KeyUri, newKey: false)))![0];
        var replaced = (await AgainAsync(customer, () => RotateAsync(customer, cluster, rotated.KeyUri, newKey: true)))!;
        await AgainAsync(customer, async () =>
        {
            await customer.Provider.SettleNewKeysAsync(cluster, replaced, customer.Context);
            return true;
        });
        var request = new RevocationRequest { Cluster = cluster, Keys = replaced };
        var plan = await AgainAsync(customer, () => customer.Provider.PlanRevocationAsync(request, customer.Context));
        var done = await AgainAsync(customer, () => customer.Provider.RevokeAccessAsync(plan[0], customer.Context));
        var revoked = await AgainAsync(customer, () => customer.Provider.PlanRevocationAsync(request, customer.Context));
        await AgainAsync(customer, () => customer.Provider.RestoreAccessAsync(done, customer.Context));

        var requests = customer.Exchanges.Count - before;
        customer.Server.Faults.Clear();
        var access = (await customer.Provider.PlanRevocationAsync(request, customer.Context))[0];
        var found = await customer.KeysAsync(cluster);
        var counts = await Task.WhenAll(new[] { first.Name, found[0].Name }.Select(async n => (await customer.KeyAsync("GET", $"keys/{n}/versions"))["value"]!.AsArray().Count));
        var tags = (await customer.KeyAsync("GET", $"keys/{found[0].Name}"))["tags"]!.AsObject().Select(t => t.Key).Order(StringComparer.Ordinal);
        var policy = (await customer.KeyAsync("GET", $"keys/{found[0].Name}/rotationpolicy"))["lifetimeActions"]!.AsArray().OfType<JsonObject>().Count(a => a.ToJsonString().Contains("P100D", StringComparison.Ordinal));
        var all = (await customer.KeyAsync("GET", "keys"))["value"]!.AsArray().Count;
        return ($"keys {all} versions {string.Join(" ", counts)}; found {found[0].Name == replaced[0].KeyUri.Split('/')[4]} {found[0].Outcome}; tags {string.Join(" ", tags)}; rotating {policy}; "
            + $"revoked {plan[0].State}, {revoked[0].State}; granted {access.State} {access.Document == plan[0].Document}", requests);
    }

    /// <summary>As a person would: the same command again, where the first gave up.</summary>
    private static async Task<T> AgainAsync<T>(AzureCustomer customer, Func<Task<T>> command)
    {
        try
        {
            return await command();
        }
        catch (CmekException fault) when (fault.ErrorId == "AzureUnreachable")
        {
            customer.Server.Faults.Clear();
            return await command();
        }
    }

    private static Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync(AzureCustomer customer, CrdbCluster cluster, string uri, bool newKey) => customer.Provider.RotateKeysAsync(
        new RotationRequest
        {
            Cluster = cluster,
            NewKey = newKey,
            Regions = [new CmekRegionInfo { Region = "centralindia", Status = CmekStatus.Enabled, Keys = [new CmekKeyInfo { KeyType = "AZURE_KEY_VAULT", KeyUri = uri, AuthPrincipal = customer.Azure.TenantId, Status = CmekStatus.Enabled }] }],
        },
        customer.Context);
}
