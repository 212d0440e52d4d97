using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Tests.Vault;

public sealed class VaultFaultTests
{
    [Theory]
    [InlineData("", 503, """{"errors":["Vault is sealed"]}""", "VaultSealed")]
    [InlineData("", 307, "", "VaultStandby")]
    [InlineData("", 473, "", "VaultStandby")]
    [InlineData("", 501, """{"errors":[]}""", "VaultNotInitialized")]
    [InlineData("", 403, """{"errors":["permission denied"]}""", "VaultTokenRefused")]
    [InlineData(
        "",
        429,
        """{"errors":["request path \"keymgmt/key\": rate limit quota exceeded"]}""",
        "VaultRateLimited"
    )]
    [InlineData(
        "kms",
        403,
        """{"errors":["1 error occurred:\n\t* permission denied\n\n"]}""",
        "VaultPermissionMissing"
    )]
    [InlineData(
        "sys/mounts/keymgmt",
        400,
        """{"errors":["plugin not found in the catalog: keymgmt"]}""",
        "VaultEnterpriseNeeded"
    )]
    [InlineData(
        "/key/crdb",
        502,
        """{"errors":["InvalidClientTokenId: planted-cloud-secret is not known. The Canonical String for this request should have been planted-session"]}""",
        "VaultCloudRefused"
    )]
    [InlineData("sys/mounts", 200, """{"data":{"keymgmt/":{"type":"kv"}}}""", "VaultMountTaken")]
    [InlineData("sys/mounts", 404, """{"errors":["no handler for route"]}""", "VaultNamespaceNotFound")]
    [InlineData("sys/mounts", 200, "<html>a proxy's page</html>", "VaultAnswerUnreadable")]
    [InlineData("key", 500, """{"errors":["internal error"]}""", "VaultRefused")]
    public async Task Every_refusal_of_Vault_has_its_error_and_no_secret(
        string path,
        int status,
        string body,
        string errorId
    )
    {
        var scene = new VaultScene
        {
            Namespace = "admin/team",
            Vault = { IsMounted = !path.StartsWith("sys/mounts/", StringComparison.Ordinal) },
        };
        scene.Vault.Refusal = request =>
            request.RequestUri!.AbsolutePath is "/v1/sys/health"
                ? (
                    status == 307 ? 429
                    : path.Length > 0 || status is 403 or 429 ? 200
                    : status,
                    "{}"
                )
            : request.RequestUri.AbsolutePath.Contains("capabilities-self", StringComparison.Ordinal) && path.Length > 0
                ? null
            : path.Length == 0
            || (
                path == "sys/mounts"
                    ? request.RequestUri.AbsolutePath.EndsWith(path, StringComparison.Ordinal)
                    : request.RequestUri.AbsolutePath.Contains(path, StringComparison.Ordinal)
                        && !request.RequestUri.AbsolutePath.EndsWith("sys/mounts", StringComparison.Ordinal)
            )
                ? (status, body)
            : null;
        var fault = await scene.FailsAsync();
        Assert.Equal(errorId, fault.ErrorId);
        Assert.NotEmpty(fault.RecommendedAction);
        Assert.DoesNotContain("<html", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "planted",
            $"{fault} {string.Join(" ", scene.Log.VerboseLines)} {scene.Provider} {scene.Request}",
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_policy_that_lacks_something_is_told_with_path_and_capability_before_anything_is_written()
    {
        var scene = new VaultScene("GCP");
        scene.Vault.Refusal = request =>
            request.RequestUri!.AbsolutePath.EndsWith("capabilities-self", StringComparison.Ordinal)
                ? (
                    200,
                    """{"data":{"keymgmt/key/crdb-cmek-25ebef5ed2aa":["read"],"keymgmt/kms/crdb-cmek-25ebef5ed2aa":["create"],"keymgmt/kms/crdb-cmek-25ebef5ed2aa/key/crdb-cmek-25ebef5ed2aa":["deny"]}}"""
                )
                : null;
        var fault = await scene.FailsAsync();
        Assert.Equal("VaultPermissionMissing", fault.ErrorId);
        Assert.Contains(
            "keymgmt/key/crdb-cmek-25ebef5ed2aa (create or update), keymgmt/kms/crdb-cmek-25ebef5ed2aa/key/crdb-cmek-25ebef5ed2aa (create or update)",
            fault.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            """path "keymgmt/key/crdb-cmek-25ebef5ed2aa" { capabilities = ["create", "update"] }""",
            fault.RecommendedAction,
            StringComparison.Ordinal
        );
        Assert.Empty(scene.Vault.Writes);
    }

    [Fact]
    public async Task Keys_that_are_not_right_have_their_errors()
    {
        var elsewhere = new VaultScene("GCP");
        elsewhere.Vault.Add(
            "crdb-cmek-25ebef5ed2aa",
            "aes256-gcm96",
            "gcpkms",
            "gcpckms",
            "projects/p/locations/eu/keyRings/other"
        );
        Assert.Equal("VaultKeyElsewhere", (await elsewhere.FailsAsync()).ErrorId);

        var refused = new VaultScene("AZURE");
        refused.Vault.Add("crdb-cmek-25ebef5ed2aa", "aes256-gcm96");
        Assert.Equal("VaultKeyTypeRefused", (await refused.FailsAsync()).ErrorId);

        var torn = new VaultScene("AZURE");
        torn.Vault.Add("crdb-cmek-25ebef5ed2aa", "rsa-2048", "e", "azurekeyvault", "KV-prod");
        torn.Vault.RotateInVaultOnly("crdb-cmek-25ebef5ed2aa");
        Assert.Equal("VaultVersionMismatch", (await torn.FailsAsync()).ErrorId);

        var entry = new VaultScene("AZURE");
        entry.Vault.AddEntry("crdb-cmek-25ebef5ed2aa", "azurekeyvault", "kv-other");
        Assert.Equal("VaultEntryDiffers", (await entry.FailsAsync()).ErrorId);
        var narrow = new VaultScene("AZURE");
        narrow.Vault.Add(
            "crdb-cmek-25ebef5ed2aa",
            "rsa-2048",
            "e",
            "azurekeyvault",
            "kv-prod",
            purpose: "decrypt,encrypt"
        );
        Assert.Equal("VaultDistributionDiffers", (await narrow.FailsAsync()).ErrorId);
        Assert.All([elsewhere, refused, torn, entry, narrow], s => Assert.Empty(s.Vault.Writes));
    }

    [Theory]
    [InlineData("GCP", null, null, "VaultCollectionMissing")]
    [InlineData("GCP", "my-ring", null, "VaultCollectionMalformed")]
    [InlineData("AZURE", "https://kv.example.com", null, "VaultCollectionMalformed")]
    [InlineData("AZURE", "kv-prod", "aes256-gcm96", "VaultKeyTypeRefused")]
    [InlineData("AWS", null, "rsa-2048", "VaultKeyTypeRefused")]
    public async Task What_can_be_known_without_asking_is_refused_before_anything_is_asked_for(
        string cloud,
        string? collection,
        string? type,
        string errorId
    )
    {
        var scene = new VaultScene(cloud)
        {
            Options = new VaultKeyOptions { KeyCollection = collection, KeyType = type },
        };
        Assert.Equal(errorId, (await scene.FailsAsync()).ErrorId);
        Assert.Empty(scene.Vault.Writes);
    }

    [Fact]
    public async Task Options_that_Vault_cannot_give_and_a_wrong_principal_are_named_together()
    {
        var scene = new VaultScene();
        var fault = await Assert.ThrowsAsync<CmekException>(() =>
            scene.Provider.EnsureKeysAsync(
                scene.Request with
                {
                    MultiRegion = true,
                    RotationPeriodInDays = 365,
                    AuthPrincipal = "arn:aws:iam::111122223333:user/u",
                },
                scene.Context
            )
        );
        Assert.Equal("KeysUnfit", fault.ErrorId);
        Assert.Contains("-MultiRegion", fault.Message, StringComparison.Ordinal);
        Assert.Contains("-RotationPeriodInDays", fault.Message, StringComparison.Ordinal);
        Assert.Contains("it is no role", fault.Message, StringComparison.Ordinal);
        Assert.Empty(scene.Vault.Requests);
    }
}
