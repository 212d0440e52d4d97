using Amazon.KeyManagementService;
using Amazon.Runtime;
using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Tries each method on each key without a write: the state of the key, deleted principals in its policy, access that
/// would go on, and the permissions of the caller. Reads only.
/// </summary>
internal sealed class AwsRevocationDrill(AwsRun run, ICustomerCloud cloud, RevocationRequest request)
{
    /// <summary>
    /// How long a change takes to be in force, for IAM and key policies. Source: IAM user guide, "Revoking IAM role
    /// temporary security credentials" ("it can take a few minutes"), and KMS developer guide, "Changing a key policy".
    /// </summary>
    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(5);

    private readonly AwsCallerRights _rights = new(run);

    public async Task<IReadOnlyList<CmekRevocationDrill>> RunAsync()
    {
        var methods = request.Method == CmekRevocationMethod.Default ? cloud.RevocationMethods : [request.Method];
        var lines = await Task.WhenAll(
            request
                .Keys.GroupBy(k => (k.KeyUri, k.AuthPrincipal))
                .SelectMany(uses => methods.Select(m => TryAsync(new Line([.. uses]), m)))
        );
        return lines;
    }

    private async Task<CmekRevocationDrill> TryAsync(Line line, CmekRevocationMethod method)
    {
        try
        {
            var (status, detail, remedy) = await JudgeAsync(line, method);
            return Result(line, method, status, detail, remedy);
        }
        catch (Exception error) when (run.Calls.Translate(error, line.KeyUri) is { } translated)
        {
            return Result(line, method, CmekCheckStatus.Unknown, translated.Message, translated.RecommendedAction);
        }
        catch (CmekException error)
        {
            return Result(line, method, StatusOf(error), error.Message, error.RecommendedAction);
        }
    }

    private static CmekCheckStatus StatusOf(CmekException error) =>
        error.Kind is CmekErrorKind.InvalidState or CmekErrorKind.InvalidArgument
            ? CmekCheckStatus.Fail
            : CmekCheckStatus.Unknown;

    private CmekRevocationDrill Result(
        Line line,
        CmekRevocationMethod method,
        CmekCheckStatus status,
        string detail,
        string remedy
    ) =>
        new()
        {
            Regions = line.Regions,
            KeyUri = line.KeyUri,
            Method = method,
            IsDefault = method == cloud.DefaultRevocation[0],
            Status = status,
            Detail = detail,
            Remedy = status == CmekCheckStatus.Pass ? "" : remedy,
            // KMS names no time for it.
            InForceWithin = method == CmekRevocationMethod.DisableKey ? TimeSpan.Zero : Minutes,
            AlsoAffected = AlsoAffected(line, method),
        };

    private static IReadOnlyList<string> AlsoAffected(Line line, CmekRevocationMethod method) =>
        method switch
        {
            CmekRevocationMethod.DisableKey => ["everybody who uses the key"],
            CmekRevocationMethod.DenyRole => [$"everybody who uses a key through {line.Role}"],
            CmekRevocationMethod.RemoveTrust => [$"everybody who assumes {line.Role} from the cluster's account"],
            _ => [],
        };

    private Task<(CmekCheckStatus Status, string Detail, string Remedy)> JudgeAsync(
        Line line,
        CmekRevocationMethod method
    ) =>
        method switch
        {
            CmekRevocationMethod.DenyRole => OnRoleAsync(line.Role, "iam:PutRolePolicy"),
            CmekRevocationMethod.RemoveTrust => OnRoleAsync(
                line.Role,
                "iam:UpdateAssumeRolePolicy",
                "iam:PutRolePolicy"
            ),
            CmekRevocationMethod.DisableKey => OnKeyAsync(line, "kms:DisableKey"),
            CmekRevocationMethod.Deny or CmekRevocationMethod.RemoveGrant => OnPolicyAsync(line, method),
            _ => throw Errors.RevocationMethodNotSupported(
                request.Cluster.Name,
                cloud.DisplayName,
                method,
                cloud.RevocationMethods
            ),
        };

    private async Task<(CmekCheckStatus, string, string)> OnRoleAsync(RoleArn role, params string[] actions)
    {
        var rights = new List<CallerRight>();
        foreach (var action in actions)
            rights.Add(await _rights.OnRoleAsync(role, action));
        return Worst(rights, $"{string.Join(" and ", actions)} on {role}");
    }

    /// <summary>
    /// The plan of the method finds what would refuse it: deleted principals, and access that goes on.
    /// </summary>
    private async Task<(CmekCheckStatus, string, string)> OnPolicyAsync(Line line, CmekRevocationMethod method)
    {
        var key = await DescribeAsync(line);
        if (key is { } unusable)
            return unusable;
        IReadOnlyList<CmekAccessChange> plan;
        try
        {
            plan = await new AwsKeyAccess(run, cloud).PlanAsync(request with { Keys = line.Uses, Method = method });
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            // Both methods read the policy before they write it.
            var denied = AwsCalls.ToCmekException(error, line.KeyUri);
            return (CmekCheckStatus.Fail, denied.Message, denied.RecommendedAction);
        }

        string[] writes = [.. plan.Select(c => WriteOf(c.Kind)).Distinct()];
        var rights = await Task.WhenAll(writes.Select(w => _rights.OnKeyAsync(line.Key, w)));
        return Worst(rights, $"{string.Join(" and ", writes)} on {line.Key}");
    }

    private static string WriteOf(string kind) =>
        kind == KmsGrantRevocation.KindName ? "kms:RevokeGrant" : "kms:PutKeyPolicy";

    private async Task<(CmekCheckStatus, string, string)> OnKeyAsync(Line line, string action) =>
        await DescribeAsync(line) is { } unusable
            ? unusable
            : Worst([await _rights.OnKeyAsync(line.Key, action)], $"{action} on {line.Key}");

    /// <summary>A key that nobody can use needs no revoking; null for a key that can be used.</summary>
    private async Task<(CmekCheckStatus, string, string)?> DescribeAsync(Line line)
    {
        var key = await run.Keys.DescribeAsync(line.Key) ?? throw AwsErrors.KeyNotFound(line.KeyUri, line.Key.Region);
        if (key.KeyState == KeyState.PendingDeletion || key.KeyState == KeyState.PendingReplicaDeletion)
            return (
                CmekCheckStatus.Warning,
                $"The key is {key.KeyState}: nobody can use it, and its policy cannot be relied on to be changed.",
                $"aws kms cancel-key-deletion --region {line.Key.Region} --key-id {line.Key}"
            );
        return null;
    }

    private static (CmekCheckStatus, string, string) Worst(IReadOnlyList<CallerRight> rights, string what)
    {
        var worst = rights.FirstOrDefault(r => r.Status == CmekCheckStatus.Fail)
            ?? rights.FirstOrDefault(r => r.Status == CmekCheckStatus.Unknown)
            ?? rights[0];
        return worst.Status == CmekCheckStatus.Pass
            ? (
                CmekCheckStatus.Pass,
                $"{worst.Caller} is allowed {what}, as far as the account's own policies show. Policies of the "
                    + "organization, of the session and of a VPC endpoint cannot be read.",
                ""
            )
            : (worst.Status, char.ToUpperInvariant(worst.Problem[0]) + worst.Problem.Substring(1) + ".", worst.Remedy);
    }

    /// <summary>A key, and how the cluster uses it.</summary>
    private sealed record Line(IReadOnlyList<CmekRegionSpec> Uses)
    {
        public string KeyUri => Uses[0].KeyUri;

        public AwsKeyArn Key { get; } = AwsKeyArn.Parse(Uses[0].KeyUri);

        public RoleArn Role { get; } = RoleArn.Parse(Uses[0].AuthPrincipal);

        public IReadOnlyList<string> Regions { get; } = [.. Uses.Select(u => u.Region).Distinct()];
    }
}
