using System.Diagnostics;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Microsoft's own client for Node, which we did not write, drives the vault: production host names, its own token client, its challenge check on.</summary>
public sealed class AzureNodeClientTests
{
    // Every TLS connection goes to the sandbox's port; the name asked for, and so the certificate's check, stays.
    private const string Script = """
        const https = require('https');
        const connect = https.Agent.prototype.createConnection;
        https.Agent.prototype.createConnection = function (options, callback) {
          return connect.call(this, { ...options, servername: options.servername || options.host, host: '127.0.0.1', port: Number(process.env.SANDBOX_PORT) }, callback);
        };
        const { ClientSecretCredential } = require('@azure/identity');
        const { KeyClient, CryptographyClient } = require('@azure/keyvault-keys');
        (async () => {
          const credential = new ClientSecretCredential(process.env.AZURE_TENANT_ID, process.env.AZURE_CLIENT_ID, process.env.AZURE_CLIENT_SECRET);
          const client = new KeyClient(process.env.VAULT, credential);
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
          out.refusal = await user.unwrapKey('RSA-OAEP-256', wrapped.result).then(() => 'none', fault => `${fault.statusCode} ${fault.message}`);
          out.policy = (await client.updateKeyRotationPolicy('node', { lifetimeActions: [{ action: 'Rotate', timeAfterCreate: 'P18M' }], expiresIn: 'P2Y' })).expiresIn;
          const deleting = await client.beginDeleteKey('node', { intervalInMs: 50 });
          out.recoveryId = (await deleting.pollUntilDone()).properties.recoveryId;
          const recovering = await client.beginRecoverDeletedKey('node', { intervalInMs: 50 });
          out.recovered = (await recovering.pollUntilDone()).name;
          console.log(JSON.stringify(out));
        })().catch(fault => { console.error(fault); process.exit(1); });
        """;

    [Fact]
    public async Task The_official_client_for_Node_makes_uses_rotates_deletes_and_recovers_a_key()
    {
        var (node, npm) = (Repository.Program("node"), Repository.Program("npm"));
        Assert.SkipWhen(node is null || npm is null, "node and npm are not on PATH.");
        var folder = Directory.CreateTempSubdirectory("crdb-cmek-node-").FullName;
        using var server = SandboxServer.Start(new SandboxOptions { TimeScale = 600 });
        try
        {
            var installed = await RunAsync(
                npm!,
                folder,
                [],
                "install",
                "--prefix",
                folder,
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "@azure/keyvault-keys@4",
                "@azure/identity@4"
            );
            Assert.SkipWhen(installed.ExitCode != 0, "npm could not install Azure's clients: " + installed.Error);
            await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), server.Azure.CaPem);
            await File.WriteAllTextAsync(Path.Combine(folder, "drive.js"), Script);
            var run = await RunAsync(
                node!,
                folder,
                new()
                {
                    ["NODE_EXTRA_CA_CERTS"] = Path.Combine(folder, "ca.pem"),
                    ["SANDBOX_PORT"] = server.AzureEndpoint.Port.ToString(
                        System.Globalization.CultureInfo.InvariantCulture
                    ),
                    ["VAULT"] = $"https://{server.Azure.VaultName}.vault.azure.net",
                    ["AZURE_TENANT_ID"] = server.Azure.TenantId,
                    ["AZURE_CLIENT_ID"] = server.Azure.Admin.ClientId,
                    ["AZURE_CLIENT_SECRET"] = server.Azure.Admin.Secret,
                },
                "drive.js"
            );
            Assert.True(run.ExitCode == 0, run.Error);

            var seen = JsonNode.Parse(run.Output)!;
            string Of(string name) => seen[name]!.ToString();
            Assert.Equal(
                ("RSA", "store key", "P2Y", "node"),
                (Of("type"), Of("unwrapped"), Of("policy"), Of("recovered"))
            );
            Assert.StartsWith(
                "403 Operation unwrapKey is not allowed on a disabled key",
                Of("refusal"),
                StringComparison.Ordinal
            );
            Assert.Equal(Of("first"), Of("read"));
            Assert.Equal([Of("first"), Of("rotated")], seen["versions"]!.AsArray().Select(v => v!.ToString()));
            Assert.Equal($"https://{server.Azure.VaultName}.vault.azure.net/deletedkeys/node", Of("recoveryId"));
        }
        finally
        {
            await server.StopAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string program,
        string folder,
        Dictionary<string, string> environment,
        params string[] arguments
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var pair in environment)
            start.Environment[pair.Key] = pair.Value;
        // A proxy of the machine has no business with the loopback address.
        foreach (
            var name in environment.Count > 0 ? new[] { "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy" } : []
        )
            start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            var (output, error) = (
                process.StandardOutput.ReadToEndAsync(limit.Token),
                process.StandardError.ReadToEndAsync(limit.Token)
            );
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
