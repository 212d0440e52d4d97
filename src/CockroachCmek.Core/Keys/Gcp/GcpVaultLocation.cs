using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>The key ring that Vault puts keys into, and, where it is asked for, Vault's own access to it.</summary>
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

    /// <exception cref="CmekException">VaultCollectionMalformed, ProjectUnknown, LocationUnknown, VaultRoleDiffers, ServiceAccountDisabled, ServiceAccountKeyFileTaken, ...</exception>
    public static async Task<GcpVaultLocation> FindAsync(
        GcpKeyProvider provider,
        KeyRequest request,
        GcpClients clients,
        GcpCalls calls
    )
    {
        var ring = await RingAsync(request, clients, calls.Context.CancellationToken);
        var reader = new GcpKeyReader(clients, calls);
        var hasRing = await reader.FindRingAsync(ring) is not null;
        if (
            !hasRing
            && await reader.FindLocationProblemAsync(
                ring,
                needsHsm: VaultKeyOptions.From(request.Options).ProtectionLevel != CmekProtectionLevel.Software
            )
                is { } fault
        )
            throw fault;
        var access = VaultKeyOptions.From(request.Options).BootstrapAccess
            ? await new GcpVaultAccess(clients, calls).ReadAsync(
                ring,
                hasRing,
                VaultKeyOptions.From(request.Options).ServiceAccountKeyPath
            )
            : null;
        return new GcpVaultLocation(provider, request.Cluster.Name, ring, hasRing, access)
        {
            ProtectionLevel = VaultKeyOptions.From(request.Options).ProtectionLevel,
        };
    }

    public async Task<bool> ConfirmAsync(OperationContext context)
    {
        var mayRing =
            _hasRing
            || await context.Log.ShouldProcessAsync(
                _ring.LocationName,
                $"Create key ring {_ring.Id}, which cannot be deleted again",
                context.CancellationToken
            );
        var mayAccess = _access is null || await GcpVaultAccess.ConfirmAsync(_access, context);
        return mayRing && mayAccess;
    }

    public Task<bool> CreateAsync(OperationContext context) =>
        _provider.RunAsync(_target, context, async (clients, calls) =>
        {
            if (!_hasRing)
                await new GcpKeyWriter(clients, calls).CreateRingAsync(_ring);
            return _access is not null && await new GcpVaultAccessWriter(clients, calls).WriteAsync(_access);
        });

    /// <summary>One key serves all regions: the ring is in the only region's location, or in global, as on the documentation's page, unless said otherwise.</summary>
    private static async Task<GcpRingName> RingAsync(
        KeyRequest request,
        GcpClients clients,
        CancellationToken cancellationToken
    )
    {
        var options = GcpKeyOptions.From(request.Options);
        var named = VaultKeyOptions.From(request.Options).KeyCollection
            ?? (options.KeyRing?.StartsWith("projects/", StringComparison.Ordinal) == true ? options.KeyRing : null);
        if (named is not null)
        {
            return GcpRingName.TryParse(named)
                ?? throw VaultErrors.VaultCollectionMalformed(
                    named,
                    "projects/<project>/locations/<location>/keyRings/<ring>"
                );
        }

        var account = ServiceAccountEmail.Parse(request.AuthPrincipal);
        var project = await clients.ResolveProjectAsync(options.Project, account.Project, cancellationToken);
        return new GcpRingName(
            project,
            options.Location ?? (request.Regions.Count == 1 ? request.Regions[0] : "global"),
            options.KeyRing ?? GcpNames.DefaultRing
        );
    }
}
