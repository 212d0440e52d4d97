using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CockroachCmek.Sandbox.Azure.Logs.Kusto;

namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>
/// api.loganalytics.azure.com: queries of one workspace. Source: Azure/azure-rest-api-specs,
/// operationalinsights/data-plane 2022-10-27, and azure-monitor/logs/api/errors.md.
/// </summary>
internal sealed class LogAnalyticsService(AzureContext context, AzureData data) : IAzureService
{
    public const string Audience = "https://api.loganalytics.io";

    /// <summary>200 requests in 30 seconds for each user (azure-monitor-limits-log-queries.md).</summary>
    private const int MostRequests = 200;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);
    private static readonly Regex Duration = new(
        @"^P(?:(?<d>\d+)D)?(?:T(?:(?<h>\d+)H)?(?:(?<m>\d+)M)?(?:(?<s>\d+)S)?)?$",
        RegexOptions.CultureInvariant
    );

    public AzureResponse Handle(AzureRequest request)
    {
        var caller = Authenticate(request);
        var path = request.Segments;
        if (
            request.Method != "POST"
            || path.Count != 4
            || !AzureDirectory.Same(path[0], "v1")
            || !AzureDirectory.Same(path[1], "workspaces")
            || !AzureDirectory.Same(path[3], "query")
        )
            throw new AzureException(404, "PathNotFoundError", "The requested path does not exist");
        var body = request.Body("BadArgumentError");
        var query = body.Text("query")
            ?? throw new AzureException(400, "BadArgumentError", "The request had some invalid properties");
        if (Exceeds(caller))
            throw new AzureException(
                429,
                "ThrottledError",
                "The rate limit of requests per user is exceeded: 200 requests in 30 seconds."
            )
            {
                Headers = [new("Retry-After", "30")],
            };
        var workspace = data.Workspaces.FirstOrDefault(w => AzureDirectory.Same(w.CustomerId, path[2]))
            ?? throw new AzureException(404, "WorkspaceNotFoundError", $"The workspace could not be found: {path[2]}");
        if (!context.Authorization.IsAllowed(caller.Id, ArmWorkspaces.Type + "/query/read", workspace.Id))
            throw new AzureException(
                403,
                "InsufficientAccessError",
                "The provided credentials have insufficient access to perform the requested operation"
            );
        return AzureResponse.Ok(Run(workspace, query, Earliest(body.Text("timespan"))));
    }

    public JsonObject ErrorBody(AzureException error)
    {
        var body = new JsonObject { ["message"] = error.Message, ["code"] = error.Code };
        if (error.AdditionalInfo is { } inner)
            body["innererror"] = inner;
        return new JsonObject { ["error"] = body };
    }

    private JsonObject Run(LogWorkspace workspace, string query, DateTimeOffset earliest)
    {
        var entries = workspace.At(context.Now, data.LogDelay).Where(e => e.At >= earliest).ToList();
        // A query that runs too long returns what it has found so far, with status 200.
        if (data.QueriesArePartial)
            entries = [.. entries.Take(entries.Count / 2)];
        KustoTable result;
        try
        {
            result = KustoQuery.Run(
                query,
                name => KeyVaultLogTables.Find(workspace, name, context.Now - data.LogDelay, entries),
                context.Now
            );
        }
        catch (KustoException error)
        {
            throw Refusal(error);
        }

        var response = new JsonObject
        {
            ["tables"] = new JsonArray(
                new JsonObject
                {
                    ["name"] = "PrimaryResult",
                    ["columns"] = new JsonArray([
                        .. result.Columns.Select(c =>
                            (JsonNode)new JsonObject { ["name"] = c.Name, ["type"] = c.Type }
                        ),
                    ]),
                    ["rows"] = new JsonArray([
                        .. result.Rows.Select(r =>
                            (JsonNode)
                                new JsonArray([
                                    .. result.Columns.Select(c =>
                                        KustoValue.Json(r.TryGetValue(c.Name, out var value) ? value : null)
                                    ),
                                ])
                        ),
                    ]),
                }
            ),
        };
        if (data.QueriesArePartial)
            response["error"] = new JsonObject
            {
                ["code"] = "PartialError",
                ["message"] = "There were some errors when processing your query.",
                ["details"] = new JsonArray(
                    new JsonObject
                    {
                        ["code"] = "EngineError",
                        ["message"] = "The query ran into a limit. The results are not complete.",
                    }
                ),
            };
        return response;
    }

    private static AzureException Refusal(KustoException error) =>
        new(400, "BadArgumentError", "The request had some invalid properties")
        {
            AdditionalInfo = new JsonObject
            {
                ["code"] = error.IsSyntax ? "SyntaxError" : "SemanticError",
                ["message"] = error.IsSyntax
                    ? "A recognition error occurred in the query."
                    : "A semantic error occurred.",
                ["innererror"] = new JsonObject { ["code"] = error.Code, ["message"] = error.Message },
            },
        };

    /// <summary>The timespan is applied in addition to what the query says.</summary>
    private DateTimeOffset Earliest(string? timespan)
    {
        if (timespan is null)
            return DateTimeOffset.MinValue;
        var match = Duration.Match(timespan);
        if (!match.Success || timespan is "P" or "PT")
            throw new AzureException(400, "BadArgumentError", $"The timespan '{timespan}' is not supported.");
        int Part(string name) =>
            match.Groups[name].Success ? int.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture) : 0;
        return context.Now - new TimeSpan(Part("d"), Part("h"), Part("m"), Part("s"));
    }

    private bool Exceeds(ServicePrincipal caller)
    {
        if (!data.QueryTimes.TryGetValue(caller.Id, out var times))
            data.QueryTimes[caller.Id] = times = new Queue<DateTimeOffset>();
        while (times.Count > 0 && context.Now - times.Peek() >= Window)
            times.Dequeue();
        if (times.Count >= MostRequests)
            return true;
        times.Enqueue(context.Now);
        return false;
    }

    private ServicePrincipal Authenticate(AzureRequest request)
    {
        if (request.Token is null)
            throw new AzureException(401, "AuthorizationRequiredError", "Valid authentication was not provided");
        return context.Directory.Token(request.Token) is { Audience: Audience } token
            ? token.Principal
            : throw new AzureException(
                401,
                "InvalidTokenError",
                "The provided authentication is not valid for this resource"
            );
    }
}
