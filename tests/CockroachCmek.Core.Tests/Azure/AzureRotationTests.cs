using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;

namespace CockroachCmek.Core.Tests.Azure;

public sealed class AzureRotationTests
{
    [Fact]
    public async Task A_new_version_is_a_new_URI_and_the_old_one_stays_enabled()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync();
        var specs = (await RotateAsync(customer, cluster, info))!;
        Assert.Equal(info.Regions.Select(r => r.Region), specs.Select(s => s.Region));
        Assert.Single(specs.Select(s => s.KeyUri).Distinct());
        var old = info.Regions[0].Keys[0].KeyUri;
        Assert.NotEqual(old, specs[0].KeyUri);
        Assert.Equal(old[..old.LastIndexOf('/')], specs[0].KeyUri[..specs[0].KeyUri.LastIndexOf('/')]);
        Assert.True(
            (bool)(await customer.KeyAsync("GET", new Uri(old).AbsolutePath.TrimStart('/')))["attributes"]!["enabled"]!
        );
        Assert.Equal(specs[0].KeyUri, (await TakeUpAsync(customer, cluster, specs)).Regions[0].Keys[0].KeyUri);
    }

    [Fact]
    public async Task A_version_that_was_not_taken_up_is_used_and_no_other_is_made()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync();
        var first = (await RotateAsync(customer, cluster, info))!;
        var before = customer.Exchanges.Count;
        var second = (await RotateAsync(customer, cluster, info))!;
        Assert.Equal(first.Select(s => s.KeyUri), second.Select(s => s.KeyUri));
        Assert.Empty(customer.WritesSince(before));
        Assert.Contains(customer.Log.VerboseLines, l => l.Contains("is not rotated again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_a_rotation_the_pipeline_finds_the_version_in_force()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync();
        var specs = (await RotateAsync(customer, cluster, info))!;
        await TakeUpAsync(customer, cluster, specs);
        var before = customer.Exchanges.Count;
        Assert.All(await customer.KeysAsync(cluster), k =>
            Assert.Equal((specs[0].KeyUri, CmekOutcome.Existing), (k.KeyUri, k.Outcome))
        );
        Assert.Empty(customer.WritesSince(before));
    }

    [Fact]
    public async Task A_newer_version_that_is_disabled_is_not_taken()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in");
        var unusable = (await RotateAsync(customer, cluster, info))![0].KeyUri;
        await customer.KeyAsync(
            "PATCH",
            new Uri(unusable).AbsolutePath.TrimStart('/'),
            """{"attributes":{"enabled":false}}"""
        );
        Assert.NotEqual(unusable, (await RotateAsync(customer, cluster, info))![0].KeyUri);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dry_run_asks_for_every_key_and_makes_nothing(bool newKey)
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync();
        customer.Forget(answer: false);
        var before = customer.Exchanges.Count;
        Assert.Null(await RotateAsync(customer, cluster, info, newKey));
        Assert.Single(customer.Log.Questions);
        Assert.Empty(customer.WritesSince(before));
    }

    [Fact]
    public async Task A_new_key_has_the_old_ones_shape_and_grants()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync("azure-in", r => r with { RotationPeriodInDays = 200, Tags =
                    new Dictionary<string, string> { ["team"] = "db" }, Azure = r.Azure with { KeySize = 2048 } });
        var specs = (await RotateAsync(customer, cluster, info, newKey: true))!;
        var path = new Uri(specs[0].KeyUri).AbsolutePath.TrimStart('/');
        var key = await customer.KeyAsync("GET", path);
        Assert.EndsWith("-r2", path.Split('/')[1], StringComparison.Ordinal);
        Assert.Equal(
            ("RSA", 342, "db"),
            (
                (string)key["key"]!["kty"]!,
                ((string)key["key"]!["n"]!).TrimEnd('=').Length,
                (string)key["tags"]!["team"]!
            )
        );
        var policy = await customer.KeyAsync("GET", $"keys/{path.Split('/')[1]}/rotationpolicy");
        Assert.Contains("P200D", policy.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(specs[0].KeyUri, (await TakeUpAsync(customer, cluster, specs)).Regions[0].Keys[0].KeyUri);
        await customer.Provider.SettleNewKeysAsync(cluster, specs, customer.Context);
        customer.Conforms();
    }

    [Fact]
    public async Task An_interrupted_replacement_makes_no_third_key_and_settles_the_name()
    {
        await using var customer = new AzureCustomer();
        var (cluster, info) = await customer.EnabledAsync();
        var specs = (await RotateAsync(customer, cluster, info, newKey: true))!;
        Assert.Equal(
            specs.Select(s => s.KeyUri),
            (await RotateAsync(customer, cluster, info, newKey: true))!.Select(s => s.KeyUri)
        );

        // In force, and not settled: that run is only to be finished.
        var after = await TakeUpAsync(customer, cluster, specs);
        var before = customer.Exchanges.Count;
        Assert.Equal(
            specs.Select(s => s.KeyUri),
            (await RotateAsync(customer, cluster, after, newKey: true))!.Select(s => s.KeyUri)
        );
        Assert.Empty(customer.WritesSince(before));

        await customer.Provider.SettleNewKeysAsync(cluster, specs, customer.Context);
        Assert.All(await customer.KeysAsync(cluster), k =>
            Assert.Equal((specs[0].KeyUri, CmekOutcome.Existing), (k.KeyUri, k.Outcome))
        );
        before = customer.Exchanges.Count;
        await customer.Provider.SettleNewKeysAsync(cluster, specs, customer.Context);
        Assert.Empty(customer.WritesSince(before));

        // Settled: the next replacement is another key, and the name leads on to it.
        var third = (await RotateAsync(customer, cluster, after, newKey: true))!;
        Assert.NotEqual(specs[0].KeyUri, third[0].KeyUri);
        await TakeUpAsync(customer, cluster, third);
        await customer.Provider.SettleNewKeysAsync(cluster, third, customer.Context);
        Assert.All(await customer.KeysAsync(cluster), k => Assert.Equal(third[0].KeyUri, k.KeyUri));
    }

    [Fact]
    public async Task An_adopted_key_that_is_replaced_gets_the_clusters_own_name()
    {
        await using var customer = new AzureCustomer();
        await customer.KeyAsync("POST", "keys/theirs/create", """{"kty":"RSA","key_size":2048}""");
        var (cluster, info) = await customer.EnabledAsync("azure-in", r =>
            r with
            {
                KeyUris = [$"{customer.Vault}/keys/theirs"],
                Grant = true,
            }
        );
        var specs = (await RotateAsync(customer, cluster, info, newKey: true))!;
        await TakeUpAsync(customer, cluster, specs);
        await customer.Provider.SettleNewKeysAsync(cluster, specs, customer.Context);
        Assert.Equal(
            (specs[0].KeyUri, CmekOutcome.Existing),
            ((await customer.KeysAsync(cluster))[0].KeyUri, (await customer.KeysAsync(cluster))[0].Outcome)
        );
        Assert.Null((await customer.KeyAsync("GET", "keys/theirs"))["tags"]?["crdb:replaced-by"]);
    }

    private static Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync(
        AzureCustomer customer,
        CrdbCluster cluster,
        CmekInfo info,
        bool newKey = false
    ) =>
        customer.Provider.RotateKeysAsync(
            new RotationRequest
            {
                Cluster = cluster,
                Regions = info.Regions,
                NewKey = newKey,
            },
            customer.Context
        );

    private static async Task<CmekInfo> TakeUpAsync(
        AzureCustomer customer,
        CrdbCluster cluster,
        IReadOnlyList<CmekRegionSpec> specs
    )
    {
        await customer.Client.UpdateCmekAsync(cluster, specs, customer.Context);
        return await customer.Lifecycle.WaitAsync(
            cluster,
            new Cmek.WaitOptions { Expected = CmekStatus.Enabled },
            customer.Context
        );
    }
}
