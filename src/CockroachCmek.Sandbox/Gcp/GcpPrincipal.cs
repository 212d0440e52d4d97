namespace CockroachCmek.Sandbox.Gcp;

/// <summary>A caller, as policies name it. A service account is identified by its unique id.</summary>
internal sealed record GcpPrincipal(string Member, string? UniqueId)
{
    public static GcpPrincipal Nobody { get; } = new("", null);

    /// <summary>Has all permissions in the customer's organization, but for <see cref="Lacks"/>.</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Permissions that it has in addition to those from policies.</summary>
    public IReadOnlyCollection<string> Permissions { get; init; } = [];

    /// <summary>Permissions that an administrator does not have.</summary>
    public IReadOnlyCollection<string> Lacks { get; init; } = [];

    /// <summary>True if it has a permission everywhere in the customer's organization.</summary>
    public bool Holds(string permission) =>
        IsAdministrator ? !Lacks.Contains(permission) : Permissions.Contains(permission);

    public static GcpPrincipal Of(ServiceAccount account) => new("serviceAccount:" + account.Email, account.UniqueId);
}
