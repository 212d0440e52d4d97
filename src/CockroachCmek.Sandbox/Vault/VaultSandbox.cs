using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// The sandbox's HashiCorp Vault Enterprise with the key management engine. It distributes keys to the sandbox's own
/// clouds, where CockroachDB can use them. At start no engine is mounted, as in production.
/// </summary>
public sealed class VaultSandbox : ISandboxService
{
    private readonly object _gate;
    private readonly VaultData _data;
    private readonly VaultTokens _tokens;
    private readonly VaultServer _server;

    internal VaultSandbox(
        object gate,
        SandboxClock clock,
        VaultData data,
        AwsSandbox aws,
        GcpSandbox gcp,
        AzureSandbox azure
    )
    {
        (_gate, _data) = (gate, data);
        var host = new VaultHost(data);
        _tokens = new VaultTokens(clock, data);
        _server = new VaultServer(
            clock,
            data,
            _tokens,
            [new AwsDistributor(aws, host), new GcpDistributor(gcp, host), new AzureDistributor(azure, host)]
        );
        _data.RootToken = _tokens.Create("", isRoot: true, [], null);
    }

    /// <summary>A token with all rights in every namespace. Generated at start and valid only here.</summary>
    public string RootToken => _data.RootToken;

    /// <summary>The state of the server. Can be changed at any time.</summary>
    public VaultState State
    {
        get => _data.ServerState;
        set => _data.ServerState = value;
    }

    /// <summary>True for the Community edition, which has neither the key management engine nor namespaces.</summary>
    public bool OpenSource
    {
        get => _data.OpenSource;
        set => _data.OpenSource = value;
    }

    /// <summary>The version of Vault. Keys have replica regions only from 2.0 on.</summary>
    public Version Version
    {
        get => _data.Version;
        set => _data.Version = value;
    }

    /// <summary>The address that a standby server redirects clients to; null if it knows no active server.</summary>
    public Uri? ActiveAddress
    {
        get => _data.ActiveAddress;
        set => _data.ActiveAddress = value;
    }

    /// <summary>
    /// Adds a namespace and its missing ancestors, for example admin/team. The namespace admin exists from the start,
    /// as on HCP.
    /// </summary>
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

    /// <summary>Creates a token.</summary>
    /// <param name="ttl">Its lifetime in sandbox time. Default: it never expires.</param>
    /// <param name="inNamespace">
    /// The namespace that it belongs to. It reaches this namespace and those below, and the paths of its rules are
    /// relative to it. Default: the root namespace.
    /// </param>
    /// <param name="rules">Its policy.</param>
    public string AddToken(TimeSpan? ttl, string? inNamespace, params VaultRule[] rules)
    {
        lock (_gate)
            return _tokens.Create((inNamespace ?? "").Trim('/'), isRoot: false, rules, ttl);
    }

    /// <summary>
    /// Sets an environment variable of the Vault server, for example AWS_ACCESS_KEY_ID, GOOGLE_CREDENTIALS or
    /// AZURE_CLIENT_ID. Null removes it.
    /// </summary>
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
                return Task.FromResult(_server.Handle(request));
            }
            catch (VaultException error)
            {
                return Task.FromResult(error.ToResponse());
            }
        }
    }
}
