using CockroachCmek.Core.Keys;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Vault;

public sealed class VaultKeysTests
{
    private const string Key = VaultWorld.KeyName;
    private const string Tenant = "11111111-2222-3333-4444-555555555555";
    private const string ByHand = $"{VaultWorld.KeyRing}/cryptoKeys/by-hand-1700000000";

    [Fact]
    public async Task On_AWS_each_region_gets_its_own_entry_key_and_grant()
    {
        using var world = new VaultWorld { Vault = { IsMounted = false } };
        var keys = await world.EnsureAsync();
        Assert.Equal(
            [
                $"arn:aws:kms:us-east-1:111122223333:key/{Key}-us-east-1-v1",
                $"arn:aws:kms:us-west-2:111122223333:key/{Key}-us-west-2-v1",
            ],
            keys.Select(k => k.KeyUri)
        );
        Assert.All(keys, k => Assert.Equal((CmekOutcome.Created, $"{Key}-{k.Region}"), (k.Outcome, k.Name)));
        Assert.Equal(keys.Select(k => k.KeyUri), world.Cloud.Grants);
        Assert.Equal(7, world.Vault.Writes.Count());
        // One question for the engine and one for each key, which includes the grant.
        Assert.Equal(3, world.Log.Questions.Count);
    }

    [Fact]
    public async Task A_second_run_writes_nothing_and_asks_nothing()
    {
        using var world = new VaultWorld { Vault = { IsMounted = false } };
        await world.EnsureAsync();
        var (writes, questions) = (world.Vault.Writes.Count(), world.Log.Questions.Count);
        Assert.All(await world.EnsureAsync(), k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
        Assert.Equal((writes, questions), (world.Vault.Writes.Count(), world.Log.Questions.Count));
    }

    [Fact]
    public async Task Each_key_is_read_once_in_the_cloud_whether_it_is_new_or_granted_already()
    {
        using var world = new VaultWorld();
        await world.EnsureAsync();
        Assert.Equal(["us-east-1", "us-west-2"], world.Cloud.Imports.Order(StringComparer.Ordinal));
        world.Cloud.Imports.Clear();
        await world.EnsureAsync();
        Assert.Equal(["us-east-1", "us-west-2"], world.Cloud.Imports.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Keys_that_lost_their_grant_are_granted_again_after_a_question_for_each()
    {
        using var world = new VaultWorld();
        await world.EnsureAsync();
        var before = world.Log.Questions.Count;
        world.Cloud.Grants.Clear();
        Assert.All(await world.EnsureAsync(), k => Assert.Equal(CmekOutcome.Updated, k.Outcome));
        Assert.Equal((2, before + 2), (world.Cloud.Grants.Count, world.Log.Questions.Count));
    }

    [Fact]
    public async Task A_warning_that_several_regions_cause_is_given_once_in_a_run()
    {
        using var world = new VaultWorld { Cloud = { Warnings = ["another account"] } };
        await world.EnsureAsync();
        Assert.Equal(["another account"], world.Log.Warnings);
        await world.EnsureAsync();
        Assert.Equal(["another account", "another account"], world.Log.Warnings);
    }

    [Theory]
    [InlineData("GCP", "gcpckms", "aes256-gcm96", $"{VaultWorld.KeyRing}/cryptoKeys/{Key}-1700000000")]
    [InlineData(
        "AZURE",
        "azurekeyvault",
        "rsa-3072",
        $"https://kv-prod.vault.azure.net/keys/{Key}-1700000000/{Key}-v1"
    )]
    public async Task On_other_clouds_one_key_serves_all_regions(string cloud, string provider, string type, string uri)
    {
        using var world = new VaultWorld(cloud);
        Assert.All(await world.EnsureAsync(), k => Assert.Equal(uri, k.KeyUri));
        Assert.Contains($"{Key} {type}", world.Vault.State, StringComparison.Ordinal);
        Assert.Contains(provider, world.Vault.State, StringComparison.Ordinal);
        Assert.Equal(
            [$"POST keymgmt/kms/{Key}", $"POST keymgmt/key/{Key}", $"POST keymgmt/kms/{Key}/key/{Key}"],
            world.Vault.Writes
        );
    }

    [Theory]
    [InlineData("AWS", """{"access_key":"id","secret_key":"planted-cloud-secret"}""")]
    [InlineData("GCP", """{"service_account_file":"/etc/vault/agent.json"}""")]
    [InlineData("AZURE", $$"""{"tenant_id":"{{Tenant}}","client_id":"id","client_secret":"planted-cloud-secret"}""")]
    public async Task An_entry_gets_the_given_credentials_in_the_fields_of_its_provider(
        string cloud,
        string credentials
    )
    {
        using var world = new VaultWorld(cloud);
        await world.EnsureAsync();
        Assert.Contains(credentials, world.Vault.State, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AWS")]
    [InlineData("GCP")]
    [InlineData("AZURE")]
    public async Task An_entry_gets_no_credentials_when_none_were_given(string cloud)
    {
        using var world = new VaultWorld(cloud) { Credentials = null };
        await world.EnsureAsync();
        Assert.Contains("Credentials =  }", world.Vault.State, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_credentials_replace_those_of_an_entry_whose_key_is_not_distributed_yet()
    {
        using var world = new VaultWorld("GCP");
        world.Vault.AddEntry(Key, "gcpckms", VaultWorld.KeyRing);
        await world.EnsureAsync();
        Assert.Contains("/etc/vault/agent.json", world.Vault.State, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Declined_questions_write_nothing_and_return_every_key_as_planned()
    {
        using var world = new VaultWorld
        {
            Vault = { IsMounted = false },
            Log = new RecordingLog { Answer = false },
        };
        var keys = await world.EnsureAsync();
        Assert.All(keys, k => Assert.True(k.IsPlanned));
        Assert.Equal($"arn:aws:kms:us-east-1:111122223333:alias/hashicorp/{Key}-us-east-1", keys[0].KeyUri);
        Assert.Equal(3, world.Log.Questions.Count);
        Assert.Empty(world.Vault.Writes);
    }

    [Fact]
    public async Task Every_request_can_be_cut_and_the_state_is_that_of_a_clean_run()
    {
        var clean = await RunAsync(null, after: false);
        Assert.True(clean.Requests > 15, $"only {clean.Requests} requests");
        for (var request = 1; request <= clean.Requests; request++)
        {
            Assert.Equal(clean.State, (await RunAsync(request, after: false)).State);
            Assert.Equal(clean.State, (await RunAsync(request, after: true)).State);
        }
    }

    [Fact]
    public async Task A_key_that_this_Vault_distributed_can_be_imported()
    {
        using var world = new VaultWorld("GCP");
        world.Vault.AddKey("by-hand", "aes256-gcm96", "gcpckms", "gcpckms", VaultWorld.KeyRing);
        var keys = await world.EnsureAsync(r => r with { KeyUris = [ByHand], Grant = true });
        Assert.All(keys, k => Assert.Equal(ByHand, k.KeyUri));
        Assert.Empty(world.Vault.Writes);
    }

    [Fact]
    public async Task A_key_that_this_Vault_did_not_distribute_is_not_imported()
    {
        using var world = new VaultWorld("GCP");
        var error = await world.EnsureFailsAsync(r => r with { KeyUris = [ByHand], Grant = true });
        Assert.Equal("VaultKeyNotFound", error.ErrorId);
        Assert.Empty(world.Vault.Writes);
    }

    [Fact]
    public async Task On_AWS_a_region_that_joins_gets_its_own_key()
    {
        using var world = new VaultWorld();
        var inForce = world.Specs(await world.EnsureAsync(r => r with { Regions = ["us-east-1"] }));
        var joined = await world.EnsureAsync(r => r with { Regions = ["us-west-2"], Like = inForce[0] });
        Assert.Equal($"{Key}-us-west-2", Assert.Single(joined).Name);
    }

    [Fact]
    public async Task On_other_clouds_a_region_that_joins_uses_the_key_in_force()
    {
        using var world = new VaultWorld("GCP") { Options = CloudOptions.None };
        world.Vault.AddKey(Key, "aes256-gcm96", "e", "gcpckms", VaultWorld.KeyRing);
        var inForce = world.Spec("europe-west1", $"{VaultWorld.KeyRing}/cryptoKeys/{Key}-1700000000");
        var joined = await world.EnsureAsync(r => r with { Regions = ["us-east4"], Like = inForce });
        Assert.Equal(inForce.KeyUri, Assert.Single(joined).KeyUri);
        Assert.Empty(world.Vault.Writes);
    }

    /// <summary>
    /// Runs once with a cut request, and once more; returns the end state and the number of requests of the first
    /// run.
    /// </summary>
    private static async Task<(string State, int Requests)> RunAsync(int? cut, bool after)
    {
        using var world = new VaultWorld { Vault = { IsMounted = false } };
        world.Vault.CutAfter = after ? cut : null;
        world.Vault.CutBefore = after ? null : cut;
        await world.EnsureAsync();
        var requests = world.Vault.Requests.Count;
        Assert.All(await world.EnsureAsync(), k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
        return (
            $"{world.Vault.State} {string.Join(",", world.Cloud.Grants)} questions {world.Log.Questions.Count}",
            requests
        );
    }
}
