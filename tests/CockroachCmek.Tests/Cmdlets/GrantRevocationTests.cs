using System.Text.Json;
using System.Text.Json.Nodes;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>A KMS grant, which no key policy shows, goes with the rest of the access and comes back with it.</summary>
public sealed class GrantRevocationTests
{
    private const string Region = "eu-west-1";

    [Fact]
    public void A_KMS_grant_of_the_role_is_revoked_recorded_and_created_anew()
    {
        using var session = ModuleSession.WithSandbox();
        var spec = session.Run("(Get-CrdbCmek prod-eu-old).Regions[0].Keys[0]").Single();
        var (key, role) = (spec.Text("KeyUri"), spec.Text("AuthPrincipal"));
        Kms(
            session,
            "CreateGrant",
            new
            {
                KeyId = key,
                GranteePrincipal = role,
                Name = "nightly",
                Operations = new[] { "Decrypt" },
            }
        );

        var changes = session
            .Run(
                "$revocation = Revoke-CrdbCmek prod-eu-old -Method RemoveGrant -KmsOnly -Confirm:$false; "
                    + "$revocation.Changes"
            )
            .Succeeds()
            .Output;
        Assert.Contains(changes, c => c.Text("Kind") == "KmsGrant" && c.Text("State") == "Done");
        Assert.Empty(Grants(session, key));

        session.Run("$null = $revocation | Restore-CrdbCmekAccess").Succeeds();
        var grant = Assert.Single(Grants(session, key))!;
        Assert.Equal(
            ("nightly", role, "Decrypt"),
            ((string)grant["Name"]!, (string)grant["GranteePrincipal"]!, (string)grant["Operations"]![0]!)
        );
        Assert.True((bool)session.Run("Test-CrdbCmek prod-eu-old -Quiet").Single().BaseObject);
    }

    private static JsonArray Grants(ModuleSession session, string key) =>
        Kms(session, "ListGrants", new { KeyId = key })["Grants"]!.AsArray();

    private static JsonNode Kms(ModuleSession session, string operation, object body) =>
        JsonNode.Parse(SandboxAws.Kms(session, Region, operation, JsonSerializer.Serialize(body)))!;
}
