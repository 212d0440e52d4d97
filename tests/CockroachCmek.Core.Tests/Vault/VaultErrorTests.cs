namespace CockroachCmek.Core.Tests.Vault;

/// <summary>Each error response of Vault has its own error, with advice and without secrets.</summary>
public sealed class VaultErrorTests
{
    [Theory]
    [InlineData(503, 503, """{"errors":["Vault is sealed"]}""", "VaultSealed")]
    [InlineData(307, 429, "", "VaultStandby")]
    [InlineData(473, 473, "", "VaultStandby")]
    [InlineData(501, 501, """{"errors":[]}""", "VaultNotInitialized")]
    [InlineData(403, 200, """{"errors":["permission denied"]}""", "VaultTokenRefused")]
    [InlineData(429, 200, """{"errors":["request path \"x\": rate limit quota exceeded"]}""", "VaultRateLimited")]
    public async Task A_server_that_refuses_everything_is_told_by_status_and_health(
        int status,
        int health,
        string body,
        string errorId
    )
    {
        using var world = World();
        world.Vault.Refusal = request => FakeVault.PathOf(request) == "sys/health" ? (health, "{}") : (status, body);
        await AssertFailsAsync(world, errorId);
    }

    [Theory]
    [InlineData("keymgmt/kms", 403, """{"errors":["1 error:\n\t* permission denied\n\n"]}""", "VaultPermissionMissing")]
    [InlineData("keymgmt/key", 500, """{"errors":["internal error"]}""", "VaultRefused")]
    [InlineData("sys/mounts", 200, """{"data":{"keymgmt/":{"type":"kv"}}}""", "VaultMountTaken")]
    [InlineData("sys/mounts", 404, """{"errors":["no handler for route"]}""", "VaultNamespaceNotFound")]
    [InlineData("sys/mounts", 200, "<html>the page of a proxy</html>", "VaultAnswerUnreadable")]
    public async Task A_path_that_is_refused_has_its_error(string path, int status, string body, string errorId)
    {
        using var world = World();
        world.Vault.Refusal = request =>
            FakeVault.PathOf(request).StartsWith(path, StringComparison.Ordinal) ? (status, body) : null;
        await AssertFailsAsync(world, errorId);
    }

    [Fact]
    public async Task A_Vault_without_the_secrets_engine_is_told_by_the_refused_mount()
    {
        using var world = World();
        world.Vault.IsMounted = false;
        world.Vault.Refusal = request =>
            FakeVault.PathOf(request) == "sys/mounts/keymgmt"
                ? (400, """{"errors":["plugin not found in the catalog: keymgmt"]}""")
                : null;
        await AssertFailsAsync(world, "VaultEnterpriseNeeded");
    }

    [Fact]
    public async Task A_refusal_by_the_clouds_KMS_is_reported_without_the_credentials_that_it_repeats()
    {
        using var world = World();
        world.Vault.Refusal = request =>
            FakeVault.PathOf(request).Contains("/key/crdb", StringComparison.Ordinal)
                ? (
                    502,
                    """{"errors":["InvalidClientTokenId: planted-cloud-secret is unknown. """
                        + """The Canonical String for this request should have been planted-session"]}"""
                )
                : null;
        await AssertFailsAsync(world, "VaultCloudRefused");
    }

    [Fact]
    public async Task Missing_capabilities_are_named_with_their_paths_before_anything_is_written()
    {
        using var world = new VaultWorld("GCP");
        const string key = $"keymgmt/key/{VaultWorld.KeyName}";
        const string entry = $"keymgmt/kms/{VaultWorld.KeyName}";
        world.Vault.Refusal = request =>
            FakeVault.PathOf(request) == "sys/capabilities-self"
                ? (
                    200,
                    $$"""
                    {"data":{
                      "{{key}}":["read"], "{{entry}}":["create"], "{{entry}}/key/{{VaultWorld.KeyName}}":["deny"] } }
                    """
                )
                : null;
        var error = await world.EnsureFailsAsync();
        Assert.Equal("VaultPermissionMissing", error.ErrorId);
        Assert.Contains(
            $"{key} (create or update), {entry}/key/{VaultWorld.KeyName} (create or update)",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("Nothing was written", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            $$"""path "{{key}}" { capabilities = ["create", "update"] }""",
            error.RecommendedAction,
            StringComparison.Ordinal
        );
        Assert.Empty(world.Vault.Writes);
    }

    [Fact]
    public async Task A_capability_that_is_missing_at_a_later_write_does_not_claim_that_nothing_was_written()
    {
        using var world = new VaultWorld();
        world.Vault.Refusal = request =>
            request.Method == HttpMethod.Post
            && FakeVault.PathOf(request).Contains("/kms/", StringComparison.Ordinal)
            && FakeVault.PathOf(request).Contains("/key/", StringComparison.Ordinal)
                ? (403, """{"errors":["permission denied"]}""")
                : null;
        var error = await world.EnsureFailsAsync();
        Assert.Equal("VaultPermissionMissing", error.ErrorId);
        Assert.DoesNotContain("Nothing was written", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(world.Vault.Writes);
    }

    private static VaultWorld World() => new() { Namespace = "admin/team" };

    private static async Task AssertFailsAsync(VaultWorld world, string errorId)
    {
        var error = await world.EnsureFailsAsync();
        Assert.Equal(errorId, error.ErrorId);
        Assert.NotEmpty(error.RecommendedAction);
        Assert.DoesNotContain("<html", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "planted",
            $"{error} {string.Join(" ", world.Log.VerboseLines)} {world.Provider} {world.Request}",
            StringComparison.Ordinal
        );
    }
}
