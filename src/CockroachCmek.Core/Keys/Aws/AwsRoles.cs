using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Cross-account roles: found, compared, made. Never a second one, never overwritten unless told to.</summary>
internal sealed class AwsRoles(AwsClients clients, AwsCalls calls)
{
    public async Task<CmekRole> EnsureAsync(RoleRequest request)
    {
        var cluster = request.Cluster;
        if (!System.Text.RegularExpressions.Regex.IsMatch(cluster.AccountId, @"^\d{12}$"))
            throw Errors.ClusterHasNoAccount(cluster, "AWS account");
        var partition = AwsPartition.OfRegion(cluster.Regions.Count > 0 ? cluster.Regions[0].Name : "");
        var name = request.Name ?? AwsNames.Default(cluster);
        var trust = TrustPolicy.Create(partition, cluster.AccountId, request.OrganizationId);
        var iam = clients.Iam(partition);
        // Two rounds: the second settles a creation whose answer was lost, or that somebody else won.
        for (var round = 1; ; round++)
        {
            if (await FindAsync(iam, name) is { } found)
                return await ReconcileAsync(iam, partition, request, found, trust, round > 1);
            if (
                !await AskAsync(
                    $"role {name}",
                    $"Create IAM role that trusts account {cluster.AccountId} with external id {request.OrganizationId}"
                )
            )
                return Result(
                    request,
                    partition,
                    $"arn:{partition.Name}:iam::{await AccountAsync(cluster)}:role{AwsRoleOptions.From(request.Options).Path}{name}",
                    name,
                    CmekOutcome.Planned
                );
            try
            {
                var made = await calls.WriteAsync("IAM", "CreateRole", name, c =>
                    iam.CreateRoleAsync(
                        name,
                        AwsRoleOptions.From(request.Options).Path,
                        trust,
                        $"CockroachDB Cloud uses the CMEK of cluster {cluster.Name} through this role.",
                        AwsNames.Tags(cluster, request.Tags),
                        c
                    )
                );
                return Result(request, partition, made.Arn, made.Name, CmekOutcome.Created);
            }
            catch (AmazonServiceException fault) when (fault.ErrorCode == "EntityAlreadyExists" && round < 3) { }
            catch (Exception fault) when (calls.IsResponseLost(fault) && round < 3)
            {
                calls.Context.Log.Verbose($"The answer to CreateRole {name} was lost; looking whether it happened.");
            }
        }
    }

    /// <summary>What is wrong with the trust of the role of a manifest, in words; null when it may not be read.</summary>
    public async Task<IReadOnlyList<string>> TrustProblemsAsync(
        CrdbCluster cluster,
        RoleArn role,
        string organizationId
    )
    {
        var partition = AwsPartition.OfRegion(cluster.Regions.Count > 0 ? cluster.Regions[0].Name : "");
        return await FindAsync(clients.Iam(partition), role.Name) is not { } found ? ["it does not exist"]
            : found.Arn != role.Text ? [$"its ARN is {found.Arn}"]
            : TrustPolicy.Differences(found.TrustPolicy, partition, cluster.AccountId, organizationId);
    }

    private async Task<IamRole?> FindAsync(IAwsIam iam, string name)
    {
        try
        {
            return await calls.ReadAsync("IAM", "GetRole", name, c => iam.GetRoleAsync(name, c));
        }
        catch (AmazonServiceException fault) when (fault.ErrorCode == "NoSuchEntity")
        {
            return null;
        }
    }

    private async Task<CmekRole> ReconcileAsync(
        IAwsIam iam,
        AwsPartition partition,
        RoleRequest request,
        IamRole found,
        string trust,
        bool ours
    )
    {
        var differences = TrustPolicy.Differences(
            found.TrustPolicy,
            partition,
            request.Cluster.AccountId,
            request.OrganizationId
        );
        var otherCluster =
            found.Tags.TryGetValue(AwsNames.ClusterIdTag, out var id) && id != request.Cluster.Id
                ? [$"its tag says that it serves the cluster {id}"]
                : Array.Empty<string>();
        string[] all = [.. differences, .. otherCluster];
        if (all.Length == 0)
        {
            if (ours)
                return Result(request, partition, found.Arn, found.Name, CmekOutcome.Created);
            await WarnOfPermissionsAsync(iam, found.Name);
            return Result(request, partition, found.Arn, found.Name, CmekOutcome.Existing);
        }

        if (!request.Update)
            throw AwsErrors.RoleDiffers(found.Arn, request.Cluster.Name, all);
        if (
            !await AskAsync(found.Arn, $"Replace the trust policy ({string.Join("; ", all)}) and set the module's tags")
        )
            return Result(request, partition, found.Arn, found.Name, CmekOutcome.Planned);
        await calls.WriteAsync<object?>("IAM", "UpdateAssumeRolePolicy", found.Name, async c =>
        {
            await iam.UpdateAssumeRolePolicyAsync(found.Name, trust, c);
            return null;
        });
        await calls.WriteAsync<object?>("IAM", "TagRole", found.Name, async c =>
        {
            await iam.TagRoleAsync(found.Name, AwsNames.Tags(request.Cluster, request.Tags), c);
            return null;
        });
        return Result(request, partition, found.Arn, found.Name, CmekOutcome.Updated);
    }

    /// <summary>The role needs no permissions: what it may do with the key is the key policy's to say.</summary>
    private async Task WarnOfPermissionsAsync(IAwsIam iam, string name)
    {
        try
        {
            var inline = calls.ReadAsync("IAM", "ListRolePolicies", name, c => iam.ListRolePoliciesAsync(name, c));
            var attached = calls.ReadAsync("IAM", "ListAttachedRolePolicies", name, c =>
                iam.ListAttachedRolePoliciesAsync(name, c)
            );
            string[] policies = [.. await inline, .. await attached];
            if (policies.Length > 0)
                calls.Context.Log.Warning(
                    $"The role {name} has permissions that CMEK does not need: {string.Join(", ", policies)}."
                );
        }
        catch (AmazonServiceException fault) when (fault.ErrorCode is "AccessDenied")
        {
            calls.Context.Log.Verbose($"The permissions of role {name} may not be listed.");
        }
    }

    /// <summary>The account that a planned role would be made in: asked only for a plan, which has no answer of IAM to take it from.</summary>
    private async Task<string> AccountAsync(CrdbCluster cluster) =>
        (
            await calls.ReadAsync("STS", "GetCallerIdentity", "", c =>
                clients
                    .Sts(cluster.Regions[0].Name)
                    .GetCallerIdentityAsync(new Amazon.SecurityToken.Model.GetCallerIdentityRequest(), c)
            )
        ).Account;

    private Task<bool> AskAsync(string target, string action) =>
        calls.Context.Log.ShouldProcessAsync(target, action, calls.Context.CancellationToken);

    private static CmekRole Result(
        RoleRequest request,
        AwsPartition partition,
        string arn,
        string name,
        CmekOutcome outcome
    ) =>
        new()
        {
            Cluster = request.Cluster,
            Name = name,
            AuthPrincipal = arn,
            ExternalId = request.OrganizationId,
            TrustedPrincipal = partition.Root(request.Cluster.AccountId),
            Outcome = outcome,
        };
}
