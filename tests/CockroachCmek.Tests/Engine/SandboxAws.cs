using System.Text.Json;

namespace CockroachCmek.Tests.Engine;

/// <summary>
/// Another client of the sandbox's AWS. It signs its own requests and shares no code with the module.
/// </summary>
internal static class SandboxAws
{
    private const string Form = "application/x-www-form-urlencoded; charset=utf-8";
    private static readonly HttpClient Http = new();

    public static string Kms(ModuleSession session, string region, string operation, string body) =>
        Send(session, "kms", region, body, "application/x-amz-json-1.1", "TrentService." + operation);

    public static string Iam(ModuleSession session, string action, params (string Name, string Value)[] parameters)
    {
        var fields = parameters.Prepend(("Action", action)).Append(("Version", "2010-05-08"));
        var body = fields.Select(p => $"{Uri.EscapeDataString(p.Item1)}={Uri.EscapeDataString(p.Item2)}");
        return Send(session, "iam", "us-east-1", string.Join("&", body), Form, null);
    }

    public static string Sts(ModuleSession session) =>
        Send(session, "sts", "us-east-1", "Action=GetCallerIdentity&Version=2011-06-15", Form, null);

    /// <summary>A line for each key of a region: state, policy, tags, aliases, number of rotations.</summary>
    /// <param name="session">A session with a sandbox.</param>
    /// <param name="region">The region.</param>
    /// <param name="named">A text that names keys. Keys come in its order, because their ids are random.</param>
    public static IReadOnlyList<string> State(ModuleSession session, string region, string named) =>
        [
            .. KeyIds(session, region)
                .OrderBy(id => named.IndexOf(id, StringComparison.Ordinal))
                .Select(id => Key(session, region, id)),
        ];

    /// <summary>The policy of each key of a region.</summary>
    public static IReadOnlyList<string> Policies(ModuleSession session, string region) =>
        [.. KeyIds(session, region).Select(id => $"{region} {Policy(session, region, id)}")];

    private static string Key(ModuleSession session, string region, string id)
    {
        IEnumerable<string> List(string operation, string list, string field) =>
            Items(Ask(session, region, operation, id), list, field);

        var state = Ask(session, region, "DescribeKey", id).GetProperty("KeyMetadata").GetProperty("KeyState");
        var tags = string.Join(",", List("ListResourceTags", "Tags", "TagKey"));
        var aliases = string.Join(",", List("ListAliases", "Aliases", "AliasName"));
        var rotations = List("ListKeyRotations", "Rotations", "RotationType").Count();
        var policy = Policy(session, region, id);
        return $"{region} {id} {state} {policy} tags {tags} aliases {aliases} rotations {rotations}";
    }

    private static IEnumerable<string> KeyIds(ModuleSession session, string region) =>
        Items(Parse(Kms(session, region, "ListKeys", "{}")), "Keys", "KeyId");

    private static string Policy(ModuleSession session, string region, string id) =>
        Ask(session, region, "GetKeyPolicy", id).GetProperty("Policy").GetString()!;

    private static JsonElement Ask(ModuleSession session, string region, string operation, string id) =>
        Parse(Kms(session, region, operation, $$"""{"KeyId":"{{id}}"}"""));

    private static IEnumerable<string> Items(JsonElement response, string list, string field) =>
        response.GetProperty(list).EnumerateArray().Select(item => item.GetProperty(field).GetString()!);

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    private static string Send(
        ModuleSession session,
        string service,
        string region,
        string body,
        string contentType,
        string? target
    )
    {
        using var request = TestSigner.Sign(
            new Uri(session.Sandbox.Text("AwsEndpoint")),
            session.Sandbox.Text("AwsAccessKeyId"),
            session.Sandbox.Text("AwsSecretAccessKey"),
            service,
            region,
            body,
            contentType,
            target
        );
        using var response = Http.Send(request);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        var text = reader.ReadToEnd();
        Assert.True(response.IsSuccessStatusCode, text);
        return text;
    }
}
