namespace CockroachCmek.Core.Tests.Azure;

/// <summary>The use of a key, as Key Vault's audit log shows it, and when the log cannot tell.</summary>
public sealed class AzureUsageTests : IAsyncDisposable
{
    private const string Storage =
        "\"storageAccountId\":\"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/logs1\"";

    private readonly AzureLogWorld _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Without_a_setting_nothing_is_known_and_the_gap_says_how_to_make_one()
    {
        _world.Use();
        _world.Arrive();
        var usage = await _world.UsageAsync();
        Assert.Equal((null, null, null), (usage.Uses, usage.Refused, usage.ReadFrom));
        var gap = Assert.Single(usage.Gaps);
        Assert.Contains("no diagnostic setting", gap.Why, StringComparison.Ordinal);
        Assert.StartsWith("az monitor diagnostic-settings create ", gap.Remedy, StringComparison.Ordinal);
        Assert.Contains(_world.KeyVaultId, gap.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_for_something_else_or_for_another_place_is_not_enough()
    {
        const string Logs = "\"logs\":[{\"category\":\"AuditEvent\",\"enabled\":true}]";
        await _world.SetAsync($"{Storage},{Logs.Replace("AuditEvent", "AzurePolicyEvaluationDetails")}");
        Assert.Contains("AuditEvent", Assert.Single((await _world.UsageAsync()).Gaps).Why, StringComparison.Ordinal);
        await _world.SetAsync($"{Storage},{Logs}");
        _world.Use();
        _world.Arrive();
        var usage = await _world.UsageAsync();
        Assert.Null(usage.Uses);
        Assert.Contains("storage account logs1 only", Assert.Single(usage.Gaps).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Uses_of_the_cluster_are_counted_from_either_table(bool isDedicated)
    {
        _world.Sandbox.LogKeyVault(isDedicated: isDedicated);
        _world.Use(TimeSpan.FromDays(8));
        _world.Use(TimeSpan.FromDays(2));
        Assert.True(_world.Use(TimeSpan.FromDays(1)));
        var last = _world.Now - TimeSpan.FromDays(1);
        await _world.Azure.SendAsync(
            "POST",
            $"{_world.KeyUri}/wrapkey?api-version=7.4",
            """{"alg":"RSA-OAEP-256","value":"AQI"}"""
        );
        _world.Arrive();

        var usage = await _world.UsageAsync();
        Assert.Empty(usage.Gaps);
        Assert.Equal((2, 0, false), (usage.Uses, usage.Refused, usage.UsesIsMinimum));
        Assert.Equal("KeyWrap", usage.LastOperation);
        Assert.Equal(_world.KeyUri.Split('/')[^1], usage.LastKeyMaterialId);
        Assert.True((usage.LastUsed!.Value - last).Duration() < TimeSpan.FromMinutes(5));
        Assert.Equal(_world.Sandbox.Admin.ClientId, Assert.Single(usage.OtherPrincipals));
        Assert.True((usage.ReadFrom!.Value - _world.Now.AddDays(-7)).Duration() < TimeSpan.FromMinutes(5));
        Assert.Equal("Log Analytics workspace crdb-logs", usage.Source);
    }

    [Fact]
    public async Task A_log_that_moved_from_one_table_to_the_other_is_read_in_both()
    {
        _world.Sandbox.LogKeyVault(isDedicated: false);
        _world.Use(TimeSpan.FromDays(2));
        _world.Sandbox.LogKeyVault(isDedicated: true);
        _world.Use();
        _world.Arrive();
        Assert.Equal(2, (await _world.UsageAsync()).Uses);
    }

    [Fact]
    public async Task Silence_is_proven_only_as_far_as_the_log_is_known_to_have_been_on()
    {
        _world.Sandbox.LogKeyVault();
        _world.Use();
        _world.Arrive();
        _world.Advance(TimeSpan.FromDays(10));
        var quiet = await _world.UsageAsync();
        Assert.Equal((0, 0), (quiet.Uses, quiet.Refused));
        Assert.Empty(quiet.Gaps);

        // Longer than the workspace keeps entries.
        var long1 = await _world.UsageAsync(60);
        Assert.Equal(1, long1.Uses);
        Assert.Contains("30 days", Assert.Single(long1.Gaps).Why, StringComparison.Ordinal);
        Assert.StartsWith("az monitor log-analytics workspace update", long1.Gaps[0].Remedy, StringComparison.Ordinal);

        // Changed three days ago: it may have been off before.
        await _world.SetAsync(
            $"\"workspaceId\":\"{_world.Sandbox.WorkspaceId}\",\"logs\":[{{\"categoryGroup\":\"audit\",\"enabled\":true}}]"
        );
        _world.Advance(TimeSpan.FromDays(3));
        var changed = await _world.UsageAsync();
        Assert.Equal(0, changed.Uses);
        Assert.True((changed.ReadFrom!.Value - _world.Now.AddDays(-3)).Duration() < TimeSpan.FromMinutes(5));
        Assert.Contains("created or changed", Assert.Single(changed.Gaps).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_without_any_entry_proves_nothing()
    {
        await _world.SetAsync(
            $"\"workspaceId\":\"{_world.Sandbox.WorkspaceId}\",\"logs\":[{{\"categoryGroup\":\"allLogs\",\"enabled\":true}}]"
        );
        var usage = await _world.UsageAsync();
        Assert.Equal((null, null), (usage.Uses, usage.ReadFrom));
        Assert.Contains("No entry", Assert.Single(usage.Gaps).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workspace_with_a_daily_cap_may_have_dropped_entries()
    {
        _world.Sandbox.LogKeyVault();
        _world.Use(TimeSpan.FromDays(8));
        _world.Arrive();
        await _world.Azure.ArmAsync(
            "PUT",
            _world.Sandbox.WorkspaceId,
            "2023-09-01",
            """{"location":"westeurope","properties":{"workspaceCapping":{"dailyQuotaGb":0.5}}}"""
        );
        var usage = await _world.UsageAsync();
        Assert.Null(usage.Uses);
        Assert.Contains("0.5 GB", Assert.Single(usage.Gaps).Why, StringComparison.Ordinal);
        Assert.Equal((1, true), ((await _world.UsageAsync(9)).Uses, (await _world.UsageAsync(9)).UsesIsMinimum));
    }

    [Fact]
    public async Task Credentials_that_Azure_refuses_are_an_error_and_not_a_gap()
    {
        var stranger = _world.Azure.Connect(
            _world.Azure.Connection with
            {
                ClientSecret = new CockroachCmek.Core.Http.Secret("wrong"),
            }
        );
        var error = await Assert.ThrowsAsync<CmekException>(() => _world.UsageAsync(provider: stranger));
        Assert.Equal("AzureCredentialsRefused", error.ErrorId);
        _world.Sandbox.LogKeyVault();
        await _world.UsageAsync();
    }

    [Fact]
    public async Task Refused_uses_after_a_revocation_are_counted_with_their_code()
    {
        _world.Sandbox.LogKeyVault();
        _world.Use(TimeSpan.FromHours(2));
        var version = _world.KeyUri.Replace($"{_world.Azure.KeyVault}/", "");
        await _world.Azure.ArmAsync("DELETE", await AssignmentAsync(), "2022-04-01");
        _world.Advance(_world.Sandbox.PropagationDelay);
        Assert.False(_world.Use());
        _world.Arrive();
        var usage = await _world.UsageAsync();
        Assert.Equal((1, 1, "403 Forbidden"), (usage.Uses, usage.Refused, usage.LastRefusal));
        Assert.True(usage.LastRefused > usage.LastUsed);
    }

    [Fact]
    public async Task A_partial_result_is_a_minimum_and_never_proof_of_silence()
    {
        _world.Sandbox.LogKeyVault();
        for (var i = 0; i < 4; i++)
            _world.Use(TimeSpan.FromHours(i));
        _world.Arrive();
        _world.Sandbox.QueriesArePartial = true;
        var some = await _world.UsageAsync();
        Assert.Equal((2, true, null), (some.Uses, some.UsesIsMinimum, some.Refused));
        Assert.Contains(some.Gaps, g => g.Why.Contains("a part of the result", StringComparison.Ordinal));
        _world.Advance(TimeSpan.FromDays(8));
        Assert.Null((await _world.UsageAsync()).Uses);
    }

    [Fact]
    public async Task Each_right_that_is_missing_is_a_gap_and_no_number_is_claimed_without_it()
    {
        _world.Sandbox.LogKeyVault();
        _world.Use(TimeSpan.FromDays(8));
        _world.Arrive();
        var (keyVault, workspace) = (
            ("Reader", _world.KeyVaultId),
            ("Log Analytics Reader", _world.Sandbox.WorkspaceId)
        );

        var noWorkspace = await _world.UsageAsync(provider: _world.With(keyVault));
        Assert.Null(noWorkspace.Uses);
        Assert.Contains(noWorkspace.Gaps, g => g.What == "the Log Analytics workspace crdb-logs");
        Assert.All(noWorkspace.Gaps, g => Assert.StartsWith("az role assignment create --role", g.Remedy));

        var noActivity = await _world.UsageAsync(provider: _world.With(keyVault, workspace));
        Assert.Equal((null, null), (noActivity.Uses, noActivity.Refused));
        Assert.Contains("activity log", Assert.Single(noActivity.Gaps).What, StringComparison.Ordinal);

        var nothing = await _world.UsageAsync(provider: _world.With());
        Assert.Equal((null, 1), (nothing.Uses, nothing.Gaps.Count));

        var all = _world.With(("Reader", $"/subscriptions/{_world.Sandbox.SubscriptionId}"));
        Assert.Equal(0, (await _world.UsageAsync(provider: all)).Uses);
    }

    /// <summary>The role assignment of the cluster's application.</summary>
    private async Task<string> AssignmentAsync()
    {
        var cluster = await _world.Azure.ClusterAsync("azure-in");
        var principal = await _world.Azure.GraphAsync(
            "GET",
            $"servicePrincipals(appId='{cluster.AzureClusterIdentityClientId}')"
        );
        var list = await _world.Azure.SendAsync(
            "GET",
            $"https://management.azure.com{_world.KeyVaultId}/providers/Microsoft.Authorization/roleAssignments"
                + $"?api-version=2022-04-01&$filter=principalId%20eq%20'{principal["id"]}'"
        );
        return (string)list["value"]![0]!["id"]!;
    }
}
