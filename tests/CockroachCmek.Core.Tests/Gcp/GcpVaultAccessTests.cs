using System.Text.Json;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Sandbox;
using CockroachCmek.Testing;
using static CockroachCmek.Core.Tests.Gcp.GcpAdministrator;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>HashiCorp Vault's own identity: a custom role, a service account, its binding and its key.</summary>
public sealed class GcpVaultAccessTests : IDisposable
{
    private const string Role = $"projects/{GcpWorld.Project}/roles/{GcpVaultAccess.RoleId}";
    private const string Agent = $"{GcpVaultAccess.AccountName}@{GcpWorld.Project}.iam.gserviceaccount.com";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("crdb-");

    private string KeyFile => Path.Combine(_folder.FullName, "vault-agent.json");

    [Fact]
    public async Task Everything_is_created_once_and_the_key_is_in_the_file()
    {
        await using var world = await GcpWorld.StartAsync();

        Assert.True(await CreateAsync(world));
        var before = world.LastRequest;
        Assert.False(await CreateAsync(world));

        Assert.Empty(world.WritesSince(before));
        Assert.Equal(1, await CountKeysAsync(world));
        using var file = JsonDocument.Parse(await File.ReadAllTextAsync(KeyFile));
        Assert.Equal(Agent, file.RootElement.GetProperty("client_email").GetString());
        world.ConformsToSpecification();
    }

    [Fact]
    public async Task The_binding_is_on_the_key_ring_alone()
    {
        await using var world = await GcpWorld.StartAsync();
        var location = await FindAsync(world);
        await location.CreateAsync(world.Context);

        var bindings = await world.Administrator.BindingsAsync(location.KeyCollection);

        Assert.EndsWith("/keyRings/crdb-cmek", location.KeyCollection, StringComparison.Ordinal);
        Assert.Contains(Agent, bindings, StringComparison.Ordinal);
        Assert.Contains(Role, bindings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_names_every_change()
    {
        await using var world = await GcpWorld.StartAsync();
        world.Log = new RecordingLog { Answer = false };

        Assert.False(await (await FindAsync(world)).ConfirmAsync(world.Context));

        Assert.Equal(5, world.Log.Questions.Count); // key ring, role, account, binding, key
        Assert.Empty(world.WritesSince(0));
        Assert.False(File.Exists(KeyFile));
    }

    [Fact]
    public async Task A_role_that_lacks_a_permission_is_refused_with_the_command_that_adds_it()
    {
        await using var world = await GcpWorld.StartAsync();
        await world.Administrator.PostAsync(
            $"projects/{GcpWorld.Project}/roles",
            $$"""
            {"roleId":"{{GcpVaultAccess.RoleId}}",
            "role":{"includedPermissions":["cloudkms.cryptoKeys.create"]} }
            """
        );

        var error = await world.RefusesAsync("VaultRoleDiffers", () => FindAsync(world));

        Assert.Contains(
            "--add-permissions cloudkms.cryptoKeys.update",
            error.RecommendedAction,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_disabled_service_account_is_refused()
    {
        await using var world = await GcpWorld.StartAsync();
        await CreateAsync(world);
        await world.Administrator.DisableAccountAsync(Agent);

        await world.RefusesAsync("ServiceAccountDisabled", () => FindAsync(world));
    }

    [Fact]
    public async Task A_file_that_holds_something_else_is_refused()
    {
        await using var world = await GcpWorld.StartAsync();
        await File.WriteAllTextAsync(KeyFile, """{"client_email":"somebody@example.com"}""");

        await world.RefusesAsync("ServiceAccountKeyFileTaken", () => FindAsync(world));
    }

    [Theory]
    [Trait("Lane", "Slow")]
    [InlineData(FaultAction.CutBefore)]
    [InlineData(FaultAction.CutAfter)]
    public async Task A_lost_connection_at_any_request_still_creates_everything_once(FaultAction action)
    {
        for (var skip = 0; skip < 18; skip++)
        {
            await using var world = await GcpWorld.StartAsync();
            world.Server.Faults.Add(
                new FaultRule
                {
                    Service = "gcp",
                    Skip = skip,
                    Count = 1,
                    Action = action,
                }
            );
            File.Delete(KeyFile);

            await CreateAsync(world);
            world.Server.Faults.Clear();

            Assert.False(await CreateAsync(world));
            Assert.Equal(1, await CountKeysAsync(world));
            using var file = JsonDocument.Parse(await File.ReadAllTextAsync(KeyFile));
            Assert.Equal(Agent, file.RootElement.GetProperty("client_email").GetString());
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<bool> CreateAsync(GcpWorld world) => await (await FindAsync(world)).CreateAsync(world.Context);

    private Task<IVaultLocation> FindAsync(GcpWorld world)
    {
        var options = CloudOptions
            .None.With("BootstrapVaultAccess", true)
            .With("ServiceAccountKeyPath", KeyFile)
            .With("Project", GcpWorld.Project);
        var request = world.KeyRequest($"crdb-cmek@{GcpWorld.Project}.iam.gserviceaccount.com", options);
        return ((IVaultLocationProvider)world.Provider).FindVaultLocationAsync(request, world.Context);
    }

    private static async Task<int> CountKeysAsync(GcpWorld world) =>
        (await world.Administrator.GetAsync($"{Account(Agent)}/keys?keyTypes=USER_MANAGED"))
            .GetProperty("keys")
            .GetArrayLength();
}
