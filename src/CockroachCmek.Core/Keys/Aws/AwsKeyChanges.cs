using System.Text.Json.Nodes;
using CockroachCmek.Core.Keys.Aws.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>A Deny statement is added to the key policy. The document is the statement.</summary>
/// <param name="Statement">The statement, as the policy has it.</param>
internal sealed record KeyPolicyDeny(AwsKeyArn DeniedKey, RoleArn Role, JsonObject Statement) : AwsAccessChange(Role)
{
    public const string KindName = "KeyPolicyDeny";

    public override string Kind => KindName;

    public override CmekRevocationMethod Method => CmekRevocationMethod.Deny;

    public override AwsKeyArn Key => DeniedKey;

    public override string Target => DeniedKey.ToString();

    public override string Action => $"Add an explicit Deny for {Role} to the policy of {DeniedKey}";

    public override string UndoAction => $"Remove the explicit Deny for {Role} from the policy of {DeniedKey}";

    public override string Document => Statement.ToJsonString();

    public override IReadOnlyList<string> Difference => [DifferenceLine.Added("key policy", Statement)];

    public override string? ClusterId => KeyPolicyDocument.ClusterOfDeny(Statement, Role.Text);

    public override Task ApplyAsync(AwsRun run) =>
        run.Writer.ChangePolicyAsync(DeniedKey, Role, p => p.With(Statement));

    public override Task UndoAsync(AwsRun run) =>
        run.Writer.ChangePolicyAsync(DeniedKey, Role, p => p.Without(Statement));

    /// <summary>The change for a cluster.</summary>
    public static KeyPolicyDeny Of(CrdbCluster cluster, AwsKeyArn key, RoleArn role) =>
        new(key, role, KeyPolicyDocument.DenyStatement(cluster.Id, role.Text));

    public static AwsAccessChange Parse(CmekAccessChange change, RoleArn role)
    {
        var statement = DocumentOf<JsonObject>(change);
        return KeyPolicyDocument.ClusterOfDeny(statement, role.Text) is null
            ? throw Invalid(change, $"it is not a Deny that this module writes for {role}")
            : new KeyPolicyDeny(KeyOf(change), role, statement);
    }
}

/// <summary>Grants to the role are removed from the key policy. The document lists them with their positions.</summary>
internal sealed record KeyPolicyGrant(AwsKeyArn GrantedKey, RoleArn Role, JsonArray Grants) : AwsAccessChange(Role)
{
    public const string KindName = "KeyPolicyGrant";

    public override string Kind => KindName;

    public override CmekRevocationMethod Method => CmekRevocationMethod.RemoveGrant;

    public override AwsKeyArn Key => GrantedKey;

    public override string Target => GrantedKey.ToString();

    public override string Action => $"Remove the grant to {Role} from the policy of {GrantedKey}";

    public override string UndoAction => $"Add the grant to {Role} to the policy of {GrantedKey} again";

    public override string Document => Grants.ToJsonString();

    public override IReadOnlyList<string> Difference =>
        [.. Grants.Select(g => DifferenceLine.Removed("key policy", g!["statement"]!))];

    public override Task ApplyAsync(AwsRun run) =>
        run.Writer.ChangePolicyAsync(GrantedKey, Role, p => p.WithoutGrantsTo(Role.Text));

    public override Task UndoAsync(AwsRun run) =>
        run.Writer.ChangePolicyAsync(GrantedKey, Role, p => p.WithGrants(Grants, Role.Text));

    /// <summary>
    /// The change when the grant itself is not known: the module's own statement, at the end of the policy.
    /// </summary>
    public static KeyPolicyGrant Standard(AwsKeyArn key, RoleArn role) =>
        new(
            key,
            role,
            new JsonArray(
                new JsonObject { ["index"] = int.MaxValue, ["statement"] = KeyPolicyDocument.UseStatement(role.Text) }
            )
        );

    public static AwsAccessChange Parse(CmekAccessChange change, RoleArn role)
    {
        var (key, grants) = (KeyOf(change), DocumentOf<JsonArray>(change));
        if (grants.Count == 0)
            throw Invalid(change, "it contains no grant");
        foreach (var grant in grants)
            if (
                grant is not JsonObject { Count: 2 } entry
                || entry["index"]?.GetValue<int>() is not >= 0
                || entry["statement"] is not JsonObject statement
            )
                throw Invalid(change, "it contains something that is not a grant");
            else if (GrantedStatement.ProblemOf(statement, key, role) is { } problem)
                throw Invalid(change, problem);
        return new KeyPolicyGrant(key, role, grants);
    }
}

/// <summary>The key is disabled. The document is the state before.</summary>
internal sealed record KeyDisabling(AwsKeyArn DisabledKey, RoleArn Role) : AwsAccessChange(Role)
{
    public const string KindName = "KeyState";

    public override string Kind => KindName;

    public override CmekRevocationMethod Method => CmekRevocationMethod.DisableKey;

    public override AwsKeyArn Key => DisabledKey;

    public override string Target => DisabledKey.ToString();

    public override string Action => $"Disable {DisabledKey}";

    public override string UndoAction => $"Enable {DisabledKey}";

    public override string Document => """{"KeyState":"Enabled"}""";

    public override IReadOnlyList<string> Difference =>
        DifferenceLine.Changed("key", "KeyState", "Enabled", "Disabled");

    public override Task ApplyAsync(AwsRun run) => run.Writer.SetEnabledAsync(DisabledKey, enabled: false);

    public override Task UndoAsync(AwsRun run) => run.Writer.SetEnabledAsync(DisabledKey, enabled: true);

    public static AwsAccessChange Parse(CmekAccessChange change, RoleArn role) =>
        Checked(change, new KeyDisabling(KeyOf(change), role));
}

/// <summary>Somebody scheduled the key's deletion. Undone, but never done.</summary>
internal sealed record KeyDeletion(AwsKeyArn DeletedKey, RoleArn Role) : AwsAccessChange(Role)
{
    public const string KindName = "KeyDeletion";

    public override string Kind => KindName;

    public override CmekRevocationMethod Method => CmekRevocationMethod.Default;

    public override AwsKeyArn Key => DeletedKey;

    public override string Target => DeletedKey.ToString();

    public override string Action => $"Schedule the deletion of {DeletedKey}";

    public override string UndoAction => $"Cancel the deletion of {DeletedKey}, and enable it";

    public override string Document => """{"KeyState":"Enabled"}""";

    public override IReadOnlyList<string> Difference =>
        DifferenceLine.Changed("key", "KeyState", "Enabled", "PendingDeletion");

    public override bool IsOfRevocation => false;

    public override Task ApplyAsync(AwsRun run) =>
        throw Errors.RecordedChangeInvalid(Target, "this module does not schedule the deletion of a key");

    public override async Task UndoAsync(AwsRun run)
    {
        await run.Writer.CancelDeletionAsync(DeletedKey);
        await run.Writer.SetEnabledAsync(DeletedKey, enabled: true);
    }

    public static AwsAccessChange Parse(CmekAccessChange change, RoleArn role) =>
        Checked(change, new KeyDeletion(KeyOf(change), role));
}
