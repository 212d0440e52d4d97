namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>A client that this project did not write, node-vault from npm, drives the sandbox's Vault.</summary>
[Trait("Lane", "Slow")]
public sealed class VaultNodeTests
{
    private const string Script = """
        const assert = require('assert');
        const [endpoint, token, access_key, secret_key] = process.argv.slice(2);
        const vault = require('node-vault')({ endpoint, token });
        (async () => {
          assert.strictEqual((await vault.health()).sealed, false);
          await vault.mount({ mount_point: 'keymgmt', type: 'keymgmt' });
          assert.strictEqual((await vault.mounts()).data['keymgmt/'].type, 'keymgmt');
          const provider = { provider: 'awskms', key_collection: 'us-east-1', credentials: { access_key, secret_key } };
          await vault.write('keymgmt/kms/aws', provider);
          await vault.write('keymgmt/key/k', { type: 'aes256-gcm96' });
          await vault.write('keymgmt/kms/aws/key/k', { purpose: 'encrypt,decrypt', protection: 'hsm' });
          await vault.write('keymgmt/key/k/rotate', {});
          assert.deepStrictEqual((await vault.list('keymgmt/key')).data.keys, ['k']);
          const { versions } = (await vault.read('keymgmt/kms/aws/key/k')).data;
          assert.deepStrictEqual(Object.keys(versions), ['1', '2']);
          const again = vault.mount({ mount_point: 'keymgmt', type: 'keymgmt' });
          await assert.rejects(again, /path is already in use at keymgmt\//);
          await assert.rejects(vault.read('keymgmt/key/none'), e => e.response.statusCode === 404);
          await vault.delete('keymgmt/kms/aws/key/k');
          assert.strictEqual((await vault.tokenLookupSelf()).data.policies[0], 'root');
          console.log('done');
        })().catch(e => { console.error(e); process.exit(1); });
        """;

    [Fact]
    public async Task Node_vault_mounts_the_engine_and_distributes_rotates_and_removes_a_key()
    {
        var folder = Directory.CreateTempSubdirectory("crdb-vault-");
        try
        {
            await ExternalProgram.InstallNpmAsync(folder.FullName, "node-vault@0.12.0");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "drive.js"), Script);
            await using var vault = new VaultTestBed();
            var run = await ExternalProgram.RunAsync(
                "node",
                folder.FullName,
                null,
                "drive.js",
                vault.Server.VaultEndpoint.ToString().TrimEnd('/'),
                vault.Sandbox.RootToken,
                vault.Server.Aws.AccessKeyId,
                vault.Server.Aws.SecretAccessKey
            );
            Assert.True(run.ExitCode == 0, run.Output + run.Error);
            Assert.Contains("done", run.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
