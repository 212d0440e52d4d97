using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Cloud KMS: locations and key rings. A key ring can never be deleted.</summary>
internal sealed class KmsRings(SandboxClock clock, GcpData data, GcpAccess access, GcpConstraints constraints)
{
    /// <summary>The regions that CockroachDB Cloud also has, and the multi-regions.</summary>
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

    /// <summary>Requires that the location and the key ring exist.</summary>
    public void RequireRing(string ring)
    {
        RequireLocation(ring.Split('/')[3]);
        if (!data.Rings.ContainsKey(ring))
            throw GcpException.NotFound($"KeyRing {ring}");
    }

    /// <summary>Handles requests about locations and key rings; null for any other route.</summary>
    public JsonObject? Handle(GcpCall call)
    {
        switch (call.Route)
        {
            case "GET locations":
                call.AllowQuery("filter", "pageSize", "pageToken");
                access.Require(call.Principal, "cloudkms.locations.list", call.Parent(1));
                return call.Page(
                    "locations",
                    Locations.Select(l => Location(call.Parent(1), l)),
                    500,
                    withTotal: false
                );
            case "GET locations/*":
                call.AllowQuery();
                access.Require(call.Principal, "cloudkms.locations.get", call.Parent(2));
                return Locations.Contains(call.Path[3])
                    ? Location(call.Parent(2), call.Path[3])
                    : throw GcpException.NotFound($"Location {call.Name}");
            case "POST locations/*/keyRings":
                return Create(call);
            case "GET locations/*/keyRings":
                call.AllowQuery("filter", "orderBy", "pageSize", "pageToken");
                access.Require(call.Principal, "cloudkms.keyRings.list", call.Parent(1));
                RequireLocation(call.Path[3]);
                return call.Page(
                    "keyRings",
                    data.Rings.Where(r => r.Key.StartsWith(call.Name + "/", StringComparison.Ordinal))
                        .Select(r => Ring(r.Key)),
                    1000,
                    withTotal: true
                );
            case "GET locations/*/keyRings/*":
                call.AllowQuery();
                access.Require(call.Principal, "cloudkms.keyRings.get", call.Name);
                RequireRing(call.Name);
                return Ring(call.Name);
            case "GET locations/*/keyRings/*:getIamPolicy":
                call.AllowQuery("options.requestedPolicyVersion");
                access.Require(call.Principal, "cloudkms.keyRings.getIamPolicy", call.Name);
                RequireRing(call.Name);
                return access.Read(call.Name, call.Argument("options.requestedPolicyVersion"));
            case "POST locations/*/keyRings/*:setIamPolicy":
                call.AllowQuery();
                access.Require(call.Principal, "cloudkms.keyRings.setIamPolicy", call.Name);
                RequireRing(call.Name);
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
        GcpJson.AllowFields(call.Body, "key_ring", "name", "createTime");
        access.Require(call.Principal, "cloudkms.keyRings.create", call.Parent(1));
        RequireLocation(call.Path[3]);
        var id = call.Argument("keyRingId");
        if (!IsId(id))
            throw GcpException.Invalid($"The key_ring_id '{id}' must match [a-zA-Z0-9_-]{{1,63}}.");
        var name = $"{call.Name}/{id}";
        constraints.RequireLocation(call.Name, "a key ring");
        if (data.Rings.ContainsKey(name))
            throw GcpException.Exists($"KeyRing {name}");
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

    private static void RequireLocation(string location)
    {
        if (!Locations.Contains(location))
            throw new GcpException(
                "NOT_FOUND",
                $"The request concerns location '{location}' but was sent to location 'global'. Either Cloud KMS is not "
                    + $"available in '{location}' or the request was misrouted. gRPC clients must ensure that "
                    + "'x-goog-request-params' is specified in request metadata. See "
                    + "https://cloud.google.com/kms/docs/grpc for more information."
            );
    }
}
