using System.Security.Cryptography;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Keys;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Aws;

/// <summary>Keys whose material AWS did not generate: imported, or in a key store.</summary>
public sealed class AwsOriginTests : IDisposable
{
    private const string Region = "us-east-1";
    private readonly AwsSandboxWorld _world = AwsSandboxWorld.Start();
    private readonly CrdbCluster _cluster = AwsWorld.ClusterIn(Region);

    public void Dispose() => _world.Dispose();

    private AmazonKeyManagementServiceClient Kms => _world.Kms(Region);

    [Fact]
    public async Task Imported_material_is_rotated_only_to_material_that_was_imported_for_it()
    {
        var key = await ImportedKeyAsync(validTo: null);
        Assert.Equal((CmekKeyOrigin.Imported, (DateTimeOffset?)null), (key.Origin, key.ExpiresAt));

        var error = await Assert.ThrowsAsync<CmekException>(() => RotateAsync(key));
        Assert.Equal("KeyCannotRotate", error.ErrorId);
        Assert.Contains("no new material is waiting", error.Message, StringComparison.Ordinal);
        Assert.Contains("--import-type NEW_KEY_MATERIAL", error.RecommendedAction, StringComparison.Ordinal);

        var rotation = AwsWorld.RotationOf([key]);
        var imported = await ImportAsync(Kms, key.KeyUri, NewMaterial(), ImportType.NEW_KEY_MATERIAL, validTo: null);
        Assert.NotNull(await Keeper.RotateKeysAsync(rotation, _world.Context));
        Assert.Equal(imported, (await DescribeAsync(key)).CurrentKeyMaterialId);

        // An interrupted run is continued without other material.
        Assert.NotNull(await Keeper.RotateKeysAsync(rotation, _world.Context));
        Assert.Equal("EXTERNAL", (await DescribeAsync(key)).Origin.Value);
    }

    [Fact]
    public async Task A_dry_run_refuses_what_the_cloud_cannot_replace_in_place()
    {
        var key = await ImportedKeyAsync(validTo: null);
        var log = new RecordingLog { Answer = false };
        var request = AwsWorld.RotationOf([key]) with { ReplaceOrigin = true };
        var error = await Assert.ThrowsAsync<CmekException>(() =>
            Keeper.RotateKeysAsync(request, _world.Context with { Host = log })
        );
        Assert.Equal("KeyCannotRotate", error.ErrorId);
        Assert.StartsWith(
            $"Get-CrdbCluster {request.Cluster.Id} | Invoke-CrdbCmekRotation -NewKey -ReplaceOrigin ",
            error.RecommendedAction,
            StringComparison.Ordinal
        );
        Assert.Empty(log.Questions);
    }

    [Fact]
    public async Task New_material_of_a_multi_region_key_waits_for_the_replicas()
    {
        var key = await ImportedKeyAsync(validTo: null, multiRegion: true);
        await Kms.ReplicateKeyAsync(new() { KeyId = key.KeyUri, ReplicaRegion = "us-west-2" });
        _world.Server.Clock.Advance(TimeSpan.FromMinutes(2));
        await ImportAsync(Kms, key.KeyUri, NewMaterial(), ImportType.NEW_KEY_MATERIAL, validTo: null);
        var error = await Assert.ThrowsAsync<CmekException>(() => RotateAsync(key));
        Assert.Contains("not imported into every replica", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_key_of_another_origin_takes_an_explicit_word()
    {
        var key = await ImportedKeyAsync(validTo: null);
        var refused = await Assert.ThrowsAsync<CmekException>(() => RotateAsync(key, newKey: true));
        Assert.Equal("OriginWouldChange", refused.ErrorId);
        var replaced = await Keeper.RotateKeysAsync(
            AwsWorld.RotationOf([key], newKey: true) with
            {
                ReplaceOrigin = true,
            },
            _world.Context
        );
        var created = (await Kms.DescribeKeyAsync(Assert.Single(replaced!).KeyUri)).KeyMetadata;
        Assert.Equal(OriginType.AWS_KMS, created.Origin);
        Assert.NotEqual(key.KeyUri, created.Arn);
    }

    [Fact]
    public async Task Expiring_material_is_a_warning_and_expired_material_a_failure_with_the_way_back()
    {
        var material = NewMaterial();
        var now = _world.Server.Clock.UtcNow;
        var key = await ImportedKeyAsync(now.AddDays(90).UtcDateTime, material: material);
        Assert.Equal(90, (int)Math.Round((key.ExpiresAt!.Value - now).TotalDays));
        Assert.Equal((CmekCheckStatus.Pass, ""), await CheckAsync(key, "KeyExpiry"));

        await ImportAsync(Kms, key.KeyUri, material, ImportType.EXISTING_KEY_MATERIAL, now.AddDays(20).UtcDateTime);
        Assert.Equal((CmekCheckStatus.Warning, "KeyExpiresSoon"), await CheckAsync(key, "KeyExpiry"));

        _world.Server.Clock.Advance(TimeSpan.FromDays(21));
        Assert.Equal((CmekCheckStatus.Fail, "KeyMaterialMissing"), await CheckAsync(key, "KeyUsable"));

        await ImportAsync(Kms, key.KeyUri, material, ImportType.EXISTING_KEY_MATERIAL, validTo: null);
        Assert.Equal((CmekCheckStatus.Pass, ""), await CheckAsync(key, "KeyUsable"));
    }

    [Theory]
    [InlineData("AWS_CLOUDHSM", CmekKeyOrigin.CustomKeyStore)]
    [InlineData("EXTERNAL_KEY_STORE", CmekKeyOrigin.ExternalKeyStore)]
    public async Task A_key_in_a_key_store_keeps_its_only_version(string origin, CmekKeyOrigin shown)
    {
        _world.Server.Aws.Settings.AddKeyStore("cks-00000000000000001", origin);
        var request = new CreateKeyRequest { Origin = origin, CustomKeyStoreId = "cks-00000000000000001" };
        if (origin == "EXTERNAL_KEY_STORE")
            request.XksKeyId = "key-1";
        var key = await UseAsync((await Kms.CreateKeyAsync(request)).KeyMetadata.Arn);
        Assert.Equal(shown, key.Origin);
        Assert.Equal((CmekCheckStatus.Pass, ""), await CheckAsync(key, "KeyOrigin"));
        Assert.Equal((CmekCheckStatus.Pass, ""), await CheckAsync(key, "VersionInUse"));

        var error = await Assert.ThrowsAsync<CmekException>(() => RotateAsync(key));
        Assert.Equal("KeyCannotRotate", error.ErrorId);
        Assert.Contains($"--origin {origin}", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("-AuthPrincipal (Get-CrdbCmek", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(
            "OriginWouldChange",
            (await Assert.ThrowsAsync<CmekException>(() => RotateAsync(key, newKey: true))).ErrorId
        );
        var created = await Keeper.RotateKeysAsync(
            AwsWorld.RotationOf([key], newKey: true) with
            {
                ReplaceOrigin = true,
            },
            _world.Context
        );
        Assert.NotEqual(key.KeyUri, Assert.Single(created!).KeyUri);

        _world.Server.Aws.Settings.ConnectKeyStore("cks-00000000000000001", false);
        Assert.Equal((CmekCheckStatus.Fail, "KeyStoreDisconnected"), await CheckAsync(key, "KeyUsable"));
    }

    /// <summary>The provider as a session without Vault has it.</summary>
    private OriginKeeper Keeper => new(_world.Provider, () => null);

    private Task RotateAsync(CmekKey key, bool newKey = false) =>
        Keeper.RotateKeysAsync(AwsWorld.RotationOf([key], newKey), _world.Context);

    private async Task<(CmekCheckStatus Status, string ErrorId)> CheckAsync(CmekKey key, string check)
    {
        var checks = await Keeper.CheckKeyAsync(
            new KeyCheckRequest
            {
                Cluster = _cluster,
                OrganizationId = AwsWorld.OrganizationId,
                Spec = AwsWorld.SpecOf(key),
                TakenUpAt = _world.Server.Clock.UtcNow,
            },
            _world.Context
        );
        var found = Assert.Single(checks, c => c.Check == check);
        return (found.Status, found.ErrorId);
    }

    private async Task<KeyMetadata> DescribeAsync(CmekKey key) =>
        (await Kms.DescribeKeyAsync(new DescribeKeyRequest { KeyId = key.KeyUri })).KeyMetadata;

    /// <summary>A key with imported material that the cluster uses.</summary>
    private async Task<CmekKey> ImportedKeyAsync(DateTime? validTo, bool multiRegion = false, byte[]? material = null)
    {
        var created = await Kms.CreateKeyAsync(
            new CreateKeyRequest { Origin = OriginType.EXTERNAL, MultiRegion = multiRegion }
        );
        Assert.Equal(KeyState.PendingImport, created.KeyMetadata.KeyState);
        await ImportAsync(Kms, created.KeyMetadata.Arn, material ?? NewMaterial(), null, validTo);
        return await UseAsync(created.KeyMetadata.Arn);
    }

    private async Task<CmekKey> UseAsync(string arn)
    {
        var role = await _world.RoleAsync(_cluster);
        var request = AwsWorld.RequestFor(role) with { KeyUris = [arn], Grant = true, Options = CloudOptions.None };
        return Assert.Single(await Keeper.EnsureKeysAsync(request, _world.Context));
    }

    /// <summary>Imports material as an owner does; returns its id.</summary>
    internal static async Task<string> ImportAsync(
        AmazonKeyManagementServiceClient kms,
        string arn,
        byte[] material,
        ImportType? type,
        DateTime? validTo
    )
    {
        var parameters = await kms.GetParametersForImportAsync(
            new GetParametersForImportRequest
            {
                KeyId = arn,
                WrappingAlgorithm = AlgorithmSpec.RSAES_OAEP_SHA_256,
                WrappingKeySpec = WrappingKeySpec.RSA_2048,
            }
        );
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(parameters.PublicKey.ToArray(), out _);
        var request = new ImportKeyMaterialRequest
        {
            KeyId = arn,
            ImportToken = parameters.ImportToken,
            EncryptedKeyMaterial = new MemoryStream(rsa.Encrypt(material, RSAEncryptionPadding.OaepSHA256)),
            ExpirationModel = validTo is null
                ? ExpirationModelType.KEY_MATERIAL_DOES_NOT_EXPIRE
                : ExpirationModelType.KEY_MATERIAL_EXPIRES,
            ImportType = type,
        };
        if (validTo is not null)
            request.ValidTo = validTo;
        return (await kms.ImportKeyMaterialAsync(request)).KeyMaterialId;
    }

    private static byte[] NewMaterial() => RandomNumberGenerator.GetBytes(32);
}
