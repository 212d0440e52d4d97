namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A caller, as policies name it. A service account is identified by its unique id.</summary>
internal sealed record GcpPrincipal(string Member, string? UniqueId)
{
    public static GcpPrincipal Nobody { get; } = new("", null);

    /// <summary>Has all permissions in the customer's projects.</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Permissions that it has in addition to those from policies.</summary>
    public IReadOnlyCollection<string> Permissions { get; init; } = [];

    public static GcpPrincipal Of(ServiceAccount account) => new("serviceAccount:" + account.Email, account.UniqueId);
}
