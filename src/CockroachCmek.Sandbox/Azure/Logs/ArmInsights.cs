namespace CockroachCmek.Sandbox.Azure.Logs;

/// <summary>Microsoft.Insights: diagnostic settings and the activity log.</summary>
internal sealed class ArmInsights(AzureContext context, AzureData data)
{
    private readonly ArmDiagnosticSettings _settings = new(context, data);

    public ActivityLog Activities { get; } = new(context, data);

    public AzureResponse Handle(ServicePrincipal caller, AzureRequest request, string scope, string version)
    {
        var path = request.Segments;
        var provider = scope.Trim('/').Split('/').Length;
        var types = string.Join("/", path.Skip(provider + 2)).ToLowerInvariant();
        if (request.Method == "GET" && path.Count == 7 && types == "eventtypes/management/values")
            return Activities.List(caller, request, version);
        if (path.Count - provider is 3 or 4 && types.Split('/')[0] == "diagnosticsettings")
            return _settings.Handle(
                caller,
                request,
                scope,
                path.Count > provider + 3 ? path[provider + 3] : null,
                version
            );
        throw ArmApi.NoResource(request);
    }
}
