using CockroachCmek.Core.Keys;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Gcp;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>What Cloud Logging tells of the use of a key, and what it cannot tell.</summary>
public sealed class GcpUsageTests
{
    [Fact]
    public async Task Where_Data_Access_logs_are_off_uses_are_unknown_and_the_remedy_turns_them_on()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        Assert.Null(logs.Use());
        var usage = await logs.ReadAsync();
        Assert.Null(usage.Uses);
        Assert.Null(usage.Refused);
        Assert.Null(usage.ReadFrom);
        var gap = usage.Gaps[0];
        Assert.Contains("are not on in project sandbox-customer or above it", gap.Why, StringComparison.Ordinal);
        Assert.Contains(
            """{"service":"cloudkms.googleapis.com","auditLogConfigs":[{"logType":"DATA_READ"}]}""",
            gap.Remedy,
            StringComparison.Ordinal
        );
        Assert.Contains(usage.Gaps, g => g.Remedy.Contains("iam.googleapis.com", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Uses_of_the_cluster_are_counted_and_who_else_used_the_key_is_named()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        logs.TurnLogsOn();
        for (var i = 0; i < 3; i++)
            Assert.Null(logs.Use());
        var last = logs.Now - logs.Gcp.LogDelay;
        await logs.World.Administrator.PostAsync($"{logs.Key.KeyUri}:encrypt", """{"plaintext":"AAAA"}""");
        logs.Advance(TimeSpan.FromMinutes(5));

        var usage = await logs.ReadAsync(days: 0);
        Assert.Equal(0, usage.Uses);
        usage = await logs.ReadAsync();
        Assert.Equal((3L, false, 0L), (usage.Uses, usage.UsesIsMinimum, usage.Refused));
        Assert.Equal("Decrypt", usage.LastOperation);
        Assert.InRange(usage.LastUsed!.Value, last.AddHours(-1), last.AddHours(1));
        Assert.Equal(["sandbox-admin@example.com"], usage.OtherPrincipals);
        Assert.Equal("Cloud Logging of project sandbox-customer", usage.Source);
        Assert.True(usage.ReadFrom < usage.LastUsed);
        Assert.Contains("only since", Assert.Single(usage.Gaps).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_entry_is_no_use_only_where_the_log_has_one_of_anybody()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        logs.TurnLogsOn();
        var silent = await logs.ReadAsync();
        Assert.Null(silent.Uses);
        Assert.Contains("hold no use of any key", Assert.Single(silent.Gaps).Why, StringComparison.Ordinal);

        var other = await logs.World.Administrator.CreateKeyAsync();
        await logs.World.Administrator.PostAsync($"{other}:encrypt", """{"plaintext":"AAAA"}""");
        logs.Advance(TimeSpan.FromMinutes(1));
        silent = await logs.ReadAsync();
        Assert.Equal((0L, 0L, null), (silent.Uses, silent.Refused, silent.LastUsed));
        Assert.NotNull(silent.ReadFrom);
    }

    [Fact]
    public async Task An_exempted_account_is_not_said_to_be_silent()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        var member = "serviceAccount:" + logs.Key.AuthPrincipal;
        logs.Gcp.LogDataAccess("iam.googleapis.com");
        logs.Gcp.LogDataAccess("allServices", exempted: member);
        Assert.Null(logs.Use());
        await logs.World.Administrator.PostAsync($"{logs.Key.KeyUri}:encrypt", """{"plaintext":"AAAA"}""");
        logs.Advance(TimeSpan.FromMinutes(1));
        var usage = await logs.ReadAsync();
        Assert.Null(usage.Uses);
        Assert.Contains($"{member} is exempted", usage.Gaps[0].Why, StringComparison.Ordinal);

        logs.Gcp.LogDataAccess("allServices", exempted: "group:somebody@example.com");
        Assert.Null((await logs.ReadAsync()).Uses);
        // What a level above logs cannot be turned off below.
        logs.Gcp.LogDataAccess("cloudkms.googleapis.com", GcpHierarchy.Folder);
        Assert.Null(logs.Use());
        Assert.Equal(1, (await logs.ReadAsync()).Uses);
    }

    [Theory]
    [InlineData("logging.privateLogEntries.list", null, "roles/logging.privateLogViewer")]
    [InlineData("logging.logEntries.list", null, "roles/logging.viewer")]
    [InlineData("logging.buckets.get", 2L, "roles/logging.viewer")]
    [InlineData("resourcemanager.organizations.getIamPolicy", 2L, "")]
    [InlineData("resourcemanager.projects.getIamPolicy", 2L, "gcloud projects get-iam-policy")]
    [InlineData("resourcemanager.projects.get", 2L, "")]
    public async Task A_missing_permission_is_a_gap_and_never_a_silence(string permission, long? uses, string remedy)
    {
        await using var logs = await GcpLogWorld.StartAsync();
        logs.TurnLogsOn();
        logs.Use();
        logs.Use();
        var usage = await logs.ReadAsync(logs.Without(permission));
        Assert.Equal(uses, usage.Uses);
        if (remedy.Length > 0)
            Assert.Contains(usage.Gaps, g => g.Remedy.Contains(remedy, StringComparison.Ordinal));
        // Nobody can know whether the configuration that cannot be read turns the logs on.
        Assert.Equal(permission == "resourcemanager.projects.getIamPolicy", usage.UsesIsMinimum);
    }

    [Fact]
    public async Task Logs_that_are_kept_for_less_time_than_asked_are_said_to_be()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        logs.TurnLogsOn();
        logs.Use();
        logs.Advance(TimeSpan.FromDays(40));
        logs.Use();
        var usage = await logs.ReadAsync(days: 60);
        Assert.Equal(1, usage.Uses);
        Assert.True(usage.ReadFrom > logs.Now.AddDays(-30));
        var gap = Assert.Single(usage.Gaps);
        Assert.Contains("--retention-days", gap.Remedy, StringComparison.Ordinal);

        logs.Gcp.LogRetentionDays = 365;
        usage = await logs.ReadAsync(days: 20);
        Assert.Equal((1L, 0), (usage.Uses, usage.Gaps.Count));
        Assert.Equal(logs.Now.AddDays(-20), usage.ReadFrom!.Value, TimeSpan.FromHours(12));
    }

    [Fact]
    public async Task Logs_that_were_changed_are_known_only_since_then()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        logs.TurnLogsOn();
        logs.Use();
        logs.Advance(TimeSpan.FromDays(5));
        await logs.World.Administrator.PostAsync(
            "projects/sandbox-customer:setIamPolicy",
            """
            {"policy":{"auditConfigs":[{"service":"allServices","auditLogConfigs":[{"logType":"DATA_READ"}]}]},
             "updateMask":"auditConfigs"}
            """
        );
        var changed = logs.Now;
        logs.Advance(TimeSpan.FromMinutes(5));
        var usage = await logs.ReadAsync();
        Assert.Equal(changed, usage.ReadFrom!.Value, TimeSpan.FromHours(12));
    }

    [Fact]
    public async Task Empty_pages_are_followed_and_a_throttled_call_is_repeated()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        logs.TurnLogsOn();
        logs.Use();
        logs.Use();
        logs.Gcp.LogSearchLimit = 3;
        logs.World.Server.Faults.Add(
            new FaultRule
            {
                Action = FaultAction.Status,
                Status = 429,
                Pattern = "entries:list",
                Skip = 1,
                Count = 2,
            }
        );
        Assert.Equal(2, (await logs.ReadAsync()).Uses);
    }

    [Fact]
    public async Task A_limit_that_ends_the_reading_makes_the_number_a_minimum()
    {
        await using var logs = await GcpLogWorld.StartAsync();
        logs.TurnLogsOn();
        logs.Use();
        logs.Gcp.LogDelay = TimeSpan.Zero;
        for (var i = 0; i < 30; i++)
            logs.Use();
        logs.Gcp.LogSearchLimit = 1;
        var usage = await logs.ReadAsync();
        Assert.True(usage.UsesIsMinimum);
        Assert.InRange(usage.Uses!.Value, 1, 20);
        Assert.Contains(usage.Gaps, g => g.Why.Contains("the newest were read", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(CmekRevocationMethod.RemoveGrant, "PERMISSION_DENIED")]
    [InlineData(CmekRevocationMethod.RemoveTrust, "PERMISSION_DENIED")]
    [InlineData(CmekRevocationMethod.DisableIdentity, "FAILED_PRECONDITION")]
    [InlineData(CmekRevocationMethod.DisableKey, "FAILED_PRECONDITION")]
    public async Task After_a_revocation_refusals_follow_the_last_use(CmekRevocationMethod method, string code)
    {
        await using var logs = await GcpLogWorld.StartAsync();
        logs.TurnLogsOn();
        Assert.Null(logs.Use());
        var (world, provider) = (logs.World, logs.World.Provider);
        var request = new RevocationRequest
        {
            Cluster = world.Cluster,
            Keys = [logs.Key],
            Method = method,
        };
        foreach (var change in await provider.PlanRevocationAsync(request, world.Context))
            await provider.RevokeAccessAsync(change, world.Context);
        logs.Advance(TimeSpan.FromMinutes(10));
        Assert.NotNull(logs.Use());
        Assert.NotNull(logs.Use());

        var usage = await logs.ReadAsync();
        Assert.Equal((1L, 2L, code), (usage.Uses, usage.Refused, usage.LastRefusal));
        Assert.True(usage.LastRefused > usage.LastUsed);
    }
}
