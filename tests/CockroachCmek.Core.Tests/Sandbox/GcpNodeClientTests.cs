using System.Globalization;
using System.Text.Json.Nodes;
using CockroachCmek.Sandbox;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>Google's own Node clients work with the files that the sandbox writes for other clients.</summary>
[Trait("Lane", "Slow")]
public sealed class GcpNodeClientTests
{
    private const string Script = """
        const { KeyManagementServiceClient } = require('@google-cloud/kms');
        const { google } = require('googleapis');
        const { SANDBOX, SANDBOX_PORT, GOOGLE_CLOUD_PROJECT: PROJECT } = process.env;
        (async () => {
          const kms = new KeyManagementServiceClient({
            fallback: true, protocol: 'http', apiEndpoint: '127.0.0.1', port: Number(SANDBOX_PORT),
          });
          const out = {};
          const parent = `projects/${PROJECT}/locations/europe-west1`;
          const [ring] = await kms.createKeyRing({ parent, keyRingId: 'node', keyRing: {} });
          const [key] = await kms.createCryptoKey({
            parent: ring.name, cryptoKeyId: 'node', cryptoKey: { purpose: 'ENCRYPT_DECRYPT' },
          });
          out.purpose = key.purpose;
          out.state = key.primary.state;
          const [sealed] = await kms.encrypt({ name: key.name, plaintext: Buffer.from('store key') });
          const [opened] = await kms.decrypt({ name: key.name, ciphertext: sealed.ciphertext });
          out.plaintext = Buffer.from(opened.plaintext).toString();
          await kms.updateCryptoKeyVersion({
            cryptoKeyVersion: { name: key.primary.name, state: 'DISABLED' }, updateMask: { paths: ['state'] },
          });
          const [versions] = await kms.listCryptoKeyVersions({ parent: key.name });
          out.disabled = versions.map(v => v.state).join();

          const auth = new google.auth.GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
          const iam = google.iam({ version: 'v1', auth, rootUrl: SANDBOX });
          const account = await iam.projects.serviceAccounts.create({
            name: `projects/${PROJECT}`, requestBody: { accountId: 'node-user' },
          });
          out.email = account.data.email;
          const manager = google.cloudresourcemanager({ version: 'v3', auth, rootUrl: SANDBOX });
          const project = await manager.projects.get({ name: `projects/${PROJECT}` });
          const policy = await manager.folders.getIamPolicy({ resource: project.data.parent, requestBody: {} });
          out.etag = policy.data.etag;
          out.refusal = await iam.projects.serviceAccounts.getIamPolicy({
            resource: `projects/${PROJECT}/serviceAccounts/nobody@${PROJECT}.iam.gserviceaccount.com`,
          }).then(() => 'none', error => `${error.status}`);
          console.log(JSON.stringify(out));
        })().catch(error => { console.error(error); process.exit(1); });
        """;

    [Fact]
    public async Task The_official_Node_clients_create_and_use_a_key_and_read_a_policy()
    {
        var folder = Directory.CreateTempSubdirectory("crdb-cmek-node-").FullName;
        using var server = SandboxServer.Start(new SandboxOptions { TimeScale = 600 });
        try
        {
            await ExternalProgram.InstallNpmAsync(folder, "@google-cloud/kms@5", "googleapis@178");
            await File.WriteAllTextAsync(Path.Combine(folder, "drive.js"), Script);
            var environment = ClientFiles.Save(server, folder).ToDictionary(v => v.Key, string? (v) => v.Value);
            environment["SANDBOX"] = server.GcpEndpoint.ToString();
            environment["SANDBOX_PORT"] = server.GcpEndpoint.Port.ToString(CultureInfo.InvariantCulture);
            environment["GOOGLE_CLOUD_PROJECT"] = server.Gcp.ProjectId;
            foreach (var name in new[] { "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy" })
                environment[name] = null;
            var run = await ExternalProgram.RunAsync("node", folder, environment, "drive.js");
            Assert.True(run.ExitCode == 0, run.Error);
            var result = JsonNode.Parse(run.Output)!;
            string Text(string name) => result[name]!.ToString();
            Assert.Equal(
                ("ENCRYPT_DECRYPT", "ENABLED", "store key", "DISABLED"),
                (Text("purpose"), Text("state"), Text("plaintext"), Text("disabled"))
            );
            Assert.Equal("node-user@sandbox-customer.iam.gserviceaccount.com", Text("email"));
            Assert.Equal("ACAB", Text("etag"));
            Assert.Equal("404", Text("refusal"));
        }
        finally
        {
            await server.StopAsync();
            Directory.Delete(folder, recursive: true);
        }
    }
}
