using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>What a Vault server can be in.</summary>
public enum VaultState
{
    /// <summary>Serves.</summary>
    Active,

    /// <summary>Waits to take over; sends clients to the active server.</summary>
    Standby,

    /// <summary>Waits to take over, and serves meanwhile (Enterprise).</summary>
    PerformanceStandby,

    /// <summary>Of a cluster that only copies another: serves nobody (Enterprise).</summary>
    DisasterRecoverySecondary,

    /// <summary>Has no key to its own storage.</summary>
    Sealed,
}

/// <summary>The two paths that tell anybody, token or not, how the server is.</summary>
internal sealed class VaultHealth(SandboxClock clock, VaultData data)
{
    /// <summary>The status code is the answer; a query may ask for other codes.</summary>
    public SandboxResponse Health(SandboxRequest request, VaultState state, string version, bool openSource)
    {
        var (code, parameter, fallback) = state switch
        {
            VaultState.Sealed => ("sealedcode", "", 503),
            VaultState.DisasterRecoverySecondary => ("drsecondarycode", "", 472),
            VaultState.PerformanceStandby => ("performancestandbycode", "perfstandbyok", 473),
            VaultState.Standby => ("standbycode", "standbyok", 429),
            _ => ("activecode", "", 200),
        };
        var query = request
            .Query.Split('&')
            .Select(p => p.Split(['='], 2))
            .GroupBy(p => p[0])
            .ToDictionary(g => g.Key, g => g.First().Length > 1 ? g.First()[1] : "");
        var status =
            query.TryGetValue(code, out var asked)
            && int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 200 and < 600
                ? number
            : parameter.Length > 0 && query.TryGetValue(parameter, out var ok) && ok != "false" ? 200
            : fallback;
        var body = new JsonObject
        {
            ["initialized"] = true,
            ["sealed"] = state == VaultState.Sealed,
            ["standby"] = state != VaultState.Active,
            ["performance_standby"] = state == VaultState.PerformanceStandby,
            ["replication_performance_mode"] = state == VaultState.Sealed ? "unknown" : "disabled",
            ["replication_dr_mode"] = state switch
            {
                VaultState.Sealed => "unknown",
                VaultState.DisasterRecoverySecondary => "secondary",
                _ => "disabled",
            },
            ["server_time_utc"] = clock.UtcNow.ToUnixTimeSeconds(),
            ["version"] = version,
            ["enterprise"] = !openSource,
        };
        if (state != VaultState.Sealed)
        {
            body["cluster_name"] = "vault-cluster-sandbox";
            body["cluster_id"] = data.ClusterId;
        }

        return Json(status, body);
    }

    /// <summary>Always 200.</summary>
    public SandboxResponse SealStatus(VaultState state, string version)
    {
        var isSealed = state == VaultState.Sealed;
        var body = new JsonObject
        {
            ["type"] = "shamir",
            ["initialized"] = true,
            ["sealed"] = isSealed,
            ["t"] = 3,
            ["n"] = 5,
            ["progress"] = 0,
            ["nonce"] = "",
            ["version"] = version,
            ["migration"] = false,
            ["recovery_seal"] = false,
            ["storage_type"] = "raft",
        };
        if (!isSealed)
        {
            body["cluster_name"] = "vault-cluster-sandbox";
            body["cluster_id"] = data.ClusterId;
        }

        return Json(200, body);
    }

    private static SandboxResponse Json(int status, JsonObject body) =>
        new(status, Encoding.UTF8.GetBytes(body.ToJsonString()), "application/json");
}
