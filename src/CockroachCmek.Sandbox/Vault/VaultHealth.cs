using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>The state of a Vault server.</summary>
public enum VaultState
{
    /// <summary>Handles requests.</summary>
    Active,

    /// <summary>Waits to take over and redirects clients to the active server.</summary>
    Standby,

    /// <summary>Waits to take over and handles requests meanwhile (Enterprise).</summary>
    PerformanceStandby,

    /// <summary>Belongs to a cluster that only replicates another one. Handles no requests (Enterprise).</summary>
    DisasterRecoverySecondary,

    /// <summary>Cannot decrypt its storage. Handles no requests.</summary>
    Sealed,
}

/// <summary>The two paths that report the server's state without a token.</summary>
internal sealed class VaultHealth(SandboxClock clock, VaultData data)
{
    /// <summary>sys/health. The status code is the state; the query can ask for other codes.</summary>
    public SandboxResponse Health(SandboxRequest request)
    {
        var state = data.ServerState;
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
            ["version"] = Version,
            ["enterprise"] = !data.OpenSource,
        };
        if (state != VaultState.Sealed)
        {
            body["cluster_name"] = "vault-cluster-sandbox";
            body["cluster_id"] = data.ClusterId;
        }

        return Json(StatusCode(request, state), body);
    }

    /// <summary>sys/seal-status, which always returns 200.</summary>
    public SandboxResponse SealStatus()
    {
        var isSealed = data.ServerState == VaultState.Sealed;
        var body = new JsonObject
        {
            ["type"] = "shamir",
            ["initialized"] = true,
            ["sealed"] = isSealed,
            ["t"] = 3,
            ["n"] = 5,
            ["progress"] = 0,
            ["nonce"] = "",
            ["version"] = Version,
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

    private static int StatusCode(SandboxRequest request, VaultState state)
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
        return query.TryGetValue(code, out var asked)
            && int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 200 and < 600
                ? number
            : parameter.Length > 0 && query.TryGetValue(parameter, out var ok) && ok != "false" ? 200
            : fallback;
    }

    private string Version => data.Version + (data.OpenSource ? "" : "+ent");

    private static SandboxResponse Json(int status, JsonObject body) =>
        new(status, Encoding.UTF8.GetBytes(body.ToJsonString()), "application/json");
}
