using System.Text.Json.Nodes;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Vault;

namespace CockroachCmek.Core.Tests.Vault;

/// <summary>Where the connection to HashiCorp Vault comes from. The tests change the process's environment.</summary>
[Collection(nameof(ProcessEnvironment))]
public sealed class VaultConnectionTests : IDisposable
{
    private static readonly string[] Variables =
    [
        "VAULT_ADDR",
        "VAULT_TOKEN",
        "VAULT_NAMESPACE",
        "VAULT_CACERT",
        "HOME",
    ];

    private readonly Dictionary<string, string?> _before = Variables.ToDictionary(
        v => v,
        Environment.GetEnvironmentVariable
    );

    private readonly string _home = Directory.CreateTempSubdirectory("crdb-home-").FullName;

    public VaultConnectionTests()
    {
        foreach (var variable in Variables)
            Environment.SetEnvironmentVariable(variable, null);
        Environment.SetEnvironmentVariable("HOME", _home);
    }

    [Fact]
    public void The_environment_gives_address_token_and_namespace()
    {
        Assert.Equal(nameof(VaultErrors.VaultAddressMissing), Refused());
        Environment.SetEnvironmentVariable("VAULT_ADDR", "https://vault.example:8200");
        Environment.SetEnvironmentVariable("VAULT_TOKEN", " t ");
        Environment.SetEnvironmentVariable("VAULT_NAMESPACE", "admin");
        var connection = VaultConnection.Create(CloudOptions.None, null);
        Assert.Equal(
            ("https://vault.example:8200/", "t", "admin", "keymgmt"),
            (connection.Address.ToString(), connection.Token.Reveal(), connection.Namespace, connection.Mount)
        );
    }

    [Fact]
    public void The_token_helpers_file_gives_the_token_last()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The home directory does not follow the environment on Windows.");
        Environment.SetEnvironmentVariable("VAULT_ADDR", "https://vault.example:8200");
        Assert.Equal(nameof(VaultErrors.VaultTokenMissing), Refused());
        File.WriteAllText(Path.Combine(_home, ".vault-token"), "helper\n");
        Assert.Equal("helper", VaultConnection.Create(CloudOptions.None, null).Token.Reveal());
    }

    [Fact]
    public void Parameters_come_before_the_environment()
    {
        Environment.SetEnvironmentVariable("VAULT_ADDR", "https://vault.example:8200");
        Environment.SetEnvironmentVariable("VAULT_TOKEN", "t");
        var options = CloudOptions
            .None.With("VaultAddress", new Uri("https://other.example"))
            .With("VaultToken", new Secret("given"))
            .With("VaultMount", "/kms/");
        var connection = VaultConnection.Create(options, null);
        Assert.Equal(
            ("https://other.example/", "given", "kms"),
            (connection.Address.ToString(), connection.Token.Reveal(), connection.Mount)
        );
    }

    [Fact]
    public void A_session_with_a_sandbox_uses_its_Vault_and_ignores_the_environment()
    {
        Environment.SetEnvironmentVariable("VAULT_ADDR", "https://vault.example:8200");
        Environment.SetEnvironmentVariable("VAULT_TOKEN", "t");
        Environment.SetEnvironmentVariable("VAULT_NAMESPACE", "admin");
        var connection = VaultConnection.Create(CloudOptions.None, Sandbox);
        Assert.Equal(
            ("http://127.0.0.1:8200/", "sandbox", null),
            (connection.Address.ToString(), connection.Token.Reveal(), connection.Namespace)
        );
    }

    [Fact]
    public void An_address_that_was_given_never_gets_the_sandboxs_token()
    {
        var options = CloudOptions.None.With("VaultAddress", new Uri("https://other.example"));
        Assert.Equal(nameof(VaultErrors.VaultTokenMissing), Refused(options, Sandbox));
    }

    public void Dispose()
    {
        foreach (var (variable, value) in _before)
            Environment.SetEnvironmentVariable(variable, value);
        Directory.Delete(_home, recursive: true);
    }

    private static SandboxClouds Sandbox =>
        new(
            new JsonObject
            {
                ["vault"] = new JsonObject { ["address"] = "http://127.0.0.1:8200", ["token"] = "sandbox" },
            }
        );

    private static string Refused(CloudOptions? options = null, SandboxClouds? sandbox = null) =>
        Assert.Throws<CmekException>(() => VaultConnection.Create(options ?? CloudOptions.None, sandbox)).ErrorId;
}

/// <summary>Tests that change the environment of the process run alone.</summary>
[CollectionDefinition(nameof(ProcessEnvironment), DisableParallelization = true)]
public sealed class ProcessEnvironment;
