using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Cloud KMS: key versions and their states.</summary>
internal sealed class KmsKeyVersions(
    SandboxClock clock,
    GcpData data,
    GcpAccess access,
    GcpConstraints constraints,
    KmsKeys keys
)
{
    private const string Versions = "locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions";
    private const string Version = Versions + "/*";

    /// <summary>Handles requests about key versions; null for any other route.</summary>
    public JsonObject? Handle(GcpCall call)
    {
        switch (call.Route)
        {
            case "POST " + Versions:
                return Create(call);
            case "GET " + Versions:
                return List(call);
            case "GET " + Version:
                return Require(call, "get", out _).ToJson();
            case "PATCH " + Version:
                return Patch(call);
            case "POST " + Version + ":destroy":
                return Destroy(call);
            case "POST " + Version + ":restore":
                return Restore(call);
            case "DELETE " + Version:
                return Delete(call);
            default:
                return null;
        }
    }

    /// <summary>Changes an enabled or disabled version to ENABLED, DISABLED or DESTROY_SCHEDULED.</summary>
    public void SetState(CryptoKey key, CryptoKeyVersion version, string state)
    {
        if (version.State == "ENABLED" && state != "ENABLED")
            version.UsableUntil = clock.UtcNow + data.KeyStateDelay;
        version.State = state;
        if (state == "DESTROY_SCHEDULED")
            version.DestroyTime = clock.UtcNow + key.DestroyDelay;
    }

    private CryptoKeyVersion Require(GcpCall call, string permission, out CryptoKey key, params string[] query)
    {
        call.AllowQuery(query);
        access.Require(call.Principal, "cloudkms.cryptoKeyVersions." + permission, call.Name);
        key = keys.FindExisting(call.Parent(2));
        return key.FindVersion(call.Path.Last());
    }

    private JsonObject List(GcpCall call)
    {
        call.AllowQuery("filter", "orderBy", "pageSize", "pageToken", "view");
        access.Require(call.Principal, "cloudkms.cryptoKeyVersions.list", call.Parent(1));
        return call.Page(
            "cryptoKeyVersions",
            keys.FindExisting(call.Parent(1)).Versions.Select(v => v.ToJson()),
            1000,
            withTotal: true
        );
    }

    private JsonObject Create(GcpCall call)
    {
        call.AllowQuery();
        access.Require(call.Principal, "cloudkms.cryptoKeyVersions.create", call.Parent(1));
        GcpJson.AllowFields(
            call.Body,
            "crypto_key_version",
            "name",
            "state",
            "algorithm",
            "protectionLevel",
            "createTime",
            "externalProtectionLevelOptions"
        );
        var key = keys.FindExisting(call.Parent(1));
        if (key.ImportOnly)
            throw GcpException.Precondition($"{key.Name} takes imported versions only.");
        return key.AddVersion(clock.UtcNow).ToJson();
    }

    private JsonObject Patch(GcpCall call)
    {
        var version = Require(call, "update", out var key, "updateMask");
        GcpJson.AllowFields(
            call.Body,
            "crypto_key_version",
            "name",
            "state",
            "algorithm",
            "protectionLevel",
            "createTime",
            "generateTime",
            "externalProtectionLevelOptions"
        );
        if (GcpJson.Mask(call.Argument("updateMask")) is not ["state"])
            throw GcpException.Invalid("The update_mask must be 'state'.");
        var state = GcpJson.Text(call.Body, "state");
        if (state is not ("ENABLED" or "DISABLED"))
            throw GcpException.Invalid($"The state of a version can be set to ENABLED or DISABLED, not to {state}.");
        if (version.State is not ("ENABLED" or "DISABLED"))
            throw GcpException.Precondition($"{version.Name} cannot become {state}: its state is {version.State}.");
        SetState(key, version, state);
        return version.ToJson();
    }

    private JsonObject Destroy(GcpCall call)
    {
        var version = Require(call, "destroy", out var key);
        GcpJson.AllowFields(call.Body, "");
        if (version.State is not ("ENABLED" or "DISABLED"))
            throw GcpException.Precondition($"{version.Name} cannot be destroyed: its state is {version.State}.");
        constraints.RequireDestruction(version);
        SetState(key, version, "DESTROY_SCHEDULED");
        return version.ToJson();
    }

    private JsonObject Restore(GcpCall call)
    {
        var version = Require(call, "restore", out _);
        GcpJson.AllowFields(call.Body, "");
        if (version.State != "DESTROY_SCHEDULED")
            throw GcpException.Precondition($"{version.Name} cannot be restored: its state is {version.State}.");
        (version.State, version.DestroyTime) = ("DISABLED", null);
        return version.ToJson();
    }

    private JsonObject Delete(GcpCall call)
    {
        var version = Require(call, "delete", out var key);
        if (version.State is not ("DESTROYED" or "IMPORT_FAILED"))
            throw GcpException.Precondition(
                $"{version.Name} cannot be deleted: its state is {version.State}, not DESTROYED."
            );
        key.Versions.Remove(version);
        return call.DoneOperation();
    }
}
