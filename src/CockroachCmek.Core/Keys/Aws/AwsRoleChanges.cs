using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// An inline policy on the role denies it every use of every key: those of all regions, replicas, past keys and live
/// sessions. The document is its name and the policy.
/// </summary>
/// <param name="Cluster">Id of the cluster.</param>
internal sealed record RolePolicyDeny(RoleArn Role, string Cluster) : AwsAccessChange(Role)
{
    public const string KindName = "RolePolicyDeny";

    private const string NamePrefix = "CockroachCmekRevoked-";

    public override string Kind => KindName;

    public override CmekRevocationMethod Method => CmekRevocationMethod.DenyRole;

    public override string Target => Role.Text;

    public override string Action =>
        $"Add the inline policy {PolicyName} to {Role}: an explicit Deny of every use of every key";

    public override string UndoAction =>
        $"Remove the inline policy {PolicyName}, an explicit Deny of every use of every key, from {Role}";

    public override string ClusterId => Cluster;

    public override string Document => RoleDenial.Describe(PolicyName, Policy).ToJsonString();

    public override IReadOnlyList<string> Difference => [DifferenceLine.Added($"inline policy {PolicyName}", Policy)];

    /// <summary>Name of the inline policy.</summary>
    public string PolicyName => NamePrefix + Cluster;

    private JsonObject Policy => RoleDenial.Policy(Cluster, issuedBefore: null);

    public override Task ApplyAsync(AwsRun run) => new AwsRolePolicyWriter(run, Role).PutAsync(PolicyName, Policy);

    public override Task UndoAsync(AwsRun run) => new AwsRolePolicyWriter(run, Role).DeleteAsync(PolicyName);

    /// <summary>True when the policy is on the role, as it is written.</summary>
    public Task<bool> IsThereAsync(AwsRun run) => new AwsRolePolicyWriter(run, Role).HasAsync(PolicyName, Policy);

    /// <summary>The change that an inline policy of a role is; null for any other policy.</summary>
    public static RolePolicyDeny? Find(RoleArn role, string policyName) =>
        RoleDenial.ClusterOf(policyName, NamePrefix) is { } cluster ? new(role, cluster) : null;

    public static AwsAccessChange Parse(CmekAccessChange change, RoleArn role)
    {
        CheckRole(change, role);
        var name = DocumentOf<JsonObject>(change)[RoleDenial.NameField]?.ToString() ?? "";
        return Find(role, name) is { } found
            ? Checked(change, found)
            : throw Invalid(change, $"'{name}' is not the name of a policy that this module writes");
    }
}

/// <summary>
/// A Deny for the account that hosts the cluster is added to the role's trust policy, and an inline policy denies the
/// keys to sessions that were issued before. The document is both.
/// </summary>
/// <param name="Cluster">Id of the cluster.</param>
/// <param name="Account">The account that hosts the cluster.</param>
/// <param name="IssuedBefore">Sessions that were issued before are cut.</param>
internal sealed record RoleTrustDeny(RoleArn Role, string Cluster, string Account, DateTimeOffset IssuedBefore)
    : AwsAccessChange(Role)
{
    public const string KindName = "RoleTrust";

    private const string NamePrefix = "CockroachCmekSessionsRevoked-";

    /// <summary>IAM lets sessions be issued for minutes after the trust was denied.</summary>
    private static readonly TimeSpan Propagation = TimeSpan.FromHours(1);

    /// <summary>Of two runs at once, either's policy serves both: it cuts so much longer than IAM needs.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(30);

    public override string Kind => KindName;

    public override CmekRevocationMethod Method => CmekRevocationMethod.RemoveTrust;

    public override string Target => Role.Text;

    public override string Action =>
        $"Add an explicit Deny for account {Account} to the trust policy of {Role}, and the inline policy "
        + $"{PolicyName}, "
        + "which denies its sessions every key";

    public override string UndoAction =>
        $"Remove the explicit Deny for account {Account} from the trust policy of {Role}, and its inline policy "
        + PolicyName;

    public override string ClusterId => Cluster;

    public override string ClusterAccount => Account;

    public override string Document =>
        new JsonObject { ["Trust"] = Statement, ["Sessions"] = RoleDenial.Describe(PolicyName, Policy) }.ToJsonString();

    public override IReadOnlyList<string> Difference =>
        [DifferenceLine.Added("trust policy", Statement), DifferenceLine.Added($"inline policy {PolicyName}", Policy)];

    private string PolicyName => NamePrefix + Cluster;

    private JsonObject Policy => RoleDenial.Policy(Cluster, IssuedBefore);

    private JsonObject Statement =>
        RoleDenial.TrustStatement(Cluster, AwsPartition.Named(Role.Partition).Root(Account));

    public override async Task ApplyAsync(AwsRun run)
    {
        var writer = new AwsRolePolicyWriter(run, Role);
        await writer.ChangeTrustAsync(trust => trust.With(Statement));
        await writer.PutAsync(PolicyName, Policy, IsEnough);
    }

    public override async Task UndoAsync(AwsRun run)
    {
        var writer = new AwsRolePolicyWriter(run, Role);
        await writer.ChangeTrustAsync(trust => trust.Without(Statement));
        await writer.DeleteAsync(PolicyName);
    }

    /// <summary>True when the trust is denied, and the sessions before that are cut.</summary>
    public async Task<bool> IsThereAsync(AwsRun run)
    {
        var writer = new AwsRolePolicyWriter(run, Role);
        return await writer.FindTrustAsync() is { } trust
            && trust.Has(Statement)
            && await writer.HasAsync(PolicyName, IsEnough);
    }

    private bool IsEnough(JsonObject found) =>
        RoleDenial.IssuedBeforeOf(RoleDenial.Describe(PolicyName, found)) is { } time
        && time >= IssuedBefore - Tolerance
        && JsonNode.DeepEquals(found, RoleDenial.Policy(Cluster, time));

    /// <summary>The change for a cluster now.</summary>
    public static RoleTrustDeny Of(CrdbCluster cluster, RoleArn role, DateTimeOffset now) =>
        new(role, cluster.Id, cluster.AccountId, RoleDenial.ToSeconds(now + Propagation));

    /// <summary>The change that a role shows, whole or in part; null when it shows none.</summary>
    /// <param name="policyNames">Names of the role's inline policies.</param>
    public static RoleTrustDeny? Find(
        RoleArn role,
        KeyPolicyDocument trust,
        IEnumerable<string> policyNames,
        string account
    )
    {
        var cluster = policyNames.Select(n => RoleDenial.ClusterOf(n, NamePrefix)).FirstOrDefault(c => c is not null)
            ?? trust.ClusterOfTrustDeny(account);
        return cluster is null ? null : new(role, cluster, account, DateTimeOffset.FromUnixTimeSeconds(0));
    }

    public static AwsAccessChange Parse(CmekAccessChange change, RoleArn role)
    {
        CheckRole(change, role);
        var document = DocumentOf<JsonObject>(change);
        var sessions = document["Sessions"] as JsonObject;
        var name = sessions?[RoleDenial.NameField]?.ToString() ?? "";
        if (RoleDenial.ClusterOf(name, NamePrefix) is not { } cluster)
            throw Invalid(change, $"'{name}' is not the name of a policy that this module writes");
        var account = RoleDenial.AccountOf(document["Trust"]);
        return RoleDenial.IssuedBeforeOf(sessions) is { } before
            ? Checked(change, new RoleTrustDeny(role, cluster, account, before))
            : throw Invalid(change, "it does not say which sessions were cut");
    }
}
