using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>
/// Microsoft.Insights: diagnostic settings of key vaults. A key vault has none until somebody makes one
/// (monitor-key-vault-reference.md).
/// </summary>
internal sealed class ArmDiagnosticSettings(AzureContext context, AzureData data)
{
    public const string Type = "Microsoft.Insights/diagnosticSettings";
    private const int Most = 5;
    private static readonly string[] Categories = ["AuditEvent", "AzurePolicyEvaluationDetails"];
    private static readonly string[] Groups = ["audit", "allLogs"];

    /// <param name="caller">Who sends the request.</param>
    /// <param name="request">The request.</param>
    /// <param name="scope">The resource before the provider in the path.</param>
    /// <param name="name">The setting; null for all.</param>
    /// <param name="version">The API version.</param>
    public AzureResponse Handle(
        ServicePrincipal caller,
        AzureRequest request,
        string scope,
        string? name,
        string version
    )
    {
        ArmApi.RequireVersion(version, ["2021-05-01-preview"], "diagnosticSettings");
        var verb = request.Method switch
        {
            "PUT" => "write",
            "DELETE" => "delete",
            _ => "read",
        };
        ArmApi.Require(context, caller, $"{Type}/{verb}", scope);
        var path = scope.Trim('/').Split('/');
        var keyVault = context.KeyVaults.FirstOrDefault(v => AzureDirectory.Same(v.Id, scope))
            ?? throw ArmKeyVaults.NotFound(path[path.Length - 1], path.Length > 3 ? path[3] : "");
        var own = data.DiagnosticSettings.Where(s => AzureDirectory.Same(s.Scope, keyVault.Id)).ToList();
        var found = own.FirstOrDefault(s => AzureDirectory.Same(s.Name, name));
        switch ((request.Method, name))
        {
            case ("GET", null):
                return AzureResponse.List(own.Select(s => s.Json()));
            case ("GET", _):
                return AzureResponse.Ok((found ?? throw NotFound(name)).Json());
            case ("PUT", not null):
                context.Locks.RequireWrite(keyVault.Id);
                var wanted = Read(keyVault.Id, name, request.Body(ArmApi.InvalidBody).Object("properties"));
                RequireRoom(wanted, [.. own.Where(s => s != found)]);
                data.DiagnosticSettings.Remove(found!);
                data.DiagnosticSettings.Add(wanted);
                return AzureResponse.Ok(wanted.Json());
            case ("DELETE", not null):
                context.Locks.RequireDelete(keyVault.Id);
                data.DiagnosticSettings.Remove(found!);
                return found is null ? AzureResponse.NoContent : new AzureResponse(200, null);
            default:
                throw ArmApi.NoResource(request);
        }
    }

    private DiagnosticSetting Read(string scope, string name, JsonObject? properties)
    {
        var logs = properties?["logs"] as JsonArray ?? [];
        var wanted = new DiagnosticSetting(scope, name, context.Now)
        {
            Enabled = [.. logs.OfType<JsonObject>().Where(l => l.Flag("enabled") is true).Select(Category)],
            Logs = logs.ToJsonString(),
            WorkspaceId = Destination("workspaceId"),
            StorageAccountId = Destination("storageAccountId"),
            EventHubRuleId = Destination("eventHubAuthorizationRuleId"),
            IsDedicated = AzureDirectory.Same(properties.Text("logAnalyticsDestinationType"), "Dedicated"),
        };
        if (wanted is { WorkspaceId: null, StorageAccountId: null, EventHubRuleId: null })
            throw Bad("At least one data sink needs to be specified.");
        if (wanted.WorkspaceId is { } workspace && !data.Workspaces.Any(w => AzureDirectory.Same(w.Id, workspace)))
            throw new AzureException(404, "ResourceNotFound", $"The workspace '{workspace}' was not found.");
        return wanted;

        string? Destination(string member) => properties.Text(member) is { Length: > 0 } id ? id : null;
    }

    private static string Category(JsonObject log) =>
        Known(log.Text("category"), Categories)
        ?? Known(log.Text("categoryGroup"), Groups)
        ?? throw Bad($"Category '{log.Text("category") ?? log.Text("categoryGroup")}' is not supported.");

    private static string? Known(string? name, string[] names) =>
        names.FirstOrDefault(n => AzureDirectory.Same(n, name));

    private static void RequireRoom(DiagnosticSetting wanted, List<DiagnosticSetting> others)
    {
        if (others.Count >= Most)
            throw Bad($"A resource can have at most {Most} diagnostic settings.");
        var rival = others.FirstOrDefault(o =>
            wanted.WorkspaceId is not null
            && AzureDirectory.Same(o.WorkspaceId, wanted.WorkspaceId)
            && o.Enabled.Intersect(wanted.Enabled).Any()
        );
        if (rival is not null)
            throw new AzureException(
                409,
                "Conflict",
                $"Data sink '{wanted.WorkspaceId}' is already used in diagnostic setting '{rival.Name}' for category "
                    + $"'{rival.Enabled.Intersect(wanted.Enabled).First()}'. Data sinks can't be reused in different "
                    + "settings on the same category for the same resource."
            );
    }

    private static AzureException Bad(string message) => new(400, "BadRequest", message);

    private static AzureException NotFound(string? name) =>
        new(404, "ResourceNotFound", $"The diagnostic setting '{name}' doesn't exist.");
}
