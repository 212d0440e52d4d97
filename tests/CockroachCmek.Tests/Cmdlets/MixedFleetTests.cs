using System.Security.Cryptography;
using System.Text.Json;
using CockroachCmek.Rehearsal;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>The scheduled rotation of a fleet whose keys come from HashiCorp Vault, from their owner and from AWS.</summary>
[Collection(OneAtATime.Name)]
public sealed class MixedFleetTests : IDisposable
{
    /// <summary>The cluster whose key is in the customer's key store.</summary>
    private const string InStore = "aaaaaaaa-0000-4000-8000-00000000abcd";

    private readonly ModuleSession _session = ModuleSession.WithSandbox(timeScale: 100_000, scenario: "KeyStore");
    private readonly string _folder = Directory.CreateTempSubdirectory("crdb-mixed-").FullName;

    public void Dispose()
    {
        _session.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Every_key_keeps_its_origin_or_is_named_with_what_its_owner_can_do()
    {
        const string vault = "New-CrdbCmekKey -Via HashiCorpVault";
        Enable("prod-us", "New-CrdbCmekRole", vault);
        Enable("gcp-us", "New-CrdbCmekRole", $"{vault} -ServiceAccountKeyPath '{Path.Combine(_folder, "agent.json")}'");
        Enable("azure-in", "New-CrdbCmekRole -GrantConsent", $"{vault} -KeyVaultName $sandbox.AzureKeyVaultName");
        var imported = ImportedKey("us-east-1");
        Enable("dev-aws", "New-CrdbCmekRole", $"New-CrdbCmekKey -KeyUri {imported} -Grant");
        var stored = StoredKey("us-east-1");
        Enable(InStore, "New-CrdbCmekRole", $"New-CrdbCmekKey -KeyUri {stored} -Grant");
        _session
            .Run(
                "function Get-AutomationVariable { param($Name) $sandbox.Environment[$Name] }; "
                    + "$sandbox.Advance('100.00:00:00')"
            )
            .Succeeds();

        var runbook = Path.Combine(
            Path.GetDirectoryName(ModuleEngine.StagedManifest)!,
            "Examples",
            "Runbooks",
            "Invoke-ScheduledRotation.ps1"
        );
        var result = _session.Run(
            $"$ErrorActionPreference = 'Stop'; & '{runbook}' -ClusterName dev-aws, {InStore}, prod-us, "
                + "gcp-us, azure-in, prod-eu-old -OlderThanDays 90 -Endpoint $sandbox.CloudEndpoint"
        );

        var message = result.Terminating!.Exception.Message;
        Assert.Contains("dev-aws: ", message, StringComparison.Ordinal);
        Assert.Contains("no new material is waiting", message, StringComparison.Ordinal);
        Assert.Contains("--import-type NEW_KEY_MATERIAL", message, StringComparison.Ordinal);
        Assert.Contains("twin: ", message, StringComparison.Ordinal);
        Assert.Contains("--origin AWS_CLOUDHSM", message, StringComparison.Ordinal);
        Assert.Equal(
            ["azure-in Updated", "gcp-us Updated", "prod-eu-old Updated", "prod-us Updated"],
            result.Output.Select(o => $"{o.Text("ClusterName")} {o.Text("Outcome")}").Order(StringComparer.Ordinal)
        );

        Assert.Equal("AWS_CLOUDHSM", OriginOf("us-east-1", stored));
        Assert.Equal("EXTERNAL", OriginOf("us-east-1", imported));
        _session.Run($"$null = {ModuleSession.Connect}").Succeeds();
        var origins = _session
            .Run("'prod-us', 'gcp-us', 'azure-in' | Get-CrdbCluster | Test-CrdbCmek | Where-Object Check -eq KeyOrigin")
            .Succeeds()
            .Output;
        Assert.Equal(["azure-in", "gcp-us", "prod-us"], origins.Select(o => o.Text("ClusterName")).Distinct().Order());
        Assert.All(origins, o => Assert.Contains("HashiCorp Vault", o.Text("Detail"), StringComparison.Ordinal));
    }

    private void Enable(string cluster, string role, string key) =>
        _session
            .Run($"$null = Get-CrdbCluster {cluster} | {role} | {key} | New-CrdbCmekManifest | Enable-CrdbCmek -Wait")
            .Succeeds();

    private JsonElement Kms(string region, string operation, object body) =>
        JsonDocument.Parse(SandboxAws.Kms(_session, region, operation, JsonSerializer.Serialize(body))).RootElement;

    private string CreateKey(string region, object body) =>
        Kms(region, "CreateKey", body).GetProperty("KeyMetadata").GetProperty("Arn").GetString()!;

    private string OriginOf(string region, string key) =>
        Kms(region, "DescribeKey", new { KeyId = key }).GetProperty("KeyMetadata").GetProperty("Origin").GetString()!;

    /// <summary>A key in the customer's CloudHSM key store, which the scenario of the sandbox connects.</summary>
    private string StoredKey(string region) =>
        CreateKey(region, new { Origin = "AWS_CLOUDHSM", CustomKeyStoreId = "cks-00000000000000001" });

    /// <summary>A key whose material its owner imports.</summary>
    private string ImportedKey(string region)
    {
        var arn = CreateKey(region, new { Origin = "EXTERNAL" });
        var parameters = Kms(
            region,
            "GetParametersForImport",
            new
            {
                KeyId = arn,
                WrappingAlgorithm = "RSAES_OAEP_SHA_256",
                WrappingKeySpec = "RSA_2048",
            }
        );
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(parameters.GetProperty("PublicKey").GetBytesFromBase64(), out _);
        var material = rsa.Encrypt(RandomNumberGenerator.GetBytes(32), RSAEncryptionPadding.OaepSHA256);
        Kms(
            region,
            "ImportKeyMaterial",
            new
            {
                KeyId = arn,
                ImportToken = parameters.GetProperty("ImportToken").GetString(),
                EncryptedKeyMaterial = Convert.ToBase64String(material),
                ExpirationModel = "KEY_MATERIAL_DOES_NOT_EXPIRE",
            }
        );
        return arn;
    }
}
