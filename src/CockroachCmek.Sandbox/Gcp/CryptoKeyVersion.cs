using System.Globalization;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Aws;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A version of a key, with its key material.</summary>
internal sealed class CryptoKeyVersion(
    string key,
    int number,
    string protectionLevel,
    string algorithm,
    DateTimeOffset created
)
{
    public string Name { get; } = $"{key}/cryptoKeyVersions/{number.ToString(CultureInfo.InvariantCulture)}";
    public int Number { get; } = number;
    public string State { get; set; } = "ENABLED";
    public byte[]? Material { get; set; } = KmsMaterial.RandomBytes(32);
    public DateTimeOffset? DestroyTime { get; set; }
    public string? ImportJob { get; init; }
    public string? ImportFailure { get; init; }

    /// <summary>When the import is complete.</summary>
    public DateTimeOffset? ImportedAt { get; init; }

    /// <summary>Until when a disabled or destroyed version can still be used.</summary>
    public DateTimeOffset UsableUntil { get; set; }

    public bool IsUsable(DateTimeOffset now) => Material is not null && (State == "ENABLED" || now < UsableUntil);

    /// <summary>Completes an import or a destruction that is due.</summary>
    public void Settle(DateTimeOffset now)
    {
        if (State == "PENDING_IMPORT" && now >= ImportedAt)
            State = ImportFailure is null ? "ENABLED" : "IMPORT_FAILED";
        if (State != "DESTROY_SCHEDULED" || now < DestroyTime)
            return;
        State = "DESTROYED";
        Material = null;
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["name"] = Name,
            ["state"] = State,
            ["protectionLevel"] = protectionLevel,
            ["algorithm"] = algorithm,
            ["createTime"] = GcpTime.Write(created),
        };
        if (ImportJob is null)
            json["generateTime"] = GcpTime.Write(created);
        else
            json["importJob"] = ImportJob;
        if (ImportJob is not null && State is not ("PENDING_IMPORT" or "IMPORT_FAILED"))
            json["importTime"] = GcpTime.Write(ImportedAt!.Value);
        if (State == "IMPORT_FAILED")
            json["importFailureReason"] = ImportFailure;
        if (State == "DESTROY_SCHEDULED")
            json["destroyTime"] = GcpTime.Write(DestroyTime!.Value);
        if (State == "DESTROYED")
            json["destroyEventTime"] = GcpTime.Write(DestroyTime!.Value);
        return json;
    }
}
