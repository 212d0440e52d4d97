using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>The key ring that Vault puts keys into, and Vault's own access to it where that was asked for.</summary>
internal sealed class GcpVaultLocation : IVaultLocation
{
    private readonly GcpKeyProvider _provider;
    private readonly string _target;
    private readonly GcpRingName _ring;
    private readonly bool _hasRing;
    private readonly GcpVaultAccessState? _access;

    private GcpVaultLocation(
        GcpKeyProvider provider,
        string target,
        GcpRingName ring,
        bool hasRing,
        GcpVaultAccessState? access
    )
    {
        _provider = provider;
        _target = target;
        _ring = ring;
        _hasRing = hasRing;
        _access = access;
    }

    public string KeyCollection => _ring.ToString();

    public CmekProtectionLevel? ProtectionLevel { get; private init; }

    /// <exception cref="CmekException">
    /// VaultCollectionMalformed, ProjectUnknown, LocationUnknown, VaultRoleDiffers, ServiceAccountDisabled,
    /// ServiceAccountKeyFileTaken, …
    /// </exception>
    public static async Task<GcpVaultLocation> FindAsync(
        GcpKeyProvider provider,
        KeyRequest request,
        GcpClients clients,
        GcpCalls calls
    )
    {
        var protection = VaultKeyOptions.From(request.Options).ProtectionLevel;
        var ring = await FindRingAsync(request, clients, calls.Context.CancellationToken);
        var reader = new GcpKeyReader(clients, calls);
        var hasRing = await reader.FindRingAsync(ring) is not null;
        if (!hasRing)
        {
            var needsHsm = protection != CmekProtectionLevel.Software;
            if (await reader.FindLocationProblemAsync(ring, needsHsm) is { } problem)
                throw problem;
        }

        var options = GcpVaultOptions.From(request.Options);
        var access = options.BootstrapAccess
            ? await new GcpVaultAccess(clients, calls).ReadAsync(ring, hasRing, options.ServiceAccountKeyPath)
            : null;
        return new GcpVaultLocation(provider, request.Cluster.Name, ring, hasRing, access)
        {
            ProtectionLevel = protection,
        };
    }

    public async Task<bool> ConfirmAsync(OperationContext context)
    {
        var mayCreateRing =
            _hasRing
            || await context.Host.ConfirmAsync(
                _ring.LocationName,
                $"Create key ring {_ring.Id}, which cannot be deleted later",
                context.CancellationToken
            );
        var mayGrantAccess = _access is null || await GcpVaultAccess.ConfirmAsync(_access, context);
        return mayCreateRing && mayGrantAccess;
    }

    public Task<bool> CreateAsync(OperationContext context) =>
        _provider.RunAsync(_target, context, async (clients, calls) =>
        {
            if (!_hasRing)
                await new GcpKeyWriter(clients, calls).CreateRingAsync(_ring);
            return _access is not null && await new GcpVaultAccessWriter(clients, calls).WriteAsync(_access);
        });

    /// <summary>
    /// One key serves all regions. Default: a ring in the region's own location for a single region, and in global
    /// for several, as in CockroachDB's documentation.
    /// </summary>
    private static async Task<GcpRingName> FindRingAsync(
        KeyRequest request,
        GcpClients clients,
        CancellationToken cancellationToken
    )
    {
        var options = GcpKeyOptions.From(request.Options);
        var ring = options.KeyRing;
        if (VaultKeyOptions.From(request.Options).KeyCollection is { } collection)
            return GcpVaultTarget.ParseKeyRing(collection);
        if (ring is not null && ring.StartsWith("projects/", StringComparison.Ordinal))
            return GcpVaultTarget.ParseKeyRing(ring);
        var account = ServiceAccountEmail.Parse(request.AuthPrincipal);
        return new GcpRingName(
            await clients.ResolveProjectAsync(options.Project, account.Project, cancellationToken),
            options.Location ?? (request.Regions.Count == 1 ? request.Regions[0] : "global"),
            ring ?? GcpNames.DefaultRing
        );
    }
}
