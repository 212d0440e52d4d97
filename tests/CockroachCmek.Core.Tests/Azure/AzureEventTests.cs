using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>What happened to a key, from three places that know different parts of it.</summary>
public sealed class AzureEventTests : IAsyncDisposable
{
    private readonly AzureLogWorld _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Changes_of_the_key_are_named_with_who_made_them()
    {
        _world.Sandbox.LogKeyVault();
        var (name, version) = (_world.KeyUri.Split('/')[^2], _world.KeyUri.Split('/')[^1]);
        _world.Advance(TimeSpan.FromMinutes(1));
        await _world.Azure.KeyAsync("POST", $"keys/{name}/rotate");
        foreach (var enabled in new[] { "false", "true", "true" })
        {
            _world.Advance(TimeSpan.FromMinutes(1));
            await _world.Azure.KeyAsync(
                "PATCH",
                $"keys/{name}/{version}",
                $"{{\"attributes\":{{\"enabled\":{enabled}}}}}"
            );
        }

        await _world.Azure.KeyAsync("POST", "keys/of-somebody-else/create", """{"kty":"RSA","key_size":2048}""");
        _world.Advance(TimeSpan.FromMinutes(1));
        await _world.Azure.KeyAsync("DELETE", $"keys/{name}");
        _world.Arrive();
        await _world.Azure.KeyAsync("POST", $"deletedkeys/{name}/recover");
        _world.Arrive();

        var events = (await _world.EventsAsync()).Events;
        Assert.Equal(
            [
                KeyEventAction.DeletionCanceled,
                KeyEventAction.DeletionScheduled,
                KeyEventAction.PropertiesChanged,
                KeyEventAction.Enabled,
                KeyEventAction.Disabled,
                KeyEventAction.Rotated,
                // Before the log: only the version tells.
                KeyEventAction.Created,
            ],
            events.Select(e => e.Action)
        );
        Assert.All(events, e => Assert.Equal(_world.KeyUri, e.KeyUri));
        Assert.All(events.SkipLast(1), e => Assert.Equal(_world.Sandbox.Admin.ClientId, e.Who));
        Assert.All(events.SkipLast(1), e => Assert.NotEmpty(e.RequestId));
        Assert.Equal(("", "Key Vault"), (events[^1].Who, events[^1].Source));
        Assert.Equal($"KeyUpdate, version {version}", events[3].Detail);
    }

    [Fact]
    public async Task Changes_around_the_Key_Vault_come_from_the_activity_log_once_each()
    {
        var role = "/providers/Microsoft.Authorization/roleAssignments/" + Guid.NewGuid();
        var group = _world.KeyVaultId.Split("/providers/")[0];
        var body =
            $"{{\"properties\":{{\"roleDefinitionId\":\"/subscriptions/{_world.Sandbox.SubscriptionId}/providers/"
            + "Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6\","
            + $"\"principalId\":\"{_world.Sandbox.Admin.ObjectId}\"}}}}";
        await _world.Azure.ArmAsync("PUT", $"/subscriptions/{_world.Sandbox.SubscriptionId}{role}", "2022-04-01", body);
        // Of another key in the same Key Vault: not an event of this one.
        var other = role.Replace(role.Split('/')[^1], Guid.NewGuid().ToString());
        await _world.Azure.ArmAsync("PUT", $"{_world.KeyVaultId}/keys/other{other}", "2022-04-01", body);
        await _world.Azure.ArmAsync(
            "PUT",
            $"{group}/providers/Microsoft.Authorization/locks/keep",
            "2020-05-01",
            """{"properties":{"level":"CanNotDelete"}}"""
        );
        await _world.Azure.ArmAsync("PATCH", _world.KeyVaultId, "2026-02-01", """{"tags":{"a":"b"}}""");
        await _world.Azure.ArmAsync(
            "PATCH",
            _world.Azure.KeyVaultId(_world.Sandbox.PolicyVaultName),
            "2026-02-01",
            """{"tags":{"a":"b"}}"""
        );
        _world.Arrive();
        var read = await _world.EventsAsync();
        Assert.Equal(
            [
                "PropertiesChanged Microsoft.KeyVault/vaults/write on Key Vault cmek-sandbox",
                "PropertiesChanged Microsoft.Authorization/locks/write on resource group crdb-cmek",
                "PolicyChanged Microsoft.Authorization/roleAssignments/write on "
                    + $"subscription {_world.Sandbox.SubscriptionId}",
            ],
            read.Events.Where(e => e.Source == "Activity log").Select(e => $"{e.Action} {e.Detail}")
        );
        Assert.All(read.Events.Where(e => e.Source == "Activity log"), e =>
            Assert.Equal(_world.Sandbox.Admin.ObjectId, e.Who)
        );
        Assert.Contains(read.Gaps, g => g.Why.Contains("no diagnostic setting", StringComparison.Ordinal));
        Assert.Contains(read.Gaps, g => g.Why.Contains("Entra", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_read_is_a_gap()
    {
        _world.Sandbox.LogKeyVault();
        var blind = await _world.EventsAsync(100, _world.With(("Reader", _world.KeyVaultId)));
        Assert.Empty(blind.Events);
        Assert.Equal(
            ["the activity log of", "the Log Analytics workspace", "the versions of", "changes of the enterprise"],
            blind
                .Gaps.Select(g => string.Join(" ", g.What.Split(' ').Take(g.What.Contains("versions") ? 3 : 4)))
                .Select(t => t.Replace(" subscription", "").Replace(" crdb-logs", ""))
                .Order(StringComparer.OrdinalIgnoreCase)
                .OrderBy(t => t.StartsWith("changes", StringComparison.Ordinal))
        );
        var all = await _world.EventsAsync(100);
        Assert.Contains(all.Gaps, g => g.Why == "The activity log keeps 90 days.");
    }
}
