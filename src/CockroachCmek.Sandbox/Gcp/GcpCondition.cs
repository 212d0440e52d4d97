namespace CockroachCmek.Sandbox.Gcp;

/// <summary>What a condition can see of a request.</summary>
/// <param name="Time">When it arrived.</param>
/// <param name="Resource">The resource that it is about.</param>
/// <param name="AccessLevels">The access levels of its sender; null if whoever evaluates cannot know.</param>
internal sealed record GcpConditionContext(
    DateTimeOffset Time,
    string Resource,
    IReadOnlyCollection<string>? AccessLevels
)
{
    /// <summary>An attribute's value; null if there is no such attribute.</summary>
    public object? Attribute(string path) =>
        path switch
        {
            "request.time" => Time,
            "resource.name" => Resource,
            "resource.type" => GcpHierarchy.TypeOf(Resource),
            "resource.service" => GcpHierarchy.TypeOf(Resource).Split('/')[0],
            "request.auth.access_levels" => AccessLevels?.Cast<object>().ToList()
                ?? (object)new CelMissing(path, IsError: false),
            _ => null,
        };
}

/// <summary>A condition of a binding, in CEL.</summary>
internal sealed record GcpCondition(string Title, string? Description, string Expression)
{
    /// <summary>
    /// What expressions can name. The last ones are of requests that the sandbox does not have: they are an error, and
    /// the condition does not hold.
    /// </summary>
    private static readonly string[] Known =
    [
        "request.time",
        "resource.name",
        "resource.type",
        "resource.service",
        "request.auth.access_levels",
        "request.auth.claims",
        "request.host",
        "request.path",
        "destination.ip",
        "destination.port",
    ];

    /// <summary>Why the expression is not valid; null if it is.</summary>
    public string? Problem
    {
        get
        {
            try
            {
                var unknown = Cel.Parse(Expression)
                    .Attributes.FirstOrDefault(a =>
                        !Known.Any(k => a == k || a.StartsWith(k + ".", StringComparison.Ordinal))
                    );
                return unknown is null
                    ? null
                    : $"Condition expression compilation failed: undeclared reference to '{unknown}'.";
            }
            catch (FormatException error)
            {
                return $"Condition expression compilation failed: {error.Message}.";
            }
        }
    }

    /// <summary>True or false; null if it depends on what the context does not tell. An error is false.</summary>
    public bool? Holds(GcpConditionContext context) =>
        Cel.Parse(Expression).Evaluate(context.Attribute) switch
        {
            bool value => value,
            CelMissing { IsError: false } => null,
            _ => false,
        };
}
