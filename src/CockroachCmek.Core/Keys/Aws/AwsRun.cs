using System.Collections.Concurrent;
using Amazon.Runtime;
using Amazon.SecurityToken.Model;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// One operation on AWS: its calls, the session's clients, and what the operation has read already. The regions of an
/// operation share it, so that checks read the same role once.
/// </summary>
internal sealed class AwsRun
{
    private readonly ConcurrentDictionary<(string Partition, string Name), Lazy<Task<IamRole?>>> _roles = new();

    private readonly ConcurrentDictionary<string, Lazy<Task<RolePolicies>>> _rolePolicies = new();

    /// <summary>What was read of the event history: clusters and keys of a run share it.</summary>
    public ConcurrentDictionary<
        (string Region, bool OfKeys, string Attribute, string Value, DateTimeOffset Since, int Pages),
        Lazy<Task<TrailReading>>
    > Trails { get; } = new();

    public AwsRun(AwsClients clients, OperationContext context)
    {
        Clients = clients;
        Calls = new AwsCalls(context);
        Keys = new AwsKeyReader(clients, Calls);
        Writer = new AwsKeyWriter(clients, Calls, Keys);
    }

    public AwsClients Clients { get; }

    public AwsCalls Calls { get; }

    /// <summary>Reads of KMS.</summary>
    public AwsKeyReader Keys { get; }

    /// <summary>Writes of KMS.</summary>
    public AwsKeyWriter Writer { get; }

    /// <summary>Whose credentials IAM is called with.</summary>
    /// <param name="region">A region whose STS is asked.</param>
    public Task<GetCallerIdentityResponse> GetCallerAsync(string region) =>
        Calls.ReadAsync("STS", "GetCallerIdentity", "", c =>
            Clients.Sts(region).GetCallerIdentityAsync(new GetCallerIdentityRequest(), c)
        );

    /// <summary>Whose credentials KMS is called with.</summary>
    /// <param name="region">A region whose STS is asked.</param>
    public Task<GetCallerIdentityResponse> GetKeyCallerAsync(string region) =>
        Calls.ReadAsync("STS", "GetCallerIdentity", "", c =>
            Clients.StsOfKeys(region).GetCallerIdentityAsync(new GetCallerIdentityRequest(), c)
        );

    /// <summary>A role as it is now; null when it does not exist.</summary>
    public async Task<IamRole?> FindRoleAsync(AwsPartition partition, string name)
    {
        try
        {
            return await Calls.ReadAsync("IAM", "GetRole", name, c => Clients.Iam(partition).GetRoleAsync(name, c));
        }
        catch (AmazonServiceException error) when (error.ErrorCode == "NoSuchEntity")
        {
            return null;
        }
    }

    /// <summary>A role as the operation first read it: for checks, which write nothing.</summary>
    public Task<IamRole?> FindRoleOnceAsync(AwsPartition partition, string name) =>
        _roles.GetOrAdd((partition.Name, name), _ => new(() => FindRoleAsync(partition, name))).Value;

    /// <summary>The policies of a role as the operation first read them.</summary>
    public Task<RolePolicies> FindRolePoliciesOnceAsync(RoleArn role) =>
        _rolePolicies.GetOrAdd(role.Text, _ => new(() => new AwsRolePolicyReader(this, role).ReadAsync())).Value;

    /// <summary>Asks before a write; false when the user declined.</summary>
    public Task<bool> ConfirmAsync(string target, string action) =>
        Calls.Context.Host.ConfirmAsync(target, action, Calls.Context.CancellationToken);

    public void Warn(string message) => Calls.Context.Host.Warning(message);
}
