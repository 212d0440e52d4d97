using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// Handles requests to Vault: state of the server, namespace, token, and the engine that the path belongs to.
/// </summary>
internal sealed class VaultServer(
    SandboxClock clock,
    VaultData data,
    VaultTokens tokens,
    IReadOnlyList<IKeyDistributor> clouds
)
{
    private readonly VaultHealth _health = new(clock, data);
    private readonly VaultSystem _system = new(clock, data);

    public SandboxResponse Handle(SandboxRequest request)
    {
        if (!request.Path.StartsWith("/v1/", StringComparison.Ordinal))
            throw VaultException.NotFound();
        var path = Uri.UnescapeDataString(request.Path.Substring("/v1/".Length)).Trim('/');
        return path switch
        {
            "sys/health" => _health.Health(request),
            "sys/seal-status" => _health.SealStatus(),
            _ => Redirect(request) ?? Handle(request, path),
        };
    }

    /// <summary>The redirect of a standby server; null if this server handles the request itself.</summary>
    /// <exception cref="VaultException">The server is in a state in which it handles no requests.</exception>
    private SandboxResponse? Redirect(SandboxRequest request) =>
        data.ServerState switch
        {
            VaultState.Sealed => throw new VaultException(503, "Vault is sealed"),
            VaultState.DisasterRecoverySecondary => throw VaultException.Invalid(
                "path disabled in replication DR secondary mode"
            ),
            VaultState.Standby when data.ActiveAddress is null => throw new VaultException(
                500,
                "local node not active but active cluster node not found"
            ),
            VaultState.Standby => new SandboxResponse(307, [], "application/json")
            {
                Headers = [new("Location", new Uri(data.ActiveAddress, request.RawTarget).AbsoluteUri)],
            },
            _ => null,
        };

    private SandboxResponse Handle(SandboxRequest request, string fullPath)
    {
        var (space, path) = FindNamespace(request, fullPath);
        var operation = Operation(request);
        var token = tokens.Authenticate(request);
        var route = space.Route(path);
        // The Community edition does not have the key management engine.
        if (data.OpenSource && route?.Mount.KeyManagement is not null)
            route = null;
        var exists = route is not { } at || Engine(at.Mount)?.Exists(at.Remainder) != false;
        if (!token.Has(space.Path, path, Capability(operation, exists)))
            throw VaultException.Denied();
        var fields = VaultFields.Parse(operation == VaultOperation.Write ? request.Body : []);
        var response = _system.Handle(space, token, operation, path, fields)
            ?? (
                route is { } to
                    ? (Engine(to.Mount) ?? throw VaultException.UnsupportedPath()).Handle(
                        operation,
                        to.Remainder,
                        fields
                    )
                    : throw VaultException.NoRoute(path)
            );
        return (response with { Warnings = [.. response.Warnings, .. fields.Warnings] }).ToResponse(
            route?.Mount.Type ?? "system"
        );
    }

    /// <summary>The key management engine of a mount; null for a mount of another type.</summary>
    private KeyManagementEngine? Engine(VaultMount mount) =>
        mount.KeyManagement is { } keys
            ? new KeyManagementEngine(clock, clouds, keys, data.Rsa, supportsReplicas: data.Version.Major >= 2)
            : null;

    private static VaultOperation Operation(SandboxRequest request) =>
        request.Method switch
        {
            "GET" or "HEAD" => request.Query.Split('&').Contains("list=true")
                ? VaultOperation.List
                : VaultOperation.Read,
            "LIST" => VaultOperation.List,
            "POST" or "PUT" => VaultOperation.Write,
            "DELETE" => VaultOperation.Delete,
            _ => throw VaultException.UnsupportedOperation(),
        };

    private static string Capability(VaultOperation operation, bool exists) =>
        operation switch
        {
            VaultOperation.Read => "read",
            VaultOperation.List => "list",
            VaultOperation.Delete => "delete",
            _ => exists ? "update" : "create",
        };

    /// <summary>
    /// The namespace that the header names, the start of the path, or both one after the other, and the rest of the
    /// path. The Community edition ignores both.
    /// </summary>
    private (VaultNamespace Space, string Path) FindNamespace(SandboxRequest request, string path)
    {
        if (data.OpenSource)
            return (data.Namespaces[""], path);
        var name = (request.Header("X-Vault-Namespace") ?? "").Trim('/');
        if (name == "root")
            name = "";
        if (!data.Namespaces.TryGetValue(name, out var space))
            throw new VaultException(404, "namespace not found");
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/'))
        {
            var prefix = space.Path.Length > 0 ? space.Path + "/" : "";
            if (!data.Namespaces.TryGetValue(prefix + path.Substring(0, slash), out var child))
                break;
            space = child;
            path = path.Substring(slash + 1);
        }

        return (space, path);
    }
}
