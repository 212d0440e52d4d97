// Condenses the vendors' specifications to what a validator reads: names, types, required members, enumerations,
// patterns and bounds. Descriptions, examples and operations that the project does not call are left out.
//
//   dotnet run tests/Specs/condense.cs -- <folder with the vendors' documents>
//
// README.md in this folder lists the documents and where they come from.
#:property RestorePackagesWithLockFile=false
#:property PublishAot=false
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

if (args is not [var source] || !Directory.Exists(source))
{
    Console.Error.WriteLine("Usage: dotnet run tests/Specs/condense.cs -- <folder with the vendors' documents>");
    return 1;
}

var target = (string)AppContext.GetData("EntryPointFileDirectoryPath")!;

// Each document, and which of its operations stay. OpenAPI: by path. Botocore: by name. Discovery: by method id.
foreach (
    var (file, operations) in new[]
    {
        ("azure-keyvault-keys-2025-07-01.condensed.json", "."),
        ("azure-roleassignments-2022-04-01.condensed.json", "."),
        (
            "botocore-iam-service-2.json",
            "^(Simulate|CreateUser$|CreateAccessKey$|PutUserPolicy$)|Role(?!.*Profile)|Polic"
        ),
        ("botocore-cloudtrail-service-2.json", "^LookupEvents$"),
        ("botocore-kms-service-2.json", "^(?!.*(Mac|Sign|Verify|SharedSecret|CustomKeyStore|KeyPair))"),
        ("botocore-sts-service-2.json", "^(GetCallerIdentity|AssumeRole)$"),
        ("cloudkms.v1.discovery.json", @"\.(keyRings|locations)\."),
        ("cockroach-cloud-cmek.openapi.json", "."),
        ("cockroach-cloud-openapi-2024-09-16-sdk7.1.0.json", "/backups"),
        ("iam.v1.discovery.json", @"\.(serviceAccounts|roles|permissions)\."),
    }
)
{
    var document = JsonNode.Parse(File.ReadAllText(Path.Combine(source, file)))!.AsObject();
    var condensed = Condenser.Condense(document, new Regex(operations));
    var text = new StringBuilder();
    Condenser.Write(text, condensed, indent: 0);
    File.WriteAllText(Path.Combine(target, file), text.Append('\n').ToString());
    Console.WriteLine($"{file}: {text.Length / 1024} KB");
}

return 0;

internal static class Condenser
{
    /// <summary>What a validator reads. In any other place a key is an annotation, and goes.</summary>
    private static readonly HashSet<string> Keywords =
    [
        .. "openapi swagger info version x-source paths get put post patch delete parameters in name schema".Split(' '),
        .. "required type format enum pattern min max minimum maximum minLength maxLength minItems".Split(' '),
        .. "maxItems items additionalProperties properties allOf oneOf anyOf nullable readOnly $ref".Split(' '),
        .. "requestBody content responses components schemas definitions x-ms-pageable nextLinkName".Split(' '),
        .. "metadata apiVersion protocol operations http method requestUri input output shape".Split(' '),
        .. "resultWrapper shapes members member key value locationName flattened".Split(' '),
        .. "revision resources methods id httpMethod path request response repeated location".Split(' '),
    ];

    /// <summary>Below these keywords, keys are names of the API: all of them stay.</summary>
    private static readonly HashSet<string> Maps =
    [
        .. "paths parameters properties content responses schemas definitions".Split(' '),
        .. "operations shapes members resources methods".Split(' '),
    ];

    private static readonly JsonSerializerOptions OneLine = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static JsonObject Condense(JsonObject document, Regex operations)
    {
        var result = (JsonObject)Strip(document, keysAreNames: false);
        Filter(result, operations);
        DropUnused(result);
        return result;
    }

    private static JsonNode Strip(JsonNode node, bool keysAreNames) =>
        node switch
        {
            JsonObject item => new JsonObject(
                item.Where(p => p.Value is not null && (keysAreNames || Keywords.Contains(p.Key)))
                    .Select(p =>
                        KeyValuePair.Create(
                            p.Key,
                            (JsonNode?)Strip(p.Value!, !keysAreNames && Maps.Contains(p.Key) && p.Value is JsonObject)
                        )
                    )
            ),
            JsonArray list => new JsonArray([.. list.Select(i => Strip(i!, keysAreNames: false))]),
            _ => node.DeepClone(),
        };

    /// <summary>Removes the operations that do not match.</summary>
    private static void Filter(JsonObject holder, Regex operations)
    {
        foreach (var map in new[] { "paths", "operations", "methods" })
            if (holder[map] is JsonObject all)
                foreach (var name in all.Select(p => p.Key).ToList())
                    if (!operations.IsMatch((string?)all[name]!["id"] ?? name))
                        all.Remove(name);
        if (holder["resources"] is not JsonObject resources)
            return;
        foreach (var name in resources.Select(p => p.Key).ToList())
        {
            Filter(resources[name]!.AsObject(), operations);
            if (resources[name] is JsonObject { Count: 0 })
                resources.Remove(name);
        }

        foreach (var map in new[] { "methods", "resources" })
            if (holder[map] is JsonObject { Count: 0 })
                holder.Remove(map);
    }

    /// <summary>Removes the schemas that no remaining operation refers to, directly or through others.</summary>
    private static void DropUnused(JsonObject document)
    {
        var schemas = (
            document["components"]?["schemas"] ?? document["shapes"] ?? document["definitions"] ?? document["schemas"]
        )!.AsObject();
        var used = new HashSet<string>();
        var open = new Queue<JsonNode>(
            new[] { "paths", "operations", "resources", "methods" }.Select(k => document[k]).OfType<JsonNode>()
        );
        while (open.TryDequeue(out var node))
            foreach (var name in References(node))
                if (used.Add(name))
                    open.Enqueue(schemas[name]!);
        foreach (var name in schemas.Select(p => p.Key).Where(k => !used.Contains(k)).ToList())
            schemas.Remove(name);
    }

    private static IEnumerable<string> References(JsonNode node) =>
        node switch
        {
            JsonObject item => item.SelectMany(p =>
                p is { Key: "$ref" or "shape", Value: JsonValue name } && name.GetValueKind() == JsonValueKind.String
                    ? [((string)name!).Split('/')[^1]]
                    : References(p.Value!)
            ),
            JsonArray list => list.SelectMany(i => References(i!)),
            _ => [],
        };

    /// <summary>
    /// Writes what fits into 120 columns on one line, so that the files are short and their changes readable.
    /// </summary>
    public static void Write(StringBuilder text, JsonNode node, int indent)
    {
        var line = node.ToJsonString(OneLine);
        if (indent + line.Length <= 118 || node is JsonValue)
        {
            text.Append(line);
            return;
        }

        var (open, close) = node is JsonObject ? ('{', '}') : ('[', ']');
        var items = node is JsonObject item
            ? item.Select(p => (Name: JsonValue.Create(p.Key).ToJsonString(OneLine) + ":", Value: p.Value!))
            : node.AsArray().Select(i => (Name: "", Value: i!));
        text.Append(open);
        var first = true;
        foreach (var (name, value) in items)
        {
            text.Append(first ? "\n" : ",\n").Append(' ', indent + 1).Append(name);
            Write(text, value, indent + 1);
            first = false;
        }

        text.Append('\n').Append(' ', indent).Append(close);
    }
}
