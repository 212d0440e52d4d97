using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>A Vault server that is sealed, a standby or a disaster recovery secondary.</summary>
public sealed class VaultHealthTests : IAsyncDisposable
{
    private readonly VaultTestBed _vault = new();

    public ValueTask DisposeAsync() => _vault.DisposeAsync();

    [Theory]
    [InlineData(VaultState.Active, 200, false, "200 ")]
    [InlineData(VaultState.Sealed, 503, true, "503 Vault is sealed")]
    [InlineData(VaultState.Standby, 429, false, "500 local node not active but active cluster node not found")]
    [InlineData(VaultState.PerformanceStandby, 473, false, "200 ")]
    [InlineData(VaultState.DisasterRecoverySecondary, 472, false, "400 path disabled in replication DR secondary mode")]
    public async Task A_server_reports_its_state_and_serves_accordingly(
        VaultState state,
        int health,
        bool isSealed,
        string outcome
    )
    {
        _vault.Sandbox.State = state;
        var response = await _vault.SendAsync("GET", "sys/health", token: "");
        Assert.Equal((health, isSealed), (response.Status, (bool)response.Body["sealed"]!));
        response = await _vault.SendAsync("GET", "sys/seal-status", token: "");
        Assert.Equal((200, isSealed), (response.Status, (bool)response.Body["sealed"]!));
        Assert.Equal(outcome, (await _vault.SendAsync("GET", "sys/mounts")).Refusal);

        string[] states = ["active", "sealed", "standby", "performancestandby", "drsecondary"];
        var query = string.Join("&", states.Select(s => s + "code=299"));
        Assert.Equal(299, (await _vault.SendAsync("GET", "sys/health?" + query, token: "")).Status);
    }

    [Fact]
    public async Task A_standby_redirects_clients_to_the_active_server()
    {
        _vault.Sandbox.ActiveAddress = new Uri("http://127.0.0.1:8200/");
        _vault.Sandbox.State = VaultState.Standby;
        var response = await _vault.SendAsync("POST", "keymgmt/key/k", "{}");
        Assert.Equal(307, response.Status);
        Assert.Equal("http://127.0.0.1:8200/v1/keymgmt/key/k", response.Headers!.Location!.ToString());
        Assert.Equal(200, (await _vault.SendAsync("GET", "sys/health?standbyok=true", token: "")).Status);
    }
}
