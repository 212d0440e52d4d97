using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>
/// The Key Management secrets engine as a message handler: keys, entries and distributions in memory, and failures on
/// demand. What the cloud calls a version is derived from the key's name, so that the states of two runs can be
/// compared.
/// </summary>
internal sealed class FakeVault : HttpMessageHandler
{
    private readonly SortedDictionary<string, Key> _keys = [];
    private readonly SortedDictionary<string, Entry> _entries = [];
    private readonly SortedDictionary<string, Distribution> _distributions = [];

    public bool IsMounted { get; set; } = true;

    public Func<DateTimeOffset> Now { get; set; } = () => DateTimeOffset.UnixEpoch;

    /// <summary>Responds to a request before the engine does; null lets the engine respond.</summary>
    public Func<HttpRequestMessage, (int Status, string Body)?>? Refusal { get; set; }

    /// <summary>Number of the request that is lost before it is processed.</summary>
    public int? CutBefore { get; set; }

    /// <summary>Number of the request whose response is lost.</summary>
    public int? CutAfter { get; set; }

    public List<HttpRequestMessage> Requests { get; } = [];

    public IEnumerable<string> Writes =>
        Requests
            .Where(r => r.Method != HttpMethod.Get && PathOf(r) != "sys/capabilities-self")
            .Select(r => $"{r.Method} {PathOf(r)}");

    public string State =>
        string.Join(
            "; ",
            $"{IsMounted}",
            string.Join(", ", _keys.Select(k => $"{k.Key} {k.Value.Type} {k.Value.IsDeletable} v{k.Value.Latest}")),
            string.Join(", ", _entries),
            string.Join(", ", _distributions.Select(d => $"{d.Key} in {d.Value.Entry}: {d.Value.Versions.Count}"))
        );

    public static string PathOf(HttpRequestMessage request) => request.RequestUri!.AbsolutePath["/v1/".Length..];

    /// <summary>Adds a key, and its distribution when an entry is given.</summary>
    public void AddKey(
        string name,
        string type,
        string? entry = null,
        string provider = "awskms",
        string collection = "us-east-1",
        bool isDeletable = false,
        string purpose = "encrypt,decrypt,wrap,unwrap"
    )
    {
        _keys[name] = new Key(type, isDeletable, 1, Now());
        if (entry is null)
            return;
        AddEntry(entry, provider, collection);
        _distributions[name] = new Distribution(entry, purpose, VersionsOf(name, 1));
    }

    public void AddEntry(string name, string provider, string collection) =>
        _entries[name] = new Entry(provider, collection, "");

    /// <summary>Adds a version that is not distributed to the cloud.</summary>
    public void RotateInVaultOnly(string key) => _keys[key] = _keys[key] with { Latest = _keys[key].Latest + 1 };

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
            var (status, content) = Refusal?.Invoke(request) ?? Respond(request.Method, PathOf(request), body);
            if (CutAfter == Requests.Count)
                throw new HttpRequestException("The connection was reset.");
            var response = new HttpResponseMessage((HttpStatusCode)status)
            {
                Content = new StringContent(content, Encoding.UTF8, "application/json"),
            };
            if (status == 307)
                response.Headers.Location = new Uri("https://vault-1.example:8200/v1/x");
            return response;
        }
    }

    private (int, string) Respond(HttpMethod method, string path, JsonObject? body)
    {
        var parts = path.Split('/');
        if (parts[0] == "sys")
            return RespondAsSystem(parts, body);
        if (!IsMounted)
            return (404, """{"errors":["no handler for route \"keymgmt/key\". route entry not found."]}""");
        return method == HttpMethod.Get ? Read(parts) : Write(parts, body!);
    }

    private (int, string) RespondAsSystem(string[] path, JsonObject? body)
    {
        switch (path)
        {
            case [_, "health"]:
                return (200, """{"version":"1.17.0+ent"}""");
            case [_, "mounts"]:
                var mounts = new JsonObject { ["kv/"] = new JsonObject { ["type"] = "kv" } };
                if (IsMounted)
                    mounts["keymgmt/"] = new JsonObject { ["type"] = "keymgmt" };
                return Data(mounts);
            case [_, "mounts", _]:
                IsMounted = true;
                return Done;
            case [_, "capabilities-self"]:
                var paths = body!["paths"]!.AsArray().Select(p => p!.GetValue<string>());
                return Data(new JsonObject(paths.Select(p => Pair(p, new JsonArray("update")))));
            default:
                return Unsupported;
        }
    }

    private (int, string) Read(string[] path) =>
        path switch
        {
            [_, "key"] => List(_keys.Keys),
            [_, "key", var name] => _keys.TryGetValue(name, out var key) ? Data(Describe(key)) : Missing,
            [_, "key", var name, "kms"] => List(
                _distributions.TryGetValue(name, out var distribution) ? [distribution.Entry] : []
            ),
            [_, "kms", var name] => _entries.TryGetValue(name, out var entry)
                ? Data(new JsonObject { ["provider"] = entry.Provider, ["key_collection"] = entry.Collection })
                : Missing,
            [_, "kms", _, "key", var name] => _distributions.TryGetValue(name, out var distribution)
                ? Data(Describe(name, distribution))
                : Missing,
            _ => Unsupported,
        };

    private (int, string) Write(string[] path, JsonObject body)
    {
        switch (path)
        {
            case [_, "key", var name]:
                _keys[name] = _keys.TryGetValue(name, out var key)
                    ? key with
                    {
                        IsDeletable = body["deletion_allowed"]?.GetValue<bool>() ?? key.IsDeletable,
                    }
                    : new Key(body["type"]!.GetValue<string>(), false, 1, Now());
                return Done;
            case [_, "key", var name, "rotate"]:
                Rotate(name);
                return Done;
            case [_, "kms", var name]:
                _entries[name] = new Entry(
                    body["provider"]!.GetValue<string>(),
                    body["key_collection"]!.GetValue<string>(),
                    body["credentials"]?.ToJsonString() ?? ""
                );
                return Done;
            case [_, "kms", var entry, "key", var name]:
                if (!_entries.ContainsKey(entry))
                    return (400, """{"errors":["no KMS provider of this name"]}""");
                _distributions[name] = new Distribution(
                    entry,
                    body["purpose"]!.GetValue<string>(),
                    VersionsOf(name, 1)
                );
                return Done;
            default:
                return Unsupported;
        }
    }

    private void Rotate(string name)
    {
        RotateInVaultOnly(name);
        _keys[name] = _keys[name] with { Created = Now() };
        if (_distributions.TryGetValue(name, out var distribution))
            _distributions[name] = distribution with { Versions = VersionsOf(name, _keys[name].Latest) };
    }

    private static JsonObject Describe(Key key) =>
        new()
        {
            ["type"] = key.Type,
            ["latest_version"] = key.Latest,
            ["min_enabled_version"] = 1,
            ["deletion_allowed"] = key.IsDeletable,
            ["versions"] = new JsonObject(
                Enumerable
                    .Range(1, key.Latest)
                    .Select(v => Pair($"{v}", new JsonObject { ["creation_time"] = key.Created.ToString("O") }))
            ),
        };

    private static JsonObject Describe(string name, Distribution distribution) =>
        new()
        {
            ["name"] = $"{name}-1700000000",
            ["purpose"] = distribution.Purpose,
            ["protection"] = "hsm",
            ["versions"] = new JsonObject(distribution.Versions.Select((v, i) => Pair($"{i + 1}", v))),
        };

    private static IReadOnlyList<string> VersionsOf(string key, int latest) =>
        [.. Enumerable.Range(1, latest).Select(v => $"{key}-v{v}")];

    private static (int, string) Done => (204, "");

    private static (int, string) Missing => (404, """{"errors":[]}""");

    private static (int, string) Unsupported => (405, """{"errors":["unsupported operation"]}""");

    private static (int, string) Data(JsonObject data) =>
        (200, new JsonObject { ["request_id"] = "r-1", ["data"] = data }.ToJsonString());

    private static (int, string) List(IEnumerable<string> names) =>
        names.Any() ? Data(new JsonObject { ["keys"] = new JsonArray([.. names.Select(n => (JsonNode)n)]) }) : Missing;

    private static KeyValuePair<string, JsonNode?> Pair(string name, JsonNode value) => new(name, value);

    private sealed record Key(string Type, bool IsDeletable, int Latest, DateTimeOffset Created);

    private sealed record Entry(string Provider, string Collection, string Credentials);

    private sealed record Distribution(string Entry, string Purpose, IReadOnlyList<string> Versions);
}
