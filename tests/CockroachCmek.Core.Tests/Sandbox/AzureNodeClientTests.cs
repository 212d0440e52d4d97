using System.Globalization;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>
/// Microsoft's own Node client drives the key vault: production host names, its own token client, and its check of the
/// challenge.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class AzureNodeClientTests
{
    // Connects every TLS socket to the sandbox's port. The host name, and so the certificate check, stays.
    private const string Script = """
        const https = require('https');
        const connect = https.Agent.prototype.createConnection;
        const port = Number(process.env.SANDBOX_PORT);
        https.Agent.prototype.createConnection = function (options, callback) {
          const servername = options.servername || options.host;
          return connect.call(this, { ...options, servername, host: '127.0.0.1', port }, callback);
        };
        const { ClientSecretCredential } = require('@azure/identity');
        const { KeyClient, CryptographyClient } = require('@azure/keyvault-keys');
        const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, KEY_VAULT } = process.env;
        (async () => {
          const credential = new ClientSecretCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET);
          const client = new KeyClient(KEY_VAULT, credential);
          const out = {};
          const first = await client.createKey('node', 'RSA', { keySize: 2048, tags: { from: 'node' } });
          out.first = first.id;
          out.type = first.keyType;
          out.read = (await client.getKey('node')).id;
          const user = new CryptographyClient(first.id, credential);
          const wrapped = await user.wrapKey('RSA-OAEP-256', Buffer.from('store key'));
          out.rotated = (await client.rotateKey('node')).id;
          out.versions = [];
          for await (const version of client.listPropertiesOfKeyVersions('node')) out.versions.push(version.id);
          out.unwrapped = Buffer.from((await user.unwrapKey('RSA-OAEP-256', wrapped.result)).result).toString();
          await client.updateKeyProperties('node', first.properties.version, { enabled: false });
          out.refusal = await user.unwrapKey('RSA-OAEP-256', wrapped.result)
            .then(() => 'none', error => `${error.statusCode} ${error.message}`);
          const policy = { lifetimeActions: [{ action: 'Rotate', timeAfterCreate: 'P18M' }], expiresIn: 'P2Y' };
          out.policy = (await client.updateKeyRotationPolicy('node', policy)).expiresIn;
          const deleting = await client.beginDeleteKey('node', { intervalInMs: 50 });
          out.recoveryId = (await deleting.pollUntilDone()).properties.recoveryId;
          const recovering = await client.beginRecoverDeletedKey('node', { intervalInMs: 50 });
          out.recovered = (await recovering.pollUntilDone()).name;
          console.log(JSON.stringify(out));
        })().catch(error => { console.error(error); process.exit(1); });
        """;

    [Fact]
    public async Task The_official_Node_client_creates_uses_rotates_deletes_and_recovers_a_key()
    {
        var folder = Directory.CreateTempSubdirectory("crdb-cmek-node-").FullName;
        using var server = SandboxServer.Start(new SandboxOptions { TimeScale = 600 });
        try
        {
            await ExternalProgram.InstallNpmAsync(folder, "@azure/keyvault-keys@4", "@azure/identity@4");
            var result = await DriveAsync(folder, server);
            string Text(string name) => result[name]!.ToString();
            Assert.Equal(
                ("RSA", "store key", "P2Y", "node"),
                (Text("type"), Text("unwrapped"), Text("policy"), Text("recovered"))
            );
            Assert.StartsWith(
                "403 Operation unwrapKey is not allowed on a disabled key",
                Text("refusal"),
                StringComparison.Ordinal
            );
            Assert.Equal(Text("first"), Text("read"));
            Assert.Equal([Text("first"), Text("rotated")], result["versions"]!.AsArray().Select(v => v!.ToString()));
            Assert.Equal($"https://{server.Azure.VaultName}.vault.azure.net/deletedkeys/node", Text("recoveryId"));
        }
        finally
        {
            await server.StopAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Runs the script without the machine's proxy, which must not see the loopback address.</summary>
    private static async Task<JsonNode> DriveAsync(string folder, SandboxServer server)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), server.Azure.CaPem);
        await File.WriteAllTextAsync(Path.Combine(folder, "drive.js"), Script);
        var environment = new Dictionary<string, string?>
        {
            ["NODE_EXTRA_CA_CERTS"] = Path.Combine(folder, "ca.pem"),
            ["SANDBOX_PORT"] = server.AzureEndpoint.Port.ToString(CultureInfo.InvariantCulture),
            ["KEY_VAULT"] = $"https://{server.Azure.VaultName}.vault.azure.net",
            ["AZURE_TENANT_ID"] = server.Azure.TenantId,
            ["AZURE_CLIENT_ID"] = server.Azure.Admin.ClientId,
            ["AZURE_CLIENT_SECRET"] = server.Azure.Admin.Secret,
        };
        foreach (var name in new[] { "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy" })
            environment[name] = null;
        var run = await ExternalProgram.RunAsync("node", folder, environment, "drive.js");
        Assert.True(run.ExitCode == 0, run.Error);
        return JsonNode.Parse(run.Output)!;
    }
}
