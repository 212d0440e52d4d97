using System.Net;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Azure's own clients use the sandbox through HTTPS_PROXY, without a line about it in their code.</summary>
public sealed class AzureProxyTests
{
    private const string Script = """
        const { EnvironmentCredential } = require('@azure/identity');
        const { KeyClient, CryptographyClient } = require('@azure/keyvault-keys');
        const { KeyVaultManagementClient } = require('@azure/arm-keyvault');
        const { AuthorizationManagementClient } = require('@azure/arm-authorization');
        (async () => {
          const credential = new EnvironmentCredential();
          const subscription = process.env.AZURE_SUBSCRIPTION_ID;
          const out = {};
          const vaults = new KeyVaultManagementClient(credential, subscription);
          const vault = await vaults.vaults.get('crdb-cmek', process.env.KEY_VAULT);
          out.vault = vault.properties.vaultUri;
          const roles = new AuthorizationManagementClient(credential, subscription);
          const role = (await roles.roleDefinitions.get(vault.id, '14b46e9e-c2b7-41b4-b07b-48a6ebf60603')).id;
          const me = process.env.AZURE_OBJECT_ID;
          const name = '11111111-2222-3333-4444-555555555555';
          await roles.roleAssignments.create(vault.id, name,
            { roleDefinitionId: role, principalId: me, principalType: 'ServicePrincipal' });
          out.assigned = [];
          for await (const found of roles.roleAssignments.listForScope(vault.id,
            { filter: `assignedTo('${me}')` })) out.assigned.push(found.name);
          out.denied = [];
          for await (const found of roles.denyAssignments.listForScope(vault.id)) out.denied.push(found.name);
          const client = new KeyClient(out.vault, credential);
          const key = await client.createKey('node', 'RSA', { keySize: 2048 });
          const user = new CryptographyClient(key.id, credential);
          const wrapped = await user.wrapKey('RSA-OAEP-256', Buffer.from('store key'));
          out.unwrapped = Buffer.from((await user.unwrapKey('RSA-OAEP-256', wrapped.result)).result).toString();
          console.log(JSON.stringify(out));
        })().catch(error => { console.error(error); process.exit(1); });
        """;

    [Fact]
    public async Task The_proxy_connects_hosts_of_Azure_to_the_sandbox_and_no_others()
    {
        using var server = SandboxServer.Start(new SandboxOptions());
        using var handler = new SocketsHttpHandler { Proxy = new WebProxy(server.AzureProxyEndpoint) };
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
            RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(server.Azure.CaCertificate);
        using var http = new HttpClient(handler);
        foreach (var host in new[] { "management.azure.com", "graph.microsoft.com", "cmek-sandbox.vault.azure.net" })
        {
            using var response = await http.GetAsync(new Uri($"https://{host}/keys"));
            Assert.NotEqual(HttpStatusCode.Forbidden, response.StatusCode);
        }

        foreach (var host in new[] { "example.com", "vault.azure.net.example.com", "a.b.vault.azure.net" })
            await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri($"https://{host}/")));
        await server.StopAsync();
    }

    [Fact]
    [Trait("Lane", "Slow")]
    public async Task The_official_Node_clients_of_four_services_work_with_environment_variables_alone()
    {
        var folder = Directory.CreateTempSubdirectory("crdb-cmek-node-").FullName;
        using var server = SandboxServer.Start(new SandboxOptions { TimeScale = 600 });
        try
        {
            await ExternalProgram.InstallNpmAsync(
                folder,
                "@azure/identity@4",
                "@azure/keyvault-keys@4",
                "@azure/arm-keyvault@3",
                "@azure/arm-authorization@9"
            );
            await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), server.Azure.CaPem);
            await File.WriteAllTextAsync(Path.Combine(folder, "drive.js"), Script);
            var environment = new Dictionary<string, string?>
            {
                ["HTTPS_PROXY"] = server.AzureProxyEndpoint.ToString(),
                ["https_proxy"] = null,
                ["NO_PROXY"] = "127.0.0.1,localhost",
                ["no_proxy"] = null,
                ["NODE_EXTRA_CA_CERTS"] = Path.Combine(folder, "ca.pem"),
                ["AZURE_AUTHORITY_HOST"] = server.AzureEndpoint.ToString(),
                ["AZURE_TENANT_ID"] = server.Azure.TenantId,
                ["AZURE_SUBSCRIPTION_ID"] = server.Azure.SubscriptionId,
                ["AZURE_CLIENT_ID"] = server.Azure.Admin.ClientId,
                ["AZURE_CLIENT_SECRET"] = server.Azure.Admin.Secret,
                ["AZURE_OBJECT_ID"] = server.Azure.Admin.ObjectId,
                ["KEY_VAULT"] = server.Azure.VaultName,
            };
            var run = await ExternalProgram.RunAsync("node", folder, environment, "drive.js");
            Assert.True(run.ExitCode == 0, run.Error);
            var result = JsonNode.Parse(run.Output)!;
            Assert.Equal("store key", result["unwrapped"]!.ToString());
            Assert.Contains(
                "11111111-2222-3333-4444-555555555555",
                result["assigned"]!.AsArray().Select(n => n!.ToString())
            );
            Assert.Empty(result["denied"]!.AsArray());
        }
        finally
        {
            await server.StopAsync();
            Directory.Delete(folder, recursive: true);
        }
    }
}
