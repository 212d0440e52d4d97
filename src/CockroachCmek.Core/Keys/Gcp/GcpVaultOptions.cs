namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Options of keys generated in HashiCorp Vault that only Google Cloud has.</summary>
internal sealed record GcpVaultOptions
{
    /// <summary>
    /// Gives Vault its own identity, as CockroachDB's documentation describes: a custom role, a service account, and
    /// its binding on the key ring.
    /// </summary>
    public bool BootstrapAccess { get; private init; }

    /// <summary>Where to write a key of that service account. Default: no key is created.</summary>
    public string? ServiceAccountKeyPath { get; private init; }

    public static GcpVaultOptions From(CloudOptions options)
    {
        var path = options.Get<string>("ServiceAccountKeyPath");
        return new()
        {
            BootstrapAccess = options.Get<bool>("BootstrapVaultAccess") || path is not null,
            ServiceAccountKeyPath = path,
        };
    }
}
