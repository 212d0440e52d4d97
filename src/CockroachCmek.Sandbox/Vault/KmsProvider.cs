using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>A location for keys in a cloud, and Vault's credentials there, which are never shown.</summary>
internal sealed class KmsProvider(string name, string provider, string collection)
{
    public string Name { get; } = name;

    /// <summary>awskms, gcpckms or azurekeyvault. Never changes.</summary>
    public string Provider { get; } = provider;

    /// <summary>The AWS region, the key ring or the name of the key vault. Never changes.</summary>
    public string Collection { get; } = collection;

    public IReadOnlyDictionary<string, string> Credentials { get; set; } = new Dictionary<string, string>();

    public JsonObject ToJson() => new() { ["key_collection"] = Collection, ["provider"] = Provider };
}
