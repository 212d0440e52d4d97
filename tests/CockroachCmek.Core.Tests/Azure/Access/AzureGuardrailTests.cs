using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Sandbox.Azure;

namespace CockroachCmek.Core.Tests.Azure.Access;

/// <summary>Refusals that no role of the caller's would change are named as what they are.</summary>
public sealed class AzureGuardrailTests
{
    private const string Policy = """
        {"error":{"code":"RequestDisallowedByPolicy","message":"Resource 'kv' was disallowed by policy.",
         "additionalInfo":[{"type":"PolicyViolation","info":{"policyAssignmentName":"a1b2",
          "policyAssignmentDisplayName":"Key Vaults need a firewall"}}]}}
        """;

    private const string Locked = """{"error":{"code":"ScopeLocked","message":"The scope is locked."}}""";

    [Theory]
    [InlineData(403, Policy, "AzurePolicyDenies", "Assigned by Key Vaults need a firewall.")]
    [InlineData(409, Locked, "ScopeLocked", "The scope is locked.")]
    public void A_refusal_of_Resource_Manager_has_an_id_of_its_own(int status, string body, string errorId, string text)
    {
        var error = AzureCalls.Translate(FakeArm.Refusal(status, body), "kv")!;
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("role assignment create", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("ForbiddenByPolicy")]
    public async Task A_rule_of_Azure_Policy_for_keys_is_not_taken_for_a_missing_role(string? innerCode)
    {
        await using var world = new AzureWorld();
        var cluster = await world.ClusterWithRoleAsync();
        world.Azure.PolicyInnerCode = innerCode;
        world.Azure.AddPolicy(world.Azure.ManagementGroupId, AzurePolicyRule.KeysNeedExpiry);
        var error = await Assert.ThrowsAsync<CmekException>(() => world.KeysAsync(cluster));
        Assert.Equal("AzurePolicyDenies", error.ErrorId);
        Assert.StartsWith("az policy assignment list", error.RecommendedAction, StringComparison.Ordinal);
        Assert.DoesNotContain("Crypto Officer", error.RecommendedAction, StringComparison.Ordinal);

        var keys = await world.KeysAsync(cluster, r => r.With("ExpiresOn", world.Time.GetUtcNow().AddYears(2)));
        Assert.All(keys, k => Assert.Equal(CmekOutcome.Created, k.Outcome));
    }

    [Theory]
    [InlineData("ForbiddenByRbac", "Caller is not authorized to perform action on resource.", true)]
    [InlineData("AccessDenied", "", true)]
    [InlineData("ForbiddenByPolicy", "The user does not have keys create permission on key vault 'kv'.", true)]
    [InlineData("ForbiddenByPolicy", "Operation is not allowed.", false)]
    [InlineData("SomethingElse", "", false)]
    public void A_missing_permission_is_told_by_its_code(string innerCode, string message, bool isMissing)
    {
        var body = """{"error":{"code":"Forbidden","message":"MESSAGE","innererror":{"code":"INNER"}}}"""
            .Replace("MESSAGE", message, StringComparison.Ordinal)
            .Replace("INNER", innerCode, StringComparison.Ordinal);
        var error = FakeArm.Refusal(403, body, AzureService.KeyVault);
        Assert.Equal(isMissing, error.IsMissingPermission);
    }

    [Theory]
    [InlineData("/subscriptions/0/resourceGroups/crdb", "/subscriptions/0/resourceGroups/crdb")]
    [InlineData("/resourceGroups/crdb(prod)", "'/resourceGroups/crdb(prod)'")]
    [InlineData("/resourceGroups/x$(touch y)", "'/resourceGroups/x$(touch y)'")]
    [InlineData("/resourceGroups/x'; touch y #", "'/resourceGroups/x''; touch y #'")]
    public void A_value_in_a_command_is_one_argument(string value, string quoted) =>
        Assert.Equal(quoted, Core.ShellQuote.PowerShell(value));
}
