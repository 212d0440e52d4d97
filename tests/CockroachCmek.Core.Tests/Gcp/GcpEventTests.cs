using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>What Cloud Logging and Cloud KMS tell of the changes of a key, and by whom.</summary>
public sealed class GcpEventTests
{
    private const string Administrator = "sandbox-admin@example.com";

    [Fact]
    public async Task Every_change_of_the_key_and_its_account_is_an_event_with_who_made_it()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        var (key, administrator) = (logs.Key.KeyUri, logs.World.Administrator);
        var version = key + "/cryptoKeyVersions/3";
        await administrator.PostAsync($"{key}/cryptoKeyVersions");
        await administrator.PostAsync($"{key}:updatePrimaryVersion", """{"cryptoKeyVersionId":"3"}""");
        await administrator.SendAsync(HttpMethod.Patch, version + "?updateMask=state", """{"state":"DISABLED"}""");
        await administrator.SendAsync(HttpMethod.Patch, version + "?updateMask=state", """{"state":"ENABLED"}""");
        await administrator.PostAsync($"{version}:destroy");
        await administrator.PostAsync($"{version}:restore");
        await administrator.BindAsync(key, GcpAdministrator.Binding("roles/cloudkms.viewer", "user:a@example.com"));
        await administrator.DisableAccountAsync(logs.Key.AuthPrincipal);
        logs.Advance(TimeSpan.FromMinutes(1));

        var read = await logs.ReadEventsAsync();
        Assert.Empty(read.Gaps);
        Assert.Equal(
            [
                (KeyEventAction.IdentityChanged, "DisableServiceAccount"),
                (
                    KeyEventAction.PolicyChanged,
                    "SetIamPolicy, REMOVE roles/cloudkms.cryptoKeyEncrypterDecrypter serviceAccount:"
                        + $"{logs.Key.AuthPrincipal}; ADD roles/cloudkms.viewer user:a@example.com"
                ),
                (KeyEventAction.DeletionCanceled, "RestoreCryptoKeyVersion, version 3"),
                (KeyEventAction.DeletionScheduled, "DestroyCryptoKeyVersion, version 3"),
                (KeyEventAction.Enabled, "UpdateCryptoKeyVersion, version 3"),
                (KeyEventAction.Disabled, "UpdateCryptoKeyVersion, version 3"),
                (KeyEventAction.Rotated, "UpdateCryptoKeyPrimaryVersion, version 3"),
                (KeyEventAction.Rotated, "CreateCryptoKeyVersion, version 3"),
            ],
            read.Events.Select(e => (e.Action, e.Detail))
        );
        Assert.All(read.Events, e => Assert.Equal((key, Administrator), (e.KeyUri, e.Who)));
        Assert.All(read.Events, e => Assert.NotEqual("", e.RequestId));
    }

    [Fact]
    public async Task A_refused_change_has_its_code_and_another_key_of_the_ring_is_left_out()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        var provider = logs.Without("cloudkms.cryptoKeyVersions.create");
        var ring = GcpWorld.RingOf(logs.Key.KeyUri);
        var name = logs.Key.KeyUri.Split('/')[^1];
        await logs.World.Administrator.PostAsync(
            $"{ring}/cryptoKeys?cryptoKeyId={name}-2",
            """{"purpose":"ENCRYPT_DECRYPT"}"""
        );
        await Assert.ThrowsAsync<CmekException>(() =>
            provider.RotateKeysAsync(
                new RotationRequest
                {
                    Cluster = logs.World.Cluster,
                    Regions =
                    [
                        new CmekRegionInfo
                        {
                            Region = logs.Key.Region,
                            Keys =
                            [
                                new CmekKeyInfo
                                {
                                    KeyType = logs.Key.KeyType,
                                    KeyUri = logs.Key.KeyUri,
                                    AuthPrincipal = logs.Key.AuthPrincipal,
                                    CreatedAt = logs.Now,
                                },
                            ],
                        },
                    ],
                },
                logs.World.Context
            )
        );
        logs.Advance(TimeSpan.FromMinutes(1));
        var refused = Assert.Single((await logs.ReadEventsAsync()).Events);
        Assert.Equal(
            (KeyEventAction.Rotated, "PERMISSION_DENIED", "limited@example.com"),
            (refused.Action, refused.Error, refused.Who)
        );
    }

    [Fact]
    public async Task Cloud_KMS_tells_of_versions_that_the_logs_do_not_have()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        await logs.World.Administrator.SendAsync(
            HttpMethod.Patch,
            $"{logs.Key.KeyUri}?updateMask=rotationPeriod,nextRotationTime",
            $$"""{"rotationPeriod":"7776000s","nextRotationTime":"{{logs.Now.AddDays(1):yyyy-MM-ddTHH:mm:ssZ}}"}"""
        );
        logs.Advance(TimeSpan.FromDays(2));
        var read = await logs.ReadEventsAsync(days: 500);
        Assert.Equal(
            [
                (KeyEventAction.Rotated, "version 3", "Cloud KMS", ""),
                (
                    KeyEventAction.RotationChanged,
                    "UpdateCryptoKey",
                    "Cloud Logging of project sandbox-customer",
                    Administrator
                ),
            ],
            read.Events.Take(2).Select(e => (e.Action, e.Detail, e.Source, e.Who))
        );
        Assert.Equal((KeyEventAction.Created, "version 1"), (read.Events[^1].Action, read.Events[^1].Detail));
        Assert.Contains("400 days", Assert.Single(read.Gaps).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("logging.logEntries.list", 2)]
    [InlineData("cloudkms.cryptoKeyVersions.list", 1)]
    public async Task What_may_not_be_read_is_a_gap_and_the_rest_is_read(string permission, int gaps)
    {
        await using var logs = await GcpLogWorld.StartAsync();
        var read = await logs.ReadEventsAsync(logs.Without(permission), days: 300);
        Assert.NotEmpty(read.Events);
        Assert.Equal(gaps, read.Gaps.Count);
        Assert.All(read.Gaps, g => Assert.Contains(permission, g.Why, StringComparison.Ordinal));
    }
}
