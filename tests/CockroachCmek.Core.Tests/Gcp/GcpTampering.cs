using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Gcp;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>What somebody who can write a record could put into it.</summary>
internal static class GcpTampering
{
    /// <summary>The key of the honest record.</summary>
    public const string Key = "projects/mine/locations/us-east4/keyRings/crdb-cmek/cryptoKeys/crdb-cmek-555555555555";

    /// <summary>A key of somebody else.</summary>
    public const string Foreign = "projects/theirs/locations/us-east4/keyRings/pay/cryptoKeys/cards";

    private const string Stranger = "serviceAccount:stranger@evil.iam.gserviceaccount.com";

    /// <summary>Documents of another form, wider or foreign.</summary>
    public static IEnumerable<string> Documents(string honest)
    {
        yield return "";
        yield return "{}";
        yield return "null";
        yield return "\"x\"";
        yield return "[1]";
        yield return "[null]";
        yield return "[[]]";
        yield return "[{}]";
        yield return "{\"disabled\":false}";
        yield return "{\"disabled\":\"true\"}";
        yield return "{\"disabled\":true,\"email\":\"x\"}";
        yield return new string('[', 5000);
        yield return $"[\"{Foreign}/cryptoKeyVersions/1\"]";
        yield return $"[\"{Key}/cryptoKeyVersions/1/../2\"]";
        yield return $"[\"{Key}/cryptoKeyVersions/\"]";
        yield return Bindings(GcpNames.UseRole, "allUsers");
        yield return Bindings(GcpNames.UseRole, Stranger);
        yield return Bindings(GcpNames.TrustRole, Stranger);
        yield return Bindings("roles/owner", Stranger);
        if (JsonNode.Parse(honest) is not JsonArray list || list[0] is not JsonObject)
        {
            yield return honest[..^1] + ",\"x\"" + (honest[^1] == ']' ? "]" : ":1}");
            yield break;
        }

        foreach (
            var change in new Action<JsonObject>[]
            {
                b => b["role"] = "roles/owner",
                b => b["role"] = 1,
                b => b.Remove("role"),
                b => b.Remove("members"),
                b => b["members"] = new JsonArray(),
                b => b["members"] = "allUsers",
                b => b["members"] = new JsonArray("allAuthenticatedUsers"),
                b => ((JsonArray)b["members"]!).Add(Stranger),
                b => b["etag"] = "x",
                b => b["condition"] = null,
                b => b["condition"] = "true",
                b => b["condition"] = new JsonObject(),
                b => b["condition"] = new JsonObject { ["expression"] = 1 },
                b => b["condition"] = new JsonObject { ["expression"] = "true", ["else"] = "x" },
            }
        )
        {
            var tampered = (JsonArray)list.DeepClone();
            change((JsonObject)tampered[0]!);
            yield return tampered.ToJsonString();
        }

        var added = (JsonArray)list.DeepClone();
        added.Add(JsonNode.Parse(Bindings(GcpNames.UseRole, Stranger))![0]!.DeepClone());
        yield return added.ToJsonString();
    }

    /// <summary>The document of a binding.</summary>
    public static string Bindings(string role, string member) =>
        new JsonArray(new JsonObject { ["role"] = role, ["members"] = new JsonArray(member) }).ToJsonString();
}
