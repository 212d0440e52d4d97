using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>Bindings of keys for people who hand them to somebody else, as JSON and as gcloud lines.</summary>
internal sealed class GcpKeyPolicies(GcpClients clients, GcpCalls calls)
{
    private static readonly JsonSerializerOptions Printed = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public async Task<CmekKeyPolicy> DescribeAsync(KeyPolicyRequest request)
    {
        var account = ServiceAccountEmail.Parse(request.AuthPrincipal);
        var binding = IamPolicy.Binding(GcpNames.UseRole, account.Member);
        var trust =
            $"gcloud iam service-accounts add-iam-policy-binding {account} --project {account.Project} --member serviceAccount:{GcpNames.KmsUser(request.Cluster)} --role {GcpNames.TrustRole} --condition None";
        if (request.KeyUri is not { } uri)
        {
            // Nothing is asked: a key beside the account, in each region's location.
            var policy = new IamPolicy([]);
            policy.Add(binding);
            var keys = request.Cluster.Regions.Select(r => new GcpKeyName(
                account.Project,
                r.Name,
                GcpNames.Ring,
                GcpNames.Default(request.Cluster)
            ));
            return Result(
                request,
                "",
                policy,
                binding,
                [trust, .. keys.SelectMany(k => Creation(request.Cluster, k).Append(Grant(k, account)))]
            );
        }

        var name = GcpKeyName.Parse(uri);
        if (
            await calls.FindAsync("KMS", "cryptoKeys.get", name.ToString(), c =>
                clients.Kms.GetCryptoKeyAsync(name.ToString(), c)
            )
            is null
        )
            throw GcpErrors.KeyNotFound(name);
        var found = await calls.ReadAsync("KMS", "getIamPolicy", name.ToString(), c =>
            clients.Kms.GetIamPolicyAsync(name.ToString(), c)
        );
        found.Add(binding);
        return Result(request, name.ToString(), found, binding, [trust, Grant(name, account)]);
    }

    private static string[] Creation(CrdbCluster cluster, GcpKeyName key) =>
        [
            $"gcloud kms keyrings create {key.Ring} --location {key.Location} --project {key.Project}",
            $"gcloud kms keys create {key.Id} --keyring {key.Ring} --location {key.Location} --project {key.Project} --purpose encryption --protection-level software --labels {string.Join(",", GcpNames.Labels(cluster, new Dictionary<string, string>()).Select(l => $"{l.Key}={l.Value}"))}",
        ];

    private static string Grant(GcpKeyName key, ServiceAccountEmail account) =>
        $"gcloud kms keys add-iam-policy-binding {key.Id} --keyring {key.Ring} --location {key.Location} --project {key.Project} --member {account.Member} --role {GcpNames.UseRole} --condition None"; // without it gcloud asks, or refuses where it may not, once a policy has conditions

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
            CloudProvider = "GCP",
            KeyUri = uri,
            AuthPrincipal = request.AuthPrincipal,
            Policy = policy.ToString(),
            Statement = statement.ToJsonString(Printed),
            Commands = commands,
        };
}
