using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>The Key Management engine as a message handler: keys, entries and distributions in memory, and faults on demand. Cloud ids are numbers, so that two runs can be compared.</summary>
internal sealed class FakeVault : HttpMessageHandler
{
    private readonly SortedDictionary<string, (string Type, bool Deletable, int Latest, DateTimeOffset Made)> _keys =
    [];
    private readonly SortedDictionary<string, (string Provider, string Collection, string Credentials)> _entries = [];
    private readonly SortedDictionary<
        string,
        (string Entry, string Purpose, SortedDictionary<int, string> Versions)
    > _distributions = [];

    public bool IsMounted { get; set; } = true;

    public Func<DateTimeOffset> Now { get; set; } = () => DateTimeOffset.UnixEpoch;

    /// <summary>Answers before anything else, where it gives something.</summary>
    public Func<HttpRequestMessage, (int Status, string Body)?>? Refusal { get; set; }

    public int? CutBefore { get; set; }

    public int? CutAfter { get; set; }

    public List<HttpRequestMessage> Requests { get; } = [];

    public IEnumerable<string> Writes =>
        Requests
            .Where(r =>
                r.Method != HttpMethod.Get
                && !r.RequestUri!.AbsolutePath.EndsWith("/capabilities-self", StringComparison.Ordinal)
            )
            .Select(r => $"{r.Method} {r.RequestUri!.AbsolutePath[4..]}");

    public string State =>
        $"{IsMounted}; {string.Join(", ", _keys.Select(k => $"{k.Key} {k.Value.Type} {k.Value.Deletable} v{k.Value.Latest}"))}; {string.Join(", ", _entries)}; {string.Join(", ", _distributions.Select(d => $"{d.Key} in {d.Value.Entry}: {string.Join("+", d.Value.Versions)}"))}";

    public void Add(
        string key,
        string type,
        string? entry = null,
        string provider = "awskms",
        string collection = "us-east-1",
        bool deletable = false,
        string purpose = "encrypt,decrypt,wrap,unwrap"
    )
    {
        _keys[key] = (type, deletable, 1, Now());
        if (entry is null)
            return;
        _entries[entry] = (provider, collection, "");
        _distributions[key] = (entry, purpose, new() { [1] = $"{key}-v1" });
    }

    public void AddEntry(string entry, string provider, string collection) =>
        _entries[entry] = (provider, collection, "");

    /// <summary>A version that did not reach the cloud.</summary>
    public void RotateInVaultOnly(string key) => _keys[key] = _keys[key] with { Latest = _keys[key].Latest + 1 };

    public string VersionId(string key, int version) => _distributions[key].Versions[version];

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var body = request.Content is null
            ? null
            : JsonNode.Parse(await request.Content.ReadAsStringAsync(cancellationToken))!.AsObject();
        lock (Requests)
        {
            Requests.Add(request);
            if (CutBefore == Requests.Count)
                throw new HttpRequestException("The connection was reset.");
            var (status, answer) = Refusal?.Invoke(request)
                ?? Answer(request, request.RequestUri!.AbsolutePath[4..].Split('/'), body);
            if (CutAfter == Requests.Count)
                throw new HttpRequestException("The connection was reset.");
            var response = new HttpResponseMessage((HttpStatusCode)status)
            {
                Content = new StringContent(answer, Encoding.UTF8, "application/json"),
            };
            if (status == 307)
                response.Headers.Location = new Uri("https://vault-1.example:8200/v1/x");
            return response;
        }
    }

    private (int, string) Answer(HttpRequestMessage request, string[] path, JsonObject? body)
    {
        if (path is ["sys", "health"])
            return (200, """{"version":"1.17.0+ent"}""");
        if (path is ["sys", "mounts"])
            return Data(
                new JsonObject
                {
                    ["keymgmt/"] = IsMounted ? new JsonObject { ["type"] = "keymgmt" } : null,
                    ["kv/"] = new JsonObject { ["type"] = "kv" },
                }
            );
        if (path is ["sys", "mounts", _])
            return Done(IsMounted = true);
        if (path is ["sys", "capabilities-self"])
            return Data(
                new JsonObject(
                    body!["paths"]!
                        .AsArray()
                        .Select(p => KeyValuePair.Create(p!.GetValue<string>(), (JsonNode?)new JsonArray("update")))
                )
            );
        if (!IsMounted)
            return (404, """{"errors":["no handler for route \"keymgmt/key\". route entry not found."]}""");
        return (request.Method.Method, path) switch
        {
            ("GET", [_, "key"]) => List(_keys.Keys),
            ("GET", [_, "key", var k]) => _keys.TryGetValue(k, out var key)
                ? Data(
                    new JsonObject
                    {
                        ["type"] = key.Type,
                        ["latest_version"] = key.Latest,
                        ["min_enabled_version"] = 1,
                        ["deletion_allowed"] = key.Deletable,
                        ["versions"] = new JsonObject(
                            Enumerable
                                .Range(1, key.Latest)
                                .Select(v =>
                                    KeyValuePair.Create(
                                        $"{v}",
                                        (JsonNode?)new JsonObject { ["creation_time"] = key.Made.ToString("O") }
                                    )
                                )
                        ),
                    }
                )
                : Missing,
            ("POST", [_, "key", var k]) => Done(
                _keys[k] = _keys.TryGetValue(k, out var key)
                    ? key with
                    {
                        Deletable = body!["deletion_allowed"]?.GetValue<bool>() ?? key.Deletable,
                    }
                    : (body!["type"]!.GetValue<string>(), false, 1, Now())
            ),
            ("POST", [_, "key", var k, "rotate"]) => Done(Rotate(k)),
            ("GET", [_, "key", var k, "kms"]) => List(_distributions.TryGetValue(k, out var d) ? [d.Entry] : []),
            ("GET", [_, "kms", var e]) => _entries.TryGetValue(e, out var entry)
                ? Data(new JsonObject { ["provider"] = entry.Provider, ["key_collection"] = entry.Collection })
                : Missing,
            ("POST", [_, "kms", var e]) => Done(
                _entries[e] = (
                    body!["provider"]!.GetValue<string>(),
                    body["key_collection"]!.GetValue<string>(),
                    body["credentials"]?.ToJsonString() ?? ""
                )
            ),
            ("GET", [_, "kms", _, "key", var k]) => _distributions.TryGetValue(k, out var d)
                ? Data(
                    new JsonObject
                    {
                        ["name"] = $"{k}-1700000000",
                        ["purpose"] = d.Purpose,
                        ["protection"] = "hsm",
                        ["versions"] = new JsonObject(
                            d.Versions.Select(v => KeyValuePair.Create($"{v.Key}", (JsonNode?)v.Value))
                        ),
                    }
                )
                : Missing,
            ("POST", [_, "kms", var e, "key", var k]) => _entries.ContainsKey(e)
                ? Done(_distributions[k] = (e, body!["purpose"]!.GetValue<string>(), new() { [1] = $"{k}-v1" }))
                : (400, """{"errors":["no KMS provider of this name"]}"""),
            _ => (405, """{"errors":["unsupported operation"]}"""),
        };
    }

    private bool Rotate(string key)
    {
        RotateInVaultOnly(key);
        _keys[key] = _keys[key] with { Made = Now() };
        if (_distributions.TryGetValue(key, out var d))
            d.Versions[_keys[key].Latest] = $"{key}-v{_keys[key].Latest}";
        return true;
    }

    private static (int, string) Missing => (404, """{"errors":[]}""");

    private static (int, string) Done(object? _) => (204, "");

    private static (int, string) Data(JsonObject data)
    {
        foreach (var name in data.Where(d => d.Value is null).Select(d => d.Key).ToList())
            data.Remove(name);
        return (200, new JsonObject { ["request_id"] = "r-1", ["data"] = data }.ToJsonString());
    }

    private static (int, string) List(IEnumerable<string> names) =>
        names.Any() ? Data(new JsonObject { ["keys"] = new JsonArray([.. names.Select(n => (JsonNode)n)]) }) : Missing;
}
