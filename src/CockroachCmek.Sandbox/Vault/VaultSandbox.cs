using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// The sandbox's HashiCorp Vault Enterprise with the key management engine, distributing into the sandbox's own clouds: a key that was
/// distributed really wraps. Nothing is mounted at the start, as in life.
/// </summary>
public sealed class VaultSandbox : ISandboxService
{
    private readonly object _gate;
    private readonly SandboxClock _clock;
    private readonly VaultData _data;
    private readonly IReadOnlyList<IKeyDistributor> _clouds;
    private readonly VaultHealth _health;
    private readonly VaultSystem _system;

    internal VaultSandbox(
        object gate,
        SandboxClock clock,
        VaultData data,
        AwsSandbox aws,
        GcpSandbox gcp,
        AzureSandbox azure
    )
    {
        (_gate, _clock, _data) = (gate, clock, data);
        _health = new VaultHealth(clock, data);
        var host = new VaultHost(data);
        _clouds = [new AwsDistributor(aws, host), new GcpDistributor(gcp, host), new AzureDistributor(azure, host)];
        _system = new VaultSystem(clock, data);
        _data.RootToken = NewToken("", isRoot: true, [], null);
    }

    /// <summary>A token that may do everything in every namespace. Made at start, worth nothing elsewhere.</summary>
    public string RootToken => _data.RootToken;

    /// <summary>What the server is in. A rehearsal changes it at will.</summary>
    public VaultState State
    {
        get => _data.ServerState;
        set => _data.ServerState = value;
    }

    /// <summary>The Community edition: no key management engine, no namespaces.</summary>
    public bool OpenSource
    {
        get => _data.OpenSource;
        set => _data.OpenSource = value;
    }

    /// <summary>Before 2.0 keys have no replica regions.</summary>
    public Version Version
    {
        get => _data.Version;
        set => _data.Version = value;
    }

    /// <summary>Where a standby server sends clients; null when it does not know of an active one.</summary>
    public Uri? ActiveAddress
    {
        get => _data.ActiveAddress;
        set => _data.ActiveAddress = value;
    }

    /// <summary>Adds a namespace, for example admin/team; admin is there at the start, as on HCP. Those above it come with it.</summary>
    public void AddNamespace(string path)
    {
        lock (_gate)
        {
            var parts = path.Trim('/').Split('/');
            for (var depth = 1; depth <= parts.Length; depth++)
            {
                var name = string.Join("/", parts.Take(depth));
                if (!_data.Namespaces.ContainsKey(name))
                    _data.Namespaces[name] = new VaultNamespace(name);
            }
        }
    }

    /// <summary>Makes a token.</summary>
    /// <param name="ttl">How long it lives, in sandbox time; null for ever.</param>
    /// <param name="inNamespace">Where it is made: it reaches that namespace and those below, and its rules' paths start there. Null for the root.</param>
    /// <param name="rules">What it may do.</param>
    public string AddToken(TimeSpan? ttl, string? inNamespace, params VaultRule[] rules)
    {
        lock (_gate)
            return NewToken((inNamespace ?? "").Trim('/'), isRoot: false, rules, ttl);
    }

    /// <summary>Sets a variable of the Vault server's environment (AWS_ACCESS_KEY_ID, GOOGLE_CREDENTIALS, AZURE_CLIENT_ID and so on), or takes it away with null.</summary>
    public void SetEnvironment(string name, string? value)
    {
        lock (_gate)
        {
            if (value is null)
                _data.Environment.Remove(name);
            else
                _data.Environment[name] = value;
        }
    }

    /// <inheritdoc/>
    public Task<SandboxResponse> HandleAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            try
            {
                return Task.FromResult(Answer(request));
            }
            catch (VaultFault fault)
            {
                return Task.FromResult(fault.ToResponse());
            }
        }
    }

    private SandboxResponse Answer(SandboxRequest request)
    {
        if (!request.Path.StartsWith("/v1/", StringComparison.Ordinal))
            throw VaultFault.NotFound();
        var path = Uri.UnescapeDataString(request.Path.Substring("/v1/".Length)).Trim('/');
        var version = Version + (OpenSource ? "" : "+ent");
        if (path == "sys/health")
            return _health.Health(request, State, version, OpenSource);
        if (path == "sys/seal-status")
            return _health.SealStatus(State, version);
        switch (State)
        {
            case VaultState.Sealed:
                throw new VaultFault(503, "Vault is sealed");
            case VaultState.DisasterRecoverySecondary:
                throw VaultFault.Invalid("path disabled in replication DR secondary mode");
            case VaultState.Standby when ActiveAddress is null:
                throw new VaultFault(500, "local node not active but active cluster node not found");
            case VaultState.Standby:
                return new SandboxResponse(307, [], "application/json")
                {
                    Headers = [new("Location", new Uri(ActiveAddress, request.RawTarget).AbsoluteUri)],
                };
        }

        var place = Place(request, ref path);
        var operation = request.Method switch
        {
            "GET" or "HEAD" => request.Query.Split('&').Contains("list=true")
                ? VaultOperation.List
                : VaultOperation.Read,
            "LIST" => VaultOperation.List,
            "POST" or "PUT" => VaultOperation.Write,
            "DELETE" => VaultOperation.Delete,
            _ => throw VaultFault.UnsupportedOperation(),
        };
        var token = Authenticate(request);
        var route = OpenSource && place.Route(path)?.Mount.KeyManagement is not null ? null : place.Route(path);
        var exists = route is not { } at || Engine(at.Mount)?.Exists(at.Below) != false;
        if (!token.May(place.Path, path, Capability(operation, exists)))
            throw VaultFault.Denied();
        var fields = VaultFields.Parse(operation == VaultOperation.Write ? request.Body : []);
        var answer = _system.Answer(place, token, operation, path, fields)
            ?? (
                route is { } to
                    ? (Engine(to.Mount) ?? throw VaultFault.UnsupportedPath()).Answer(operation, to.Below, fields)
                    : throw VaultFault.NoRoute(path)
            );
        return (answer with { Warnings = [.. answer.Warnings, .. fields.Warnings] }).ToResponse(
            route?.Mount.Type ?? "system"
        );
    }

    /// <summary>The engine of a mount; null for an engine of another type.</summary>
    private KeyManagementEngine? Engine(VaultMount mount) =>
        mount.KeyManagement is { } keys
            ? new KeyManagementEngine(_clock, _clouds, keys, knowsReplicas: Version.Major >= 2)
            : null;

    private static string Capability(VaultOperation operation, bool exists) =>
        operation switch
        {
            VaultOperation.Read => "read",
            VaultOperation.List => "list",
            VaultOperation.Delete => "delete",
            _ => exists ? "update" : "create",
        };

    /// <summary>A namespace is named by the header, by the start of the path, or by both in turn. The Community edition has none and looks at neither.</summary>
    private VaultNamespace Place(SandboxRequest request, ref string path)
    {
        if (OpenSource)
            return _data.Namespaces[""];
        var name = (request.Header("X-Vault-Namespace") ?? "").Trim('/');
        if (name == "root")
            name = "";
        if (!_data.Namespaces.TryGetValue(name, out var place))
            throw new VaultFault(404, "namespace not found");
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/'))
        {
            if (
                !_data.Namespaces.TryGetValue(
                    (place.Path.Length > 0 ? place.Path + "/" : "") + path.Substring(0, slash),
                    out var below
                )
            )
                break;
            place = below;
            path = path.Substring(slash + 1);
        }

        return place;
    }

    private VaultToken Authenticate(SandboxRequest request)
    {
        const string Bearer = "Bearer ";
        var id = request.Header("X-Vault-Token")
            ?? (
                request.Header("Authorization") is { } authorization
                && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
                    ? authorization.Substring(Bearer.Length)
                    : null
            );
        if (string.IsNullOrEmpty(id))
            throw new VaultFault(403, "permission denied");
        return _data.Tokens.TryGetValue(id!, out var token) && token.IsAlive(_clock.UtcNow)
            ? token
            : throw VaultFault.BadToken();
    }

    /// <summary>Random, and unlike any real token, so that no scanner is alarmed.</summary>
    private string NewToken(string inNamespace, bool isRoot, IReadOnlyList<VaultRule> rules, TimeSpan? ttl)
    {
        var id =
            (isRoot ? "sandbox-root-" : "sandbox-token-")
            + string.Concat(
                KmsMaterial
                    .RandomBytes(16)
                    .Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture))
            );
        _data.Tokens[id] = new VaultToken(id, inNamespace, isRoot, rules, _clock.UtcNow, ttl);
        return id;
    }
}
