using CockroachCmek.Sandbox.Aws;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using CockroachCmek.Sandbox.Vault;

namespace CockroachCmek.Sandbox;

/// <summary>
/// All data of all services: accounts, credentials, clusters, keys, policies. A service keeps nothing that changes
/// anywhere else, so a copy of this object is a copy of the sandbox. Its parts hold data only: no services, delegates
/// or handles.
/// </summary>
internal sealed class SandboxState
{
    public SandboxState() => (Azure, Vault) = (new AzureData(Rsa), new VaultData(Rsa));

    /// <summary>Services share it, so it comes before them: a copy refers to the supply of the copy.</summary>
    public RsaSupply Rsa { get; } = new();

    public CloudData Cloud { get; } = new();

    public AwsData Aws { get; } = new();

    public GcpData Gcp { get; } = new();

    public AzureData Azure { get; }

    public VaultData Vault { get; }

    /// <summary>
    /// Gives these parts the content of another state. The parts stay the same objects, because the services hold them.
    /// </summary>
    public void Overwrite(SandboxState source)
    {
        var copier = new StateCopier();
        foreach (var part in StateCopier.AllFields(typeof(SandboxState)))
            copier.Overwrite(part.GetValue(this)!, part.GetValue(source)!);
    }
}

/// <summary>
/// The state of a sandbox at one moment, from <see cref="SandboxServer.Save"/>. It can be loaded any number of times.
/// </summary>
public sealed class SandboxSnapshot
{
    internal SandboxSnapshot(SandboxState state, DateTimeOffset time) => (State, Time) = (state, time);

    internal SandboxState State { get; }

    /// <summary>What the sandbox's clock showed.</summary>
    internal DateTimeOffset Time { get; }
}
