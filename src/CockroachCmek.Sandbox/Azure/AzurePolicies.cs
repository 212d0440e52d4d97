using System.Text.Json.Nodes;

namespace CockroachCmek.Sandbox.Azure;

/// <summary>A rule of Azure Policy with the effect deny.</summary>
public enum AzurePolicyRule
{
    /// <summary>New keys and versions need an expiry date.</summary>
    KeysNeedExpiry,

    /// <summary>New keys and versions need 4096 bits.</summary>
    KeysNeed4096Bits,

    /// <summary>New keys and versions need an HSM.</summary>
    KeysNeedHsm,

    /// <summary>Key vaults need purge protection, stated in the request itself.</summary>
    VaultsNeedPurgeProtection,

    /// <summary>Roles cannot be assigned.</summary>
    NoRoleAssignments,
}

/// <summary>A rule that is assigned to a scope.</summary>
internal sealed record PolicyAssignment(string Name, string Scope, AzurePolicyRule Rule)
{
    public string Id => $"{Scope}/providers/Microsoft.Authorization/policyAssignments/{Name}";
}

/// <summary>
/// Azure Policy refuses new resources, whatever the caller's roles are. Existing ones are not touched
/// (azure-security-docs, azure-policy.md and troubleshoot-azure-policy-for-key-vault.md).
/// </summary>
internal sealed class AzurePolicies(AzureContext context)
{
    /// <summary>Refuses to create a key or a version. The text of the refusal is guessed.</summary>
    public void RequireKey(KeyVault keyVault, string name, string operation, KeyVaultKeyVersion version)
    {
        if (Find($"{keyVault.Id}/keys/{name}", rule => rule switch
                {
                    AzurePolicyRule.KeysNeedExpiry => version.Expires is null,
                    AzurePolicyRule.KeysNeed4096Bits => version.IsRsa && version.Size < 4096,
                    AzurePolicyRule.KeysNeedHsm => !version.Kty.EndsWith("-HSM", StringComparison.Ordinal),
                    _ => false,
                }) is { } broken)
            throw new AzureException(
                403,
                "Forbidden",
                $"Operation \"{operation}\" is disallowed by policy.\r\nPolicy assignment: '{broken.Id}'\r\n"
                    + $"Vault: {keyVault.Name};location={keyVault.Location}",
                context.PolicyInnerCode
            );
    }

    /// <summary>Refuses to write a key vault. A policy compares the request's body (Azure/azure-cli#33265).</summary>
    public void RequireKeyVault(string id, JsonObject body) =>
        Require(id, rule =>
            rule == AzurePolicyRule.VaultsNeedPurgeProtection
            && body.Object("properties").Flag("enablePurgeProtection") is not true
        );

    public void RequireRoleAssignment(string id) => Require(id, rule => rule == AzurePolicyRule.NoRoleAssignments);

    /// <summary>The text is Azure/azure-powershell#18280; what follows the message is guessed.</summary>
    private void Require(string id, Func<AzurePolicyRule, bool> isBroken)
    {
        if (Find(id, isBroken) is { } broken)
            throw new AzureException(
                403,
                "RequestDisallowedByPolicy",
                $"Resource '{id.Split('/').Last()}' was disallowed by policy. "
                    + "See error details for policy resource IDs."
            )
            {
                AdditionalInfo = new JsonObject
                {
                    ["type"] = "PolicyViolation",
                    ["info"] = new JsonObject
                    {
                        ["policyAssignmentName"] = broken.Name,
                        ["policyAssignmentId"] = broken.Id,
                        ["policyDefinitionDisplayName"] = broken.Rule.ToString(),
                        ["policyDefinitionEffect"] = "deny",
                    },
                },
            };
    }

    private PolicyAssignment? Find(string id, Func<AzurePolicyRule, bool> isBroken) =>
        context.PolicyAssignments.FirstOrDefault(p => context.Scopes.Covers(p.Scope, id) && isBroken(p.Rule));
}
