using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Cloud KMS: locations and key rings, which are for ever; what is in the rings it hands on.</summary>
internal sealed class KmsRings(SandboxClock clock, GcpData data, GcpAccess access)
{
    /// <summary>Where Cloud KMS is, as far as CockroachDB Cloud is there too, and the multi-regions.</summary>
    private static readonly string[] Locations =
    [
        "global",
        "us",
        "eu",
        "europe",
        "asia",
        "us-central1",
        "us-east1",
        "us-east4",
        "us-east5",
        "us-south1",
        "us-west1",
        "us-west2",
        "us-west3",
        "us-west4",
        "northamerica-northeast1",
        "northamerica-northeast2",
        "southamerica-east1",
        "southamerica-west1",
        "europe-central2",
        "europe-north1",
        "europe-southwest1",
        "europe-west1",
        "europe-west2",
        "europe-west3",
        "europe-west4",
        "europe-west6",
        "europe-west8",
        "europe-west9",
        "europe-west12",
        "me-central1",
        "me-west1",
        "africa-south1",
        "asia-east1",
        "asia-east2",
        "asia-northeast1",
        "asia-northeast2",
        "asia-northeast3",
        "asia-south1",
        "asia-south2",
        "asia-southeast1",
        "asia-southeast2",
        "australia-southeast1",
        "australia-southeast2",
    ];

    public void Seed(string ring, DateTimeOffset created) => data.Rings[ring] = created;

    public static bool IsId(string? id) => id is not null && Regex.IsMatch(id, "^[a-zA-Z0-9_-]{1,63}$");

    /// <summary>Refuses a place where Cloud KMS is not, and a ring that is not there.</summary>
    public void NeedRing(string ring)
    {
        NeedLocation(ring.Split('/')[3]);
        if (!data.Rings.ContainsKey(ring))
            throw GcpFault.NotFound($"KeyRing {ring}");
    }

    /// <summary>Null when the route is not about locations or rings.</summary>
    public JsonObject? Answer(GcpCall call)
    {
        switch (call.Route)
        {
            case "GET locations":
                call.AllowQuery("filter", "pageSize", "pageToken");
                access.Need(call.Principal, "cloudkms.locations.list", call.Up(1));
                return call.Page("locations", Locations.Select(l => Location(call.Up(1), l)), 500, withTotal: false);
            case "GET locations/*":
                call.AllowQuery();
                access.Need(call.Principal, "cloudkms.locations.get", call.Up(2));
                return Locations.Contains(call.Path[3])
                    ? Location(call.Up(2), call.Path[3])
                    : throw GcpFault.NotFound($"Location {call.Name}");
            case "POST locations/*/keyRings":
                return Create(call);
            case "GET locations/*/keyRings":
                call.AllowQuery("filter", "orderBy", "pageSize", "pageToken");
                access.Need(call.Principal, "cloudkms.keyRings.list", call.Up(1));
                NeedLocation(call.Path[3]);
                return call.Page(
                    "keyRings",
                    data.Rings.Where(r => r.Key.StartsWith(call.Name + "/", StringComparison.Ordinal))
                        .Select(r => Ring(r.Key)),
                    1000,
                    withTotal: true
                );
            case "GET locations/*/keyRings/*":
                call.AllowQuery();
                access.Need(call.Principal, "cloudkms.keyRings.get", call.Name);
                NeedRing(call.Name);
                return Ring(call.Name);
            case "GET locations/*/keyRings/*:getIamPolicy":
                call.AllowQuery("options.requestedPolicyVersion");
                access.Need(call.Principal, "cloudkms.keyRings.getIamPolicy", call.Name);
                NeedRing(call.Name);
                return access.Read(call.Name, call.Argument("options.requestedPolicyVersion"));
            case "POST locations/*/keyRings/*:setIamPolicy":
                call.AllowQuery();
                access.Need(call.Principal, "cloudkms.keyRings.setIamPolicy", call.Name);
                NeedRing(call.Name);
                return access.Write(call.Name, call.Body);
            case "POST locations/*/keyRings/*:testIamPermissions":
                call.AllowQuery();
                return access.Test(call.Principal, call.Name, call.Body);
            default:
                return null;
        }
    }

    private JsonObject Create(GcpCall call)
    {
        call.AllowQuery("keyRingId");
        GcpCall.AllowFields(call.Body, "key_ring", "name", "createTime");
        access.Need(call.Principal, "cloudkms.keyRings.create", call.Up(1));
        NeedLocation(call.Path[3]);
        var id = call.Argument("keyRingId");
        if (!IsId(id))
            throw GcpFault.Invalid($"The key_ring_id '{id}' must match [a-zA-Z0-9_-]{{1,63}}.");
        var name = $"{call.Name}/{id}";
        if (data.Rings.ContainsKey(name))
            throw GcpFault.Exists($"KeyRing {name}");
        data.Rings[name] = clock.UtcNow;
        return Ring(name);
    }

    private JsonObject Ring(string name) => new() { ["name"] = name, ["createTime"] = GcpTime.Write(data.Rings[name]) };

    private static JsonObject Location(string project, string id) =>
        new()
        {
            ["name"] = $"{project}/locations/{id}",
            ["locationId"] = id,
            ["metadata"] = new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.cloud.kms.v1.LocationMetadata",
                ["hsmAvailable"] = true,
            },
        };

    private static void NeedLocation(string location)
    {
        if (!Locations.Contains(location))
            throw GcpFault.Invalid($"The request concerns location '{location}', where Cloud KMS is not available.");
    }
}
