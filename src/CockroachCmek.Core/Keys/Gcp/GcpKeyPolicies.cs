using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// The bindings that a key needs, as JSON and as gcloud commands, for people who pass them to an administrator.
/// </summary>
internal sealed class GcpKeyPolicies(GcpClients clients, GcpCalls calls)
{
    private readonly GcpKeyReader _reader = new(clients, calls);

    public async Task<CmekKeyPolicy> DescribeAsync(KeyPolicyRequest request)
    {
        var account = ServiceAccountEmail.Parse(request.AuthPrincipal);
        var binding = IamPolicy.Binding(GcpNames.UseRole, account.Member);
        if (request.KeyUri is not { } uri)
            return DescribeNewKeys(request, account, binding);
        var name = GcpKeyName.Parse(uri);
        if (await _reader.FindKeyAsync(name) is null)
            throw GcpErrors.KeyNotFound(name);
        var policy = await _reader.ReadPolicyAsync(name);
        policy.Add(binding);
        return Result(
            request,
            name.ToString(),
            policy,
            binding,
            [Trust(request.Cluster, account), Grant(name, account)]
        );
    }

    /// <summary>A key in each region's location, in the account's project. Built locally: nothing is read.</summary>
    private static CmekKeyPolicy DescribeNewKeys(
        KeyPolicyRequest request,
        ServiceAccountEmail account,
        JsonObject binding
    )
    {
        var policy = new IamPolicy([]);
        policy.Add(binding);
        var commands = new List<string> { Trust(request.Cluster, account) };
        foreach (var region in request.Cluster.Regions)
        {
            var ring = new GcpRingName(account.Project, region.Name, GcpNames.DefaultRing);
            var key = ring.Key(GcpNames.Default(request.Cluster));
            commands.Add(CreateRing(ring));
            commands.Add(CreateKey(request.Cluster, key));
            commands.Add(Grant(key, account));
        }

        return Result(request, "", policy, binding, commands);
    }

    private static string Trust(CrdbCluster cluster, ServiceAccountEmail account) =>
        $"gcloud iam service-accounts add-iam-policy-binding {account} --project {ShellQuote.PowerShell(account.Project)} "
        + $"--member {ShellQuote.PowerShell(GcpNames.ClusterAccount(cluster).Member)} --role {GcpNames.TrustRole} "
        + "--condition None";

    private static string CreateRing(GcpRingName ring) => $"gcloud kms keyrings create {ring.ToGcloudOptions()}";

    private static string CreateKey(CrdbCluster cluster, GcpKeyName key)
    {
        var labels = string.Join(",", GcpLabels.For(cluster).Select(l => $"{l.Key}={l.Value}"));
        return $"gcloud kms keys create {key.ToGcloudOptions("")} --purpose encryption --protection-level software "
            + $"--labels {ShellQuote.PowerShell(labels)}";
    }

    /// <summary>
    /// Names no condition, because gcloud asks for one, or refuses where it cannot ask, once a policy has conditions.
    /// </summary>
    private static string Grant(GcpKeyName key, ServiceAccountEmail account) =>
        $"gcloud kms keys add-iam-policy-binding {key.ToGcloudOptions("")} "
        + $"--member {ShellQuote.PowerShell(account.Member)} --role {GcpNames.UseRole} --condition None";

    private static CmekKeyPolicy Result(
        KeyPolicyRequest request,
        string uri,
        IamPolicy policy,
        JsonObject statement,
        IReadOnlyList<string> commands
    ) =>
        new()
        {
            ClusterId = request.Cluster.Id,
            ClusterName = request.Cluster.Name,
            CloudProvider = GcpCustomerCloud.ProviderName,
            KeyUri = uri,
            AuthPrincipal = request.AuthPrincipal,
            Policy = policy.ToString(),
            Statement = IamPolicy.Format(statement),
            Commands = commands,
        };
}
