using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Vault;

public sealed class VaultKeysTests
{
    [Fact]
    public async Task On_AWS_each_region_has_an_entry_a_key_and_a_grant_of_its_own_and_a_second_run_writes_nothing()
    {
        var scene = new VaultScene { Vault = { IsMounted = false } };
        var keys = await scene.EnsureAsync();
        Assert.Equal(
            [
                "arn:aws:kms:us-east-1:111122223333:key/crdb-cmek-25ebef5ed2aa-us-east-1-v1",
                "arn:aws:kms:us-west-2:111122223333:key/crdb-cmek-25ebef5ed2aa-us-west-2-v1",
            ],
            keys.Select(k => k.KeyUri)
        );
        Assert.All(keys, k =>
            Assert.Equal((CmekOutcome.Created, $"crdb-cmek-25ebef5ed2aa-{k.Region}"), (k.Outcome, k.Name))
        );
        Assert.Equal(keys.Select(k => k.KeyUri), scene.Cloud.Grants);
        // Once for the engine and once for each key; its grant is part of that.
        Assert.Equal(3, scene.Log.Questions.Count);

        var writes = scene.Vault.Writes.Count();
        Assert.Equal(7, writes);
        Assert.All(await scene.EnsureAsync(), k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
        Assert.Equal((writes, 3), (scene.Vault.Writes.Count(), scene.Log.Questions.Count));
    }

    [Theory]
    [InlineData(
        "GCP",
        "gcpckms",
        "aes256-gcm96",
        "projects/p/locations/global/keyRings/r/cryptoKeys/crdb-cmek-25ebef5ed2aa-1700000000"
    )]
    [InlineData(
        "AZURE",
        "azurekeyvault",
        "rsa-3072",
        "https://kv-prod.vault.azure.net/keys/crdb-cmek-25ebef5ed2aa-1700000000/crdb-cmek-25ebef5ed2aa-v1"
    )]
    public async Task Elsewhere_one_key_serves_all_regions(string cloud, string provider, string type, string uri)
    {
        var scene = new VaultScene(cloud);
        Assert.All(await scene.EnsureAsync(), k => Assert.Equal(uri, k.KeyUri));
        Assert.Contains($"crdb-cmek-25ebef5ed2aa {type}", scene.Vault.State, StringComparison.Ordinal);
        Assert.Contains(provider, scene.Vault.State, StringComparison.Ordinal);
        Assert.Equal(
            [
                "POST keymgmt/kms/crdb-cmek-25ebef5ed2aa",
                "POST keymgmt/key/crdb-cmek-25ebef5ed2aa",
                "POST keymgmt/kms/crdb-cmek-25ebef5ed2aa/key/crdb-cmek-25ebef5ed2aa",
            ],
            scene.Vault.Writes
        );
    }

    [Theory]
    [InlineData("AWS", """{"access_key":"id","secret_key":"planted-cloud-secret"}""")]
    [InlineData("GCP", """{"service_account_file":"/etc/vault/agent.json"}""")]
    [InlineData(
        "AZURE",
        """{"tenant_id":"11111111-2222-3333-4444-555555555555","client_id":"id","client_secret":"planted-cloud-secret"}"""
    )]
    public async Task An_entry_gets_its_credentials_under_the_names_of_its_provider_or_none(
        string cloud,
        string credentials
    )
    {
        var scene = new VaultScene(cloud);
        await scene.EnsureAsync();
        Assert.Contains(credentials, scene.Vault.State, StringComparison.Ordinal);
        var bare = new VaultScene(cloud) { Credentials = null };
        await bare.EnsureAsync();
        Assert.DoesNotContain("{", bare.Vault.State, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_for_an_entry_whose_key_is_not_distributed_yet_replace_those_that_failed()
    {
        var scene = new VaultScene("GCP");
        scene.Vault.AddEntry("crdb-cmek-25ebef5ed2aa", "gcpckms", "projects/p/locations/global/keyRings/r");
        await scene.EnsureAsync();
        Assert.Contains("/etc/vault/agent.json", scene.Vault.State, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_No_writes_nothing_and_plans_every_key()
    {
        var scene = new VaultScene
        {
            Vault = { IsMounted = false },
            Log = new RecordingLog { Answer = false },
        };
        var keys = await scene.EnsureAsync();
        Assert.All(keys, k => Assert.True(k.IsPlanned));
        Assert.Equal(
            "arn:aws:kms:us-east-1:111122223333:alias/hashicorp/crdb-cmek-25ebef5ed2aa-us-east-1",
            keys[0].KeyUri
        );
        Assert.Equal(3, scene.Log.Questions.Count);
        Assert.Empty(scene.Vault.Writes);
    }

    [Fact]
    public async Task Every_request_may_be_cut_and_a_second_run_ends_as_a_clean_one()
    {
        var clean = await RunAsync(null, after: false);
        for (var request = 1; request <= clean.Requests; request++)
        {
            Assert.Equal(clean.State, (await RunAsync(request, after: false)).State);
            Assert.Equal(clean.State, (await RunAsync(request, after: true)).State);
        }
    }

    [Fact]
    public async Task What_is_wrong_in_every_region_is_said_at_once_and_nothing_is_written()
    {
        var scene = new VaultScene();
        scene.Vault.Add("crdb-cmek-25ebef5ed2aa-us-east-1", "rsa-2048");
        scene.Vault.AddEntry("crdb-cmek-25ebef5ed2aa-us-west-2", "awskms", "eu-west-1");
        var fault = await scene.FailsAsync();
        Assert.Equal("KeysUnfit", fault.ErrorId);
        Assert.Contains("rsa-2048", fault.Message, StringComparison.Ordinal);
        Assert.Contains("eu-west-1, not us-west-2", fault.Message, StringComparison.Ordinal);
        Assert.Empty(scene.Vault.Writes);
    }

    [Fact]
    public async Task A_key_that_exists_is_taken_when_it_was_born_in_this_Vault_and_no_other()
    {
        var scene = new VaultScene("GCP");
        scene.Vault.Add("by-hand", "aes256-gcm96", "gcpckms", "gcpckms", "projects/p/locations/global/keyRings/r");
        var request = scene.Request with
        {
            KeyUris = ["projects/p/locations/global/keyRings/r/cryptoKeys/by-hand-1700000000"],
            Grant = true,
        };
        Assert.All(await scene.Provider.EnsureKeysAsync(request, scene.Context), k =>
            Assert.Equal(request.KeyUris[0], k.KeyUri)
        );
        var fault = await Assert.ThrowsAsync<CmekException>(() =>
            scene.Provider.EnsureKeysAsync(
                request with
                {
                    KeyUris = ["projects/p/locations/global/keyRings/r/cryptoKeys/other"],
                },
                scene.Context
            )
        );
        Assert.Equal("VaultKeyNotFound", fault.ErrorId);
        Assert.Empty(scene.Vault.Writes);
    }

    [Fact]
    public async Task A_region_that_joins_gets_a_key_of_its_own_on_AWS_and_the_key_in_force_elsewhere()
    {
        var aws = new VaultScene();
        var before = await aws.Provider.EnsureKeysAsync(aws.Request with { Regions = ["us-east-1"] }, aws.Context);
        var joined = await aws.Provider.EnsureKeysAsync(
            aws.Request with
            {
                Regions = ["us-west-2"],
                Like = VaultScene.Specs(before)[0],
            },
            aws.Context
        );
        Assert.Equal("crdb-cmek-25ebef5ed2aa-us-west-2", Assert.Single(joined).Name);

        var gcp = new VaultScene("GCP") { Options = new VaultKeyOptions() };
        gcp.Vault.Add(
            "crdb-cmek-25ebef5ed2aa",
            "aes256-gcm96",
            "e",
            "gcpckms",
            "projects/p/locations/global/keyRings/r"
        );
        var like = new CmekRegionSpec
        {
            Region = "europe-west1",
            KeySpec = new CmekKeySpec
            {
                Type = "GCP_CLOUD_KMS",
                Uri = "projects/p/locations/global/keyRings/r/cryptoKeys/crdb-cmek-25ebef5ed2aa-1700000000",
                AuthPrincipal = gcp.Principal,
            },
        };
        Assert.Equal(
            like.KeyUri,
            Assert
                .Single(
                    await gcp.Provider.EnsureKeysAsync(
                        gcp.Request with
                        {
                            Regions = ["us-east4"],
                            Like = like,
                        },
                        gcp.Context
                    )
                )
                .KeyUri
        );
        Assert.Empty(gcp.Vault.Writes);
    }

    private static async Task<(string State, int Requests)> RunAsync(int? cut, bool after)
    {
        var scene = new VaultScene { Vault = { IsMounted = false } };
        scene.Vault.CutAfter = after ? cut : null;
        scene.Vault.CutBefore = after ? null : cut;
        await scene.EnsureAsync();
        var requests = scene.Vault.Requests.Count;
        Assert.All(await scene.EnsureAsync(), k => Assert.Equal(CmekOutcome.Existing, k.Outcome));
        return (
            $"{scene.Vault.State} {string.Join(",", scene.Cloud.Grants)} questions {scene.Log.Questions.Count}",
            requests
        );
    }
}
