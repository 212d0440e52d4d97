namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// The data of HashiCorp Vault: namespaces with their mounts and keys, tokens, the server's environment.
/// </summary>
internal sealed class VaultData(RsaSupply rsa)
{
    /// <summary>Key pairs of new keys.</summary>
    public RsaSupply Rsa { get; } = rsa;

    public string ClusterId { get; } = Guid.NewGuid().ToString("D");

    public string RootToken { get; set; } = "";

    public Dictionary<string, VaultToken> Tokens { get; } = [];

    public Dictionary<string, VaultNamespace> Namespaces { get; } =
        new(StringComparer.Ordinal) { [""] = new VaultNamespace(""), ["admin"] = new VaultNamespace("admin") };

    /// <summary>Environment variables of the Vault server.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public VaultState ServerState { get; set; } = VaultState.Active;

    public bool OpenSource { get; set; }

    public Version Version { get; set; } = new(2, 0, 0);

    public Uri? ActiveAddress { get; set; }
}

/// <summary>The data of one mount of the key management engine.</summary>
internal sealed class KeyManagementData
{
    public SortedDictionary<string, VaultKey> Keys { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, KmsProvider> Providers { get; } = new(StringComparer.Ordinal);

    /// <summary>Suffix of the name of the last key that was distributed.</summary>
    public long LastSuffix { get; set; }

    /// <exception cref="VaultException">400: there is no such key.</exception>
    public VaultKey FindKey(string name) =>
        Keys.TryGetValue(name, out var key) ? key : throw VaultException.Invalid($"key \"{name}\" not found");
}
