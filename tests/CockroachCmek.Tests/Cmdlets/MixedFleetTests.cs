using System.Security.Cryptography;
using System.Text.Json;
using CockroachCmek.Rehearsal;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>The scheduled rotation of a fleet whose keys come from HashiCorp Vault, from their owner and from AWS.</summary>
[Collection(OneAtATime.Name)]
public sealed class MixedFleetTests : IDisposable
{
    private readonly ModuleSession _session = ModuleSession.WithSandbox(timeScale: 100_000, record: true);
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
            $"$ErrorActionPreference = 'Stop'; & '{runbook}' -ClusterName dev-aws, prod-us, gcp-us, azure-in, "
                + "prod-eu-old -OlderThanDays 90 -Endpoint $sandbox.CloudEndpoint"
        );

        var message = result.Terminating!.Exception.Message;
        Assert.Contains("dev-aws: ", message, StringComparison.Ordinal);
        Assert.Contains("no new material is waiting", message, StringComparison.Ordinal);
        Assert.Contains("--import-type NEW_KEY_MATERIAL", message, StringComparison.Ordinal);
        Assert.Equal(
            ["azure-in Updated", "gcp-us Updated", "prod-eu-old Updated", "prod-us Updated"],
            result.Output.Select(o => $"{o.Text("ClusterName")} {o.Text("Outcome")}").Order(StringComparer.Ordinal)
        );

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

    /// <summary>A key whose material its owner imports.</summary>
    private string ImportedKey(string region)
    {
        JsonElement Kms(string operation, object body) =>
            JsonDocument.Parse(SandboxAws.Kms(_session, region, operation, JsonSerializer.Serialize(body))).RootElement;

        var arn = Kms("CreateKey", new { Origin = "EXTERNAL" })
            .GetProperty("KeyMetadata")
            .GetProperty("Arn")
            .GetString()!;
        var parameters = Kms(
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
