using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Tests.FourthCloud;

/// <summary>CockroachDB Cloud's CMEK API for one cluster: every request takes effect at once.</summary>
internal sealed class MoonApi(CrdbCluster cluster) : HttpMessageHandler
{
    /// <summary>Other clusters of the organization, each with what reading its CMEK responds with.</summary>
    public Dictionary<CrdbCluster, HttpStatusCode> Others { get; } = [];

    /// <summary>What reading the CMEK of another cluster waits for.</summary>
    public Task OthersRespond { get; set; } = Task.CompletedTask;

    /// <summary>What every request responds with instead; null while the API works.</summary>
    public HttpStatusCode? Down { get; set; }

    /// <summary>
    /// What happens at each request to revoke, in order, before it is judged; the status that it ends with, or null for
    /// a busy cluster. Once it is empty, requests succeed.
    /// </summary>
    public Queue<Func<string?>> AtRevoke { get; } = new();

    /// <summary>The requests so far, as "METHOD path".</summary>
    public List<string> Requests { get; } = [];

    private readonly Dictionary<string, List<JsonObject>> _keys = cluster.Regions.ToDictionary(
        r => r.Name,
        _ => new List<JsonObject>()
    );

    private string _status = CmekStatus.Disabled;
    private string? _revokeStatus;
    private int _entries;

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var path = request.RequestUri!.AbsolutePath;
        lock (Requests)
            Requests.Add($"{request.Method} {path}");
        if (Down is { } down)
            return new HttpResponseMessage(down);
        foreach (var (other, status) in Others)
            if (path.Contains(other.Id, StringComparison.Ordinal))
            {
                await OthersRespond.WaitAsync(cancellationToken);
                if (status != HttpStatusCode.OK)
                    return new HttpResponseMessage(status);
            }

        var body = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        var revoked = request.Method == HttpMethod.Patch && AtRevoke.Count > 0 ? AtRevoke.Dequeue() : null;
        if (revoked is not null && (_revokeStatus = revoked()) is null)
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        if (path.EndsWith("/cmek", StringComparison.Ordinal))
            return Json(Cmek(request.Method, body));
        if (path.EndsWith("/clusters", StringComparison.Ordinal))
            return Json(new JsonObject { ["clusters"] = new JsonArray([Describe(), .. Others.Keys.Select(Describe)]) });
        if (path.EndsWith("/nodes", StringComparison.Ordinal))
            return Json(new JsonObject { ["nodes"] = new JsonArray() });
        if (path.Contains("/backups", StringComparison.Ordinal))
            return Json(new JsonObject { ["enabled"] = false });
        return Json(Describe());
    }

    /// <summary>Moves a region to a key, as another administrator does.</summary>
    public void Move(CmekRegionSpec spec) =>
        _keys[spec.Region]
            .Insert(
                0,
                Entry(
                    new JsonObject
                    {
                        ["type"] = spec.KeyType,
                        ["uri"] = spec.KeyUri,
                        ["auth_principal"] = spec.AuthPrincipal,
                    }
                )
            );

    private JsonObject Cmek(HttpMethod method, string? body)
    {
        if (method == HttpMethod.Post || method == HttpMethod.Put)
        {
            foreach (var spec in JsonNode.Parse(body!)!["region_specs"]!.AsArray())
                _keys[(string)spec!["region"]!].Insert(0, Entry(spec["key_spec"]!));
            _status = CmekStatus.Enabled;
        }
        else if (method == HttpMethod.Patch)
            (_status, _revokeStatus) = (_revokeStatus ?? CmekStatus.Revoked, null);

        return new JsonObject
        {
            ["status"] = _status,
            ["region_infos"] = new JsonArray([
                .. _keys.Select(k => new JsonObject
                {
                    ["region"] = k.Key,
                    ["status"] = _status,
                    ["key_infos"] = new JsonArray([.. k.Value.Select(e => e.DeepClone())]),
                }),
            ]),
        };
    }

    private JsonObject Entry(JsonNode keySpec)
    {
        var at = DateTimeOffset.UnixEpoch.AddHours(++_entries).ToString("O");
        return new JsonObject
        {
            ["status"] = CmekStatus.Enabled,
            ["created_at"] = at,
            ["updated_at"] = at,
            ["spec"] = keySpec.DeepClone(),
        };
    }

    private JsonObject Describe() => Describe(cluster);

    private static JsonObject Describe(CrdbCluster cluster) =>
        new()
        {
            ["id"] = cluster.Id,
            ["name"] = cluster.Name,
            ["plan"] = cluster.Plan,
            ["state"] = cluster.State,
            ["cloud_provider"] = cluster.CloudProvider,
            ["regions"] = new JsonArray([
                .. cluster.Regions.Select(r => new JsonObject { ["name"] = r.Name, ["node_count"] = r.NodeCount }),
            ]),
        };

    private static HttpResponseMessage Json(JsonObject body) =>
        new(HttpStatusCode.OK) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
}
