using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys.Vault;
using CockroachCmek.Core.Tests.Cloud;
using CockroachCmek.Core.Tests.Http;
using CockroachCmek.Sandbox.Http;
using static CockroachCmek.Core.Tests.Cloud.ScriptedHandler;

namespace CockroachCmek.Core.Tests.Vault;

public sealed class VaultClientTests
{
    private static readonly Uri Address = new("https://vault.example:8200/ui/");

    [Fact]
    public async Task Every_request_carries_token_and_namespace_and_goes_below_v1()
    {
        var handler = new ScriptedHandler(
            Json("""{"request_id":"r-7","data":{"keys":["a"]},"warnings":["be careful"]}""")
        );
        using var client = Client(handler, c => c with { Namespace = "admin/team", Mount = "keys/cmek" });
        var answer = await client.ListKeysAsync(CancellationToken.None);
        Assert.Equal(
            ("a", "be careful", "r-7"),
            (Assert.Single(answer.Data), Assert.Single(answer.Warnings), answer.RequestId)
        );
        Assert.Equal("/v1/keys/cmek/key?list=true", handler.Requests.Single().Target);
        Assert.Equal(
            [VaultWorld.Token, "admin/team", "true"],
            new[] { "X-Vault-Token", "X-Vault-Namespace", "X-Vault-Request" }.Select(h =>
                handler.Messages[0].Headers.GetValues(h).Single()
            )
        );
    }

    [Fact]
    public async Task Health_is_read_without_token_and_namespace()
    {
        var handler = new ScriptedHandler(Json("{}", 473));
        using var client = Client(handler, c => c with { Namespace = "admin/team" });
        Assert.Equal(473, (await client.ReadHealthAsync(CancellationToken.None)).Data);
        Assert.Empty(handler.Messages.Single().Headers);
    }

    [Theory]
    [InlineData("versions", "\"decrypt,encrypt\"")]
    [InlineData("keys", "[\"encrypt\",\"decrypt\"]")]
    public async Task Both_forms_of_response_that_servers_are_known_to_send_are_read(string versions, string purpose)
    {
        var handler = new ScriptedHandler(
            Json(
                $$"""
                {"data":{
                  "type":"aes256-gcm96", "latest_version":2, "min_enabled_version":1, "deletion_allowed":true,
                  "{{versions}}":{
                    "1":{"creation_time":"2026-01-01T08:00:00.5Z"},
                    "2":{"creation_time":"2026-01-02T08:00:00Z"} } } }
                """
            ),
            Json($$"""{"data":{"name":"n-17","purpose":{{purpose}},"protection":"hsm","versions":{"1":"1","2":2} } }""")
        );
        using var client = Client(handler);
        var key = (await client.ReadKeyAsync("k", CancellationToken.None)).Data;
        Assert.Equal(
            (2, 1, true, new DateTimeOffset(2026, 1, 2, 8, 0, 0, TimeSpan.Zero)),
            (key.LatestVersion, key.MinEnabledVersion, key.DeletionAllowed, key.Versions[2])
        );
        var distribution = (await client.ReadDistributionAsync("e", "k", CancellationToken.None)).Data;
        Assert.Equal(("n-17", "2"), (distribution.Name, distribution.Versions[2]));
        Assert.Contains("encrypt", distribution.Purposes);
        Assert.Contains("decrypt", distribution.Purposes);
    }

    [Fact]
    public async Task A_key_is_removed_from_the_cloud_and_deleted_at_separate_paths()
    {
        var handler = new ScriptedHandler(Json("", 204));
        using var client = Client(handler);
        await client.RemoveKeyAsync("e", "k", CancellationToken.None);
        await client.UpdateKeyAsync("k", true, CancellationToken.None);
        await client.DeleteKeyAsync("k", CancellationToken.None);
        Assert.Equal(
            [
                ("DELETE", "/v1/keymgmt/kms/e/key/k", ""),
                ("POST", "/v1/keymgmt/key/k", """{"deletion_allowed":true}"""),
                ("DELETE", "/v1/keymgmt/key/k", ""),
            ],
            handler.Requests
        );
    }

    [Fact]
    public void A_token_is_sent_without_encryption_to_this_machine_only()
    {
        Assert.Equal(
            "InsecureEndpoint",
            Assert
                .Throws<CmekException>(() =>
                    new VaultClient(new VaultConnection(new Uri("http://vault.example:8200"), new Secret("t")))
                )
                .ErrorId
        );
        using var local = new VaultClient(new VaultConnection(new Uri("http://127.0.0.1:8200"), new Secret("t")));
    }

    [Fact]
    public async Task A_certificate_of_a_private_authority_is_trusted_with_that_very_authority_only()
    {
        var folder = Directory.CreateTempSubdirectory("crdb-vault-").FullName;
        try
        {
            var (authority, leaf) = TestServer.Issue();
            var (namesake, forged) = TestServer.Issue();
            using (authority)
            using (namesake)
            using (leaf)
            using (forged)
            {
                var pem = Path.Combine(folder, "ca.pem");
                await File.WriteAllTextAsync(pem, "Our authority:\n" + authority.ExportCertificatePem());
                Assert.Equal(200, await StatusAsync(leaf, pem));
                // Another authority of the same name is not trusted.
                await RefusesAsync("VaultCertificateRefused", forged, pem);
                await RefusesAsync("VaultCertificateRefused", leaf, null);
                await File.WriteAllTextAsync(pem, "nothing");
                await RefusesAsync("VaultCaUnreadable", leaf, pem);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> StatusAsync(X509Certificate2 certificate, string? authorities)
    {
        using var listener = new LoopbackListener(0, certificate, (_, _) =>
            Task.FromResult(new Reply(new SandboxResponse(200, Encoding.UTF8.GetBytes("{}"), "application/json")))
        );
        try
        {
            using var client = new VaultClient(
                new VaultConnection(listener.Endpoint, new Secret("t"))
                {
                    Tls = new VaultTls { Authorities = authorities },
                }
            );
            return (await client.ReadHealthAsync(CancellationToken.None)).Data;
        }
        finally
        {
            await listener.StopAsync();
        }
    }

    private static async Task RefusesAsync(string errorId, X509Certificate2 certificate, string? authorities) =>
        Assert.Equal(
            errorId,
            (await Assert.ThrowsAsync<CmekException>(() => StatusAsync(certificate, authorities))).ErrorId
        );

    private static VaultClient Client(ScriptedHandler handler, Func<VaultConnection, VaultConnection>? change = null)
    {
        var connection = new VaultConnection(Address, new Secret(VaultWorld.Token)) { Handler = handler };
        return new VaultClient(change?.Invoke(connection) ?? connection);
    }
}
