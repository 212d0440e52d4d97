using System.IO;
using System.Text.Json;

namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// Values for parameters of Azure: the Key Vaults of the keys that were seen, the subscriptions and tenants that az
/// knows, and the roles that suffice.
/// </summary>
internal static class AzureSuggestions
{
    public static IEnumerable<Suggestion> Of(string parameter, SeenNames seen) =>
        parameter switch
        {
            "AzureKeyVaultName" or "KeyVaultName" or "VaultKeyCollection" => ConnectedKeyVaults(seen)
                .Concat(
                    KeyVaults(seen)
                        .Select(v => new Suggestion(v.Host.Split('.')[0], $"Key Vault of a key that was seen: {v}"))
                ),
            "KeyVaultUri" => KeyVaults(seen)
                .Select(v => new Suggestion(v.ToString(), "Key Vault of a key that was seen")),
            "RoleName" =>
            [
                new Suggestion(KeyVaultRoles.Default, "the default"),
                new Suggestion(KeyVaultRoles.Narrowest, "the narrowest built-in role that suffices"),
            ],
            "AzureSubscriptionId" or "SubscriptionId" => Subscriptions().Select(s => new Suggestion(s.Id, s.Name)),
            "AzureTenantId" or "TenantId" => Subscriptions()
                .Select(s => new Suggestion(s.Tenant, $"tenant of {s.Name}"))
                .Concat(seen.Principals.Where(IsId).Select(p => new Suggestion(p, "tenant of a cluster's key"))),
            "Region" => AzureRegions.Offered,
            "AzureClientId" => LocalConfiguration.Variable("AZURE_CLIENT_ID") is { } client
                ? [new Suggestion(client, "AZURE_CLIENT_ID")]
                : [],
            _ => [],
        };

    private static IEnumerable<Suggestion> ConnectedKeyVaults(SeenNames seen)
    {
        foreach (var name in seen.Connection.Get<string[]>("AzureKeyVaultName") ?? [])
            yield return new Suggestion(name, "Key Vault of the session (Connect-CrdbCloud -AzureKeyVaultName)");
        if (seen.Sandbox?.Find("azure") is { } sandbox && sandbox.TryGetValue("keyVaultName", out var keyVault))
            yield return new Suggestion(keyVault, "Key Vault of the sandbox");
    }

    private static bool IsId(string text) => Guid.TryParseExact(text, "D", out _);

    private static IEnumerable<Uri> KeyVaults(SeenNames seen) =>
        seen
            .KeyUris.Select(text => Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : null)
            .OfType<Uri>()
            .Where(uri =>
                uri.Scheme == Uri.UriSchemeHttps
                && uri.Host.IndexOf(".vault.", StringComparison.OrdinalIgnoreCase) > 0
                && uri.AbsolutePath.StartsWith("/keys/", StringComparison.Ordinal)
            )
            .Select(uri => new Uri(uri.GetLeftPart(UriPartial.Authority)))
            .Distinct();

    /// <summary>The subscriptions of "az login", which az keeps in azureProfile.json.</summary>
    private static List<(string Id, string Name, string Tenant)> Subscriptions()
    {
        var folder = LocalConfiguration.PathOf("AZURE_CONFIG_DIR", ".azure");
        var text = LocalConfiguration.Text(Path.Combine(folder, "azureProfile.json"));
        try
        {
            using var profile = JsonDocument.Parse(text.Length == 0 ? "{}" : text);
            return profile.RootElement.TryGetProperty("subscriptions", out var list)
                ?
                [
                    .. list.EnumerateArray()
                        .Select(s => (Id: Value(s, "id"), Name: Value(s, "name"), Tenant: Value(s, "tenantId")))
                        .Where(s => IsId(s.Id) && IsId(s.Tenant)),
                ]
                : [];
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return [];
        }
    }

    private static string Value(JsonElement subscription, string name) =>
        subscription.TryGetProperty(name, out var value) ? VisibleText.Line(value.ToString()) : "";
}
