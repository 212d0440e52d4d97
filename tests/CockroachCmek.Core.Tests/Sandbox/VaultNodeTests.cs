using System.Diagnostics;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>The sandbox's Vault as a client sees it that we did not write: node-vault from the npm registry.</summary>
public sealed class VaultNodeTests
{
    private const string Script = """
        const assert = require('assert');
        const [endpoint, token, id, secret] = process.argv.slice(2);
        const vault = require('node-vault')({ endpoint, token });
        (async () => {
          assert.strictEqual((await vault.health()).sealed, false);
          await vault.mount({ mount_point: 'keymgmt', type: 'keymgmt' });
          assert.strictEqual((await vault.mounts()).data['keymgmt/'].type, 'keymgmt');
          await vault.write('keymgmt/kms/aws', { provider: 'awskms', key_collection: 'us-east-1', credentials: { access_key: id, secret_key: secret } });
          await vault.write('keymgmt/key/k', { type: 'aes256-gcm96' });
          await vault.write('keymgmt/kms/aws/key/k', { purpose: 'encrypt,decrypt', protection: 'hsm' });
          await vault.write('keymgmt/key/k/rotate', {});
          assert.deepStrictEqual((await vault.list('keymgmt/key')).data.keys, ['k']);
          assert.deepStrictEqual(Object.keys((await vault.read('keymgmt/kms/aws/key/k')).data.versions), ['1', '2']);
          await assert.rejects(vault.mount({ mount_point: 'keymgmt', type: 'keymgmt' }), /path is already in use at keymgmt\//);
          await assert.rejects(vault.read('keymgmt/key/none'), e => e.response.statusCode === 404);
          await vault.delete('keymgmt/kms/aws/key/k');
          assert.strictEqual((await vault.tokenLookupSelf()).data.policies[0], 'root');
          console.log('done');
        })().catch(e => { console.error(e); process.exit(1); });
        """;

    [Fact]
    public async Task Node_vault_drives_the_engine_from_the_mount_to_the_removal()
    {
        Assert.SkipWhen(
            Repository.Program("node") is null || Repository.Program("npm") is null,
            "node and npm are not both on PATH."
        );
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var folder = Directory.CreateTempSubdirectory("crdb-vault-");
        try
        {
            var (installed, output) = await RunAsync(
                "npm",
                folder.FullName,
                limit.Token,
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "node-vault@0.12.0"
            );
            Assert.SkipWhen(installed != 0, "npm cannot install node-vault: " + output);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "drive.js"), Script, limit.Token);
            await using var vault = new VaultCaller();
            var (code, said) = await RunAsync(
                "node",
                folder.FullName,
                limit.Token,
                "drive.js",
                vault.Server.VaultEndpoint.ToString().TrimEnd('/'),
                vault.Server.Vault.RootToken,
                vault.Server.Aws.AccessKeyId,
                vault.Server.Aws.SecretAccessKey
            );
            Assert.True(code == 0, said);
            Assert.Contains("done", said, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(
        string program,
        string folder,
        CancellationToken cancellationToken,
        params string[] arguments
    )
    {
        using var process = Process.Start(
            new ProcessStartInfo(Repository.Program(program)!, arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        try
        {
            var (output, errors) = (
                process.StandardOutput.ReadToEndAsync(cancellationToken),
                process.StandardError.ReadToEndAsync(cancellationToken)
            );
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
