using System.Text;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Testing;
using CockroachCmek.Testing.Specs;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// Google's own command line tool prepares a key in the sandbox, and the sandbox's CockroachDB can use it.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class GcpCloudSdkTests : IAsyncDisposable
{
    private const string ClusterAccount = "crl-kms-user-00000000abcd@crl-sandbox.iam.gserviceaccount.com";
    private const string Account = "cmek-user@sandbox-customer.iam.gserviceaccount.com";
    private const string Location = "--location=europe-west1";
    private readonly SandboxServer _server = SandboxServer.Start(new SandboxOptions { TimeScale = 600, Record = true });
    private readonly string _folder = Directory.CreateTempSubdirectory("cmek-gcloud-").FullName;

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync();
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Gcloud_prepares_a_key_that_CockroachDB_can_use()
    {
        Assert.SkipWhen(Repository.Program("gcloud") is null, "gcloud is not installed.");
        _server.Gcp.AddForeignAccount(ClusterAccount);
        await CreateKeyAsync();
        await GrantAsync();

        // Propagation takes a tenth of a second at this time scale; a gcloud call takes longer.
        var primary = await GcloudAsync(
            "kms keys describe key --keyring=ring --format=value(primary.name) " + Location
        );
        Assert.EndsWith("/cryptoKeyVersions/2", primary.Trim(), StringComparison.Ordinal);
        var wrapped = new GcpKeyUser(_server.Gcp, _server.Clock).Wrap(
            new KeyUseRequest(
                "projects/sandbox-customer/locations/europe-west1/keyRings/ring/cryptoKeys/key",
                Account,
                "org",
                GcpTestBed.ClusterId,
                "crl-sandbox",
                "europe-west1"
            ),
            new byte[32]
        );
        Assert.Null(wrapped.Refusal);
        AssertConforms();
    }

    [Fact]
    public async Task Gcloud_encrypts_with_checksums_and_reads_the_hierarchy()
    {
        Assert.SkipWhen(Repository.Program("gcloud") is null, "gcloud is not installed.");
        await GcloudAsync("kms keyrings create ring " + Location);
        await GcloudAsync("kms keys create key --keyring=ring --purpose=encryption " + Location);
        var (plain, secret, opened) = (In("plain"), In("secret"), In("opened"));
        await File.WriteAllTextAsync(plain, "store key");
        const string Key = "--key=key --keyring=ring " + Location;
        await GcloudAsync($"kms encrypt --plaintext-file={plain} --ciphertext-file={secret} {Key}");
        await GcloudAsync($"kms decrypt --ciphertext-file={secret} --plaintext-file={opened} {Key}");
        Assert.Equal("store key", await File.ReadAllTextAsync(opened));

        await GcloudAsync(
            $"projects add-iam-policy-binding {_server.Gcp.ProjectId} --member=user:a@example.com "
                + "--role=roles/cloudkms.viewer --condition=None"
        );
        var ancestors = await GcloudAsync($"projects get-ancestors {_server.Gcp.ProjectId} --format=value(type)");
        Assert.Equal(
            ["project", "folder", "organization"],
            ancestors.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        );
    }

    [Fact]
    public async Task Gcloud_turns_Data_Access_logs_on_and_reads_who_used_a_key()
    {
        Assert.SkipWhen(Repository.Program("gcloud") is null, "gcloud is not installed.");
        var policy = In("policy.json");
        await File.WriteAllTextAsync(
            policy,
            """{"auditConfigs":[{"service":"cloudkms.googleapis.com","auditLogConfigs":[{"logType":"DATA_READ"}]}]}"""
        );
        await GcloudAsync($"projects set-iam-policy {_server.Gcp.ProjectId} {policy}");
        _server.Clock.Advance(TimeSpan.FromMinutes(1));
        var key = _server.Gcp.SeedKey("any", GcpTestBed.ClusterId, "crl-sandbox", "europe-west1");
        var use = new KeyUseRequest(
            key.Uri,
            key.AuthPrincipal,
            "org",
            GcpTestBed.ClusterId,
            "crl-sandbox",
            "europe-west1"
        );
        Assert.Null(new GcpKeyUser(_server.Gcp, _server.Clock).Wrap(use, new byte[32]).Refusal);
        _server.Clock.Advance(TimeSpan.FromMinutes(1));
        var read = await GcloudAsync(
            "logging read protoPayload.methodName=(Encrypt\u00a0OR\u00a0Decrypt) --freshness=30d "
                + "--format=value(protoPayload.authenticationInfo.principalEmail)"
        );
        Assert.Equal(key.AuthPrincipal, read.Trim());
        AssertConforms();
    }

    private string In(string name) => Path.Combine(_folder, name);

    private async Task CreateKeyAsync()
    {
        await GcloudAsync("kms keyrings create ring " + Location);
        await GcloudAsync(
            "kms keys create key --keyring=ring --purpose=encryption --rotation-period=90d "
                + "--next-rotation-time=2099-01-01T00:00:00Z --labels=cluster=a "
                + Location
        );
        await GcloudAsync("kms keys versions create --key=key --keyring=ring --primary " + Location);
    }

    private async Task GrantAsync()
    {
        await GcloudAsync("iam service-accounts create cmek-user --display-name=CMEK");
        await GcloudAsync(
            $"iam service-accounts add-iam-policy-binding {Account} "
                + $"--member=serviceAccount:{ClusterAccount} --role={GcpTestBed.TokenCreator}"
        );
        var policy = await GcloudAsync(
            $"kms keys add-iam-policy-binding key --keyring=ring {Location} "
                + $"--member=serviceAccount:{Account} --role={GcpTestBed.EncrypterDecrypter}"
        );
        Assert.Contains("cryptoKeyEncrypterDecrypter", policy, StringComparison.Ordinal);
    }

    private void AssertConforms()
    {
        Assert.NotEmpty(_server.Exchanges);
        foreach (var exchange in _server.Exchanges)
        {
            var (method, target) = (exchange.Request.Method, exchange.Request.RawTarget);
            var problems = Specifications
                .Gcp.FirstOrDefault(v => v.Knows(method, target))
                ?.Check(
                    method,
                    target,
                    Encoding.UTF8.GetString(exchange.Request.Body),
                    exchange.Response!.Status,
                    Encoding.UTF8.GetString(exchange.Response.Body)
                )
                ?? ["no such method"];
            Assert.True(problems.Count == 0, $"{method} {target}: {string.Join("; ", problems)}");
        }
    }

    private async Task<string> GcloudAsync(string command)
    {
        var token = In("token");
        await File.WriteAllTextAsync(token, _server.Gcp.AccessToken);
        var environment = new Dictionary<string, string?>
        {
            ["CLOUDSDK_CONFIG"] = Path.Combine(_folder, "config"),
            ["CLOUDSDK_CORE_PROJECT"] = _server.Gcp.ProjectId,
            ["CLOUDSDK_CORE_DISABLE_PROMPTS"] = "1",
            ["CLOUDSDK_CORE_DISABLE_USAGE_REPORTING"] = "1",
            ["CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK"] = "1",
            ["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"] = token,
            ["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS"] = _server.GcpEndpoint.ToString(),
            ["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"] = _server.GcpEndpoint.ToString(),
            ["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER"] = _server.GcpEndpoint.ToString(),
            ["CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING"] = _server.GcpEndpoint.ToString(),
            ["NO_PROXY"] = "127.0.0.1",
            ["no_proxy"] = "127.0.0.1",
        };
        var run = await ExternalProgram.RunAsync(
            "gcloud",
            _folder,
            environment,
            [.. command.Split(' ').Select(a => a.Replace('\u00a0', ' '))]
        );
        Assert.True(run.ExitCode == 0, $"gcloud {command}: {run.Error}");
        return run.Output;
    }
}
