namespace CockroachCmek.Core.Keys.Vault;

/// <summary>Values for the parameters of HashiCorp Vault: what the vault command takes from the environment.</summary>
internal static class VaultSuggestions
{
    public static IEnumerable<Suggestion> Of(string parameter) =>
        parameter switch
        {
            "VaultAddress" => FromVariable("VAULT_ADDR"),
            "VaultNamespace" => FromVariable("VAULT_NAMESPACE")
                .Append(new Suggestion("admin", "the top namespace of HCP Vault")),
            "VaultMount" => [new Suggestion(VaultConnection.DefaultMount, "the default path")],
            _ => [],
        };

    private static IEnumerable<Suggestion> FromVariable(string name) =>
        LocalConfiguration.Variable(name) is { } value ? [new Suggestion(value, name)] : [];
}
