namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Who asks: as policies name them. Of a service account the unique id says who it is.</summary>
internal sealed record GcpPrincipal(string Member, string? UniqueId)
{
    public static GcpPrincipal Nobody { get; } = new("", null);

    /// <summary>May do everything in the customer's projects.</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Permissions that were handed out directly, beside what policies say.</summary>
    public IReadOnlyCollection<string> Permissions { get; init; } = [];

    public static GcpPrincipal Of(ServiceAccount account) => new("serviceAccount:" + account.Email, account.UniqueId);
}
