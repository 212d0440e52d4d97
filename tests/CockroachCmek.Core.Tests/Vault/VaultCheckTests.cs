using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Vault;

public sealed class VaultCheckTests : IDisposable
{
    private const string Key = $"{VaultWorld.KeyName}-us-east-1";

    private static readonly CmekCheck CloudsOwn = new()
    {
        Check = CmekCheckName.KeyUsable,
        Status = CmekCheckStatus.Pass,
    };

    private readonly VaultWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_healthy_key_passes_in_Vault_and_in_the_cloud()
    {
        var request = await EnableAsync();
        _world.Cloud.Checks = [CloudsOwn, CloudsOwn with { Check = CmekCheckName.VersionInUse }];
        var checks = await CheckAsync(request);
        Assert.All(checks, c => Assert.Equal(CmekCheckStatus.Pass, c.Status));
        Assert.Equal(
            [
                CmekCheckName.KeyUsable,
                CmekCheckName.VaultReadable,
                CmekCheckName.VaultKeyUsable,
                CmekCheckName.VaultVersionDistributed,
                CmekCheckName.VaultKeyProtected,
                CmekCheckName.VersionInUse,
            ],
            checks.Select(c => c.Check)
        );
    }

    [Fact]
    public async Task A_version_that_the_cluster_does_not_use_yet_is_a_warning()
    {
        var request = await EnableAsync();
        await _world.RotateAsync([request.Spec]);
        var check = Assert.Single(await CheckAsync(request), c => c.Status != CmekCheckStatus.Pass);
        Assert.Equal(
            (CmekCheckName.VersionInUse, "VersionNotTakenUp", CmekCheckStatus.Warning),
            (check.Check, check.ErrorId, check.Status)
        );
        Assert.Contains("-Via HashiCorpVault", check.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_is_not_in_the_cloud_fails_with_the_id_that_a_rotation_raises()
    {
        var request = await EnableAsync();
        _world.Vault.RotateInVaultOnly(Key);
        Assert.Contains(
            (CmekCheckName.VaultVersionDistributed, "VaultVersionMismatch", CmekCheckStatus.Fail),
            (await CheckAsync(request)).Select(c => (c.Check, c.ErrorId, c.Status))
        );
    }

    [Fact]
    public async Task A_key_in_force_that_can_be_deleted_is_a_warning()
    {
        var request = await EnableAsync(isDeletable: true);
        var check = Assert.Single(await CheckAsync(request), c => c.Status == CmekCheckStatus.Warning);
        Assert.Equal((CmekCheckName.VaultKeyProtected, "VaultKeyDeletable"), (check.Check, check.ErrorId));
        Assert.Contains("deletion_allowed=false", check.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_Vault_does_not_know_fails()
    {
        var request = await EnableAsync() with { Spec = UnknownKey };
        Assert.Contains(
            (CmekCheckName.VaultKeyUsable, "VaultKeyNotFound", CmekCheckStatus.Fail),
            (await CheckAsync(request)).Select(c => (c.Check, c.ErrorId, c.Status))
        );
    }

    [Fact]
    public async Task A_past_key_is_checked_in_the_cloud_only()
    {
        var request = await EnableAsync() with { Spec = UnknownKey, IsPast = true };
        _world.Cloud.Checks = [CloudsOwn];
        Assert.Equal([CloudsOwn], await CheckAsync(request));
    }

    [Theory]
    [InlineData(503, """{"errors":["Vault is sealed"]}""", "VaultSealed")]
    [InlineData(403, """{"errors":["permission denied"]}""", "VaultTokenRefused")]
    [InlineData(404, """{"errors":["no handler for route \"keymgmt/key\""]}""", "VaultMountMissing")]
    public async Task A_Vault_that_cannot_be_read_is_Unknown_and_the_clouds_checks_stay(
        int status,
        string body,
        string errorId
    )
    {
        var request = await EnableAsync();
        _world.Cloud.Checks = [CloudsOwn];
        _world.Vault.Refusal = _ => (status, body);
        var checks = await CheckAsync(request);
        Assert.Equal(
            [
                (CmekCheckName.KeyUsable, "", CmekCheckStatus.Pass),
                (CmekCheckName.VaultReadable, errorId, CmekCheckStatus.Unknown),
            ],
            checks.Select(c => (c.Check, c.ErrorId, c.Status))
        );
        Assert.NotEmpty(checks[1].Remedy);
    }

    private CmekRegionSpec UnknownKey => _world.Spec("us-east-1", "arn:aws:kms:us-east-1:111122223333:key/other");

    private Task<IReadOnlyList<CmekCheck>> CheckAsync(KeyCheckRequest request) =>
        _world.Provider.CheckKeyAsync(request, _world.Context);

    /// <summary>A cluster whose region us-east-1 uses a key of Vault.</summary>
    private async Task<KeyCheckRequest> EnableAsync(bool isDeletable = false)
    {
        _world.Vault.AddKey(Key, "aes256-gcm96", Key, isDeletable: isDeletable);
        var keys = await _world.EnsureAsync(r => r with { Regions = ["us-east-1"] });
        return new KeyCheckRequest
        {
            Cluster = _world.Cluster,
            Spec = _world.Specs(keys)[0],
            TakenUpAt = DateTimeOffset.UnixEpoch.AddHours(1),
        };
    }
}
