using System.Text.RegularExpressions;
using Amazon.Runtime;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// The cross-account role of a cluster: reused, created or, on request, changed. Never creates a second one, and never
/// overwrites one that differs unless asked to.
/// </summary>
internal sealed class AwsRoleSetup(AwsRun run, RoleRequest request)
{
    private readonly AwsPartition _partition = AwsPartition.Of(request.Cluster);
    private readonly string _name = request.Name ?? AwsNames.Default(request.Cluster);
    private readonly AwsRoleOptions _options = AwsRoleOptions.From(request.Options);
    private readonly IReadOnlyDictionary<string, string> _tags = AwsNames.Tags(request.Cluster, request.Tags);

    private IAwsIam Iam => run.Clients.Iam(_partition);

    private string TrustedAccount => request.Cluster.AccountId;

    private string ExternalId => request.OrganizationId;

    public async Task<CmekRole> EnsureAsync()
    {
        if (!Regex.IsMatch(TrustedAccount, @"^\d{12}$"))
            throw Errors.ClusterHasNoAccount(request.Cluster, "AWS account");
        if (await FindAsync() is { } existing)
            return await ReconcileAsync(existing, isNew: false);
        var action = $"Create IAM role that trusts account {TrustedAccount} with external id {ExternalId}";
        if (!await run.ConfirmAsync($"role {_name}", action))
            return Result(await PlannedArnAsync(), CmekOutcome.Planned);
        // When the response is lost or somebody else was quicker, the role that is found may differ.
        var created = await run.Calls.SettleAsync(
            $"CreateRole {_name}",
            CreateAsync,
            FindAsync,
            new Settling { IsDone = error => error is AmazonServiceException { ErrorCode: "EntityAlreadyExists" } }
        );
        run.Clients.AddNew(created.Arn);
        return await ReconcileAsync(created, isNew: true);
    }

    private Task<IamRole?> FindAsync() => run.FindRoleAsync(_partition, _name);

    private Task<IamRole> CreateAsync() =>
        run.Calls.WriteAsync("IAM", "CreateRole", _name, c =>
            Iam.CreateRoleAsync(
                _name,
                _options.Path,
                TrustPolicy.Create(_partition, TrustedAccount, ExternalId),
                $"CockroachDB Cloud uses the CMEK of cluster {request.Cluster.Name} through this role.",
                _options.PermissionsBoundary,
                _tags,
                c
            )
        );

    /// <summary>Compares the role with what the cluster needs, and changes it on request.</summary>
    /// <param name="isNew">True for a role that this run created.</param>
    private async Task<CmekRole> ReconcileAsync(IamRole role, bool isNew)
    {
        if (OwnerOf(role) is { } owner)
            throw Errors.RoleBelongsToAnother($"The role {role.Arn}", request.Cluster.Name, owner);
        var differences = DifferencesOf(role);
        if (differences.Count == 0)
        {
            if (!isNew)
                await WarnOfPermissionsAsync();
            return Result(role.Arn, isNew ? CmekOutcome.Created : CmekOutcome.Existing);
        }

        var trust = TrustOf(role);
        var others = trust.Differences.Count > 0 ? trust.OthersFor(role, request.Cluster) : [];
        if (!request.Update || others.Count > 0)
            throw AwsErrors.RoleDiffers(role.Arn, request.Cluster, differences, others);
        var action = $"Update the role ({string.Join("; ", differences)}) and set the module's tags";
        if (!await run.ConfirmAsync(role.Arn, action))
            return Result(role.Arn, CmekOutcome.Planned);
        await UpdateAsync(role);
        return Result(role.Arn, CmekOutcome.Updated);
    }

    /// <summary>
    /// Whom a role serves, when that is not this cluster: its tags say so, or, without tags, those whom it trusts.
    /// </summary>
    private string? OwnerOf(IamRole role)
    {
        if (role.Tags.TryGetValue(AwsNames.ClusterIdTag, out var id))
            return id == request.Cluster.Id ? null
                : role.Tags.TryGetValue(AwsNames.ClusterNameTag, out var name) ? $"the cluster '{name}' ({id})"
                : $"the cluster {id}";
        var trust = TrustOf(role);
        // A role that serves the cluster may serve others too: it differs, and is nobody's alone.
        if (trust.Verdict is CmekAccessVerdict.Granted or CmekAccessVerdict.Conditional || trust.NeedsNoExternalId)
            return null;
        if (trust.Others.Concat(trust.ServicesAndProviders).Select(p => p.Text).ToList() is { Count: > 0 } others)
            return string.Join(" and ", others);
        return trust.AcceptsOtherExternalIds ? "another organization, whose external id it requires" : null;
    }

    private IReadOnlyList<string> DifferencesOf(IamRole role) =>
        [.. TrustOf(role).Differences, .. BoundaryDifferences(role)];

    private IEnumerable<string> BoundaryDifferences(IamRole role)
    {
        if (_options.PermissionsBoundary is { } wanted && role.PermissionsBoundary != wanted)
            yield return $"its permissions boundary is {role.PermissionsBoundary ?? "missing"}, not {wanted}";
    }

    private TrustReading TrustOf(IamRole role) =>
        TrustPolicy.Read(role, TrustedAccount, ExternalId, run.Calls.Context.Time.GetUtcNow());

    private bool HasTags(IamRole role) =>
        _tags.All(t => role.Tags.TryGetValue(t.Key, out var value) && value == t.Value);

    private async Task UpdateAsync(IamRole role)
    {
        if (TrustOf(role).Differences.Count > 0)
        {
            var trust = TrustPolicy.Create(_partition, TrustedAccount, ExternalId);
            await SettleAsync(
                "UpdateAssumeRolePolicy",
                c => Iam.UpdateAssumeRolePolicyAsync(_name, trust, c),
                now => TrustOf(now).Differences.Count == 0
            );
        }

        if (_options.PermissionsBoundary is { } boundary && role.PermissionsBoundary != boundary)
            await SettleAsync(
                "PutRolePermissionsBoundary",
                c => Iam.PutRolePermissionsBoundaryAsync(_name, boundary, c),
                now => now.PermissionsBoundary == boundary
            );
        await SettleAsync("TagRole", c => Iam.TagRoleAsync(_name, _tags, c), HasTags);
    }

    private Task SettleAsync(string verb, Func<CancellationToken, Task> call, Func<IamRole, bool> isDone) =>
        run.Calls.SettleAsync(
            $"{verb} {_name}",
            () => WriteAsync(verb, call),
            async () => await FindAsync() is { } role && isDone(role)
        );

    private Task WriteAsync(string verb, Func<CancellationToken, Task> call) =>
        run.Calls.WriteAsync("IAM", verb, _name, async cancellation =>
        {
            await call(cancellation);
            return true;
        });

    /// <summary>The role needs no permissions of its own: the key policy says what it may do with the key.</summary>
    private async Task WarnOfPermissionsAsync()
    {
        try
        {
            var inline = run.Calls.ReadAsync("IAM", "ListRolePolicies", _name, c =>
                Iam.ListRolePoliciesAsync(_name, c)
            );
            var attached = run.Calls.ReadAsync("IAM", "ListAttachedRolePolicies", _name, c =>
                Iam.ListAttachedRolePoliciesAsync(_name, c)
            );
            string[] policies = [.. await inline, .. await attached];
            if (policies.Length > 0)
                run.Warn($"The role {_name} has permissions that CMEK does not need: {string.Join(", ", policies)}.");
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            run.Calls.Context.Host.Verbose($"The caller is not allowed to list the policies of role {_name}.");
        }
    }

    /// <summary>The role would be created in the caller's account.</summary>
    private async Task<string> PlannedArnAsync()
    {
        var caller = await run.GetCallerAsync(request.Cluster.Regions[0].Name);
        return _partition.Role(caller.Account, _options.Path, _name);
    }

    private CmekRole Result(string arn, CmekOutcome outcome) =>
        new()
        {
            Cluster = request.Cluster,
            Name = _name,
            AuthPrincipal = arn,
            ExternalId = ExternalId,
            TrustedPrincipal = _partition.Root(TrustedAccount),
            Outcome = outcome,
        };
}
