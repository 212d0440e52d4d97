using System.Text;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Vault;

/// <summary>
/// Distributes keys to Azure Key Vault: one key with imported versions. Gets a token and calls the key vault like any
/// client. Source: HashiCorp's azurekeyvault pages.
/// </summary>
internal sealed class AzureDistributor(AzureSandbox azure, VaultHost host) : IKeyDistributor
{
    public string Provider => "azurekeyvault";

    public string? WhyUnsupported(string keyType, IReadOnlyList<string> purpose, string protection) =>
        keyType.StartsWith("rsa-", StringComparison.Ordinal)
            ? null
            : $"key type \"{keyType}\" is not supported by provider \"azurekeyvault\"";

    public string Import(VaultKey key, KeyDistribution distribution, VaultMaterial material)
    {
        var rsa = material.Rsa!.Value;
        var jwk = new JsonObject
        {
            ["kty"] = distribution.Protection == "hsm" ? "RSA-HSM" : "RSA",
            ["key_ops"] = new JsonArray([
                .. distribution.Purpose.Select(p =>
                    (JsonNode)(
                        p switch
                        {
                            "wrap" => "wrapKey",
                            "unwrap" => "unwrapKey",
                            _ => p,
                        }
                    )
                ),
            ]),
            ["n"] = Base64Url.Encode(rsa.Modulus!),
            ["e"] = Base64Url.Encode(rsa.Exponent!),
            ["d"] = Base64Url.Encode(rsa.D!),
            ["p"] = Base64Url.Encode(rsa.P!),
            ["q"] = Base64Url.Encode(rsa.Q!),
            ["dp"] = Base64Url.Encode(rsa.DP!),
            ["dq"] = Base64Url.Encode(rsa.DQ!),
            ["qi"] = Base64Url.Encode(rsa.InverseQ!),
        };
        var bundle = Call(
            distribution.Kms,
            "PUT",
            $"/keys/{distribution.CloudName}",
            new JsonObject
            {
                ["key"] = jwk,
                ["attributes"] = new JsonObject { ["enabled"] = true },
                ["tags"] = new JsonObject { ["key_name"] = key.Name },
            }
        );
        return ((string)bundle!["key"]!["kid"]!).Split('/').Last();
    }

    public void SetEnabled(KeyDistribution distribution, string id, bool enabled) =>
        Call(
            distribution.Kms,
            "PATCH",
            $"/keys/{distribution.CloudName}/{id}",
            new JsonObject { ["attributes"] = new JsonObject { ["enabled"] = enabled } }
        );

    public void Remove(VaultKey key, KeyDistribution distribution) =>
        Call(distribution.Kms, "DELETE", $"/keys/{distribution.CloudName}", null, mayBeGone: true);

    public void Replicate(VaultKey key, KeyDistribution distribution) =>
        throw new CloudRefusedException("Azure Key Vault has no key replication");

    private JsonNode? Call(KmsProvider kms, string method, string path, JsonObject? body, bool mayBeGone = false)
    {
        var address = $"{kms.Collection.ToLowerInvariant()}.vault.azure.net";
        if (
            Credential(kms, "environment", "AZURE_ENVIRONMENT") is { } cloud
            && !AzureDirectory.Same(cloud, "AzurePublicCloud")
        )
            throw NoHost($"{kms.Collection} of {cloud}");
        try
        {
            return azure.Locked(context =>
            {
                var token = Token(context, kms);
                if (context.KeyVaults.All(v => v.HostName != address))
                    throw NoHost(address);
                return new KeyVaultService(context, kms.Collection)
                    .Handle(Request(method, address, path + "?api-version=7.4", body?.ToJsonString() ?? "", token))
                    .Body;
            });
        }
        catch (AzureException error)
        {
            if (mayBeGone && error.Code == "KeyNotFound")
                return null;
            throw new CloudRefusedException(
                $"StatusCode={error.Status} Code=\"{error.Inner ?? error.Code}\" Message=\"{error.Message}\""
            );
        }
    }

    private string Token(AzureContext context, KmsProvider kms)
    {
        string Required(string name, string variable) =>
            Credential(kms, name, variable)
            ?? throw new CloudRefusedException(
                $"{name} is required: Vault's server does not run in Azure and has no managed identity"
            );
        var (tenant, id, secret) = (
            Required("tenant_id", "AZURE_TENANT_ID"),
            Required("client_id", "AZURE_CLIENT_ID"),
            Required("client_secret", "AZURE_CLIENT_SECRET")
        );
        var scope = AzureDirectory.KeyVaultAudience + "/.default";
        var form =
            $"grant_type=client_credentials&client_id={Uri.EscapeDataString(id)}"
            + $"&client_secret={Uri.EscapeDataString(secret)}&scope={Uri.EscapeDataString(scope)}";
        var response = new EntraService(context).Handle(
            Request(
                "POST",
                "login.microsoftonline.com",
                $"/{Uri.EscapeDataString(tenant)}/oauth2/v2.0/token",
                form,
                null
            )
        );
        return (string)response.Body!["access_token"]!;
    }

    /// <summary>
    /// The environment of Vault's server takes precedence over the provider's credentials, unlike on AWS.
    /// </summary>
    private string? Credential(KmsProvider kms, string name, string variable) =>
        host.Variable(variable)
        ?? (kms.Credentials.TryGetValue(name, out var value) && value.Length > 0 ? value : null);

    private static AzureRequest Request(string method, string address, string target, string body, string? token) =>
        new(
            new SandboxRequest
            {
                Service = "azure",
                Method = method,
                RawTarget = target,
                Headers = token is null
                    ? [new("Host", address)]
                    : [new("Host", address), new("Authorization", "Bearer " + token)],
                Body = Encoding.UTF8.GetBytes(body),
            }
        );

    private static CloudRefusedException NoHost(string address) => new($"dial tcp: lookup {address}: no such host");
}
