using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// A KMS grant to the role is revoked. The document is the grant. Undoing creates an equal one: KMS gives it another id
/// and another token, and the account of the caller as its issuer.
/// </summary>
internal sealed record KmsGrantRevocation(AwsKeyArn GrantedKey, RoleArn Role, RevokedGrant Grant)
    : AwsAccessChange(Role)
{
    public const string KindName = "KmsGrant";

    public override string Kind => KindName;

    public override CmekRevocationMethod Method => CmekRevocationMethod.RemoveGrant;

    public override AwsKeyArn Key => GrantedKey;

    public override string Target => $"grant {Grant.Id} of {GrantedKey}";

    public override string Action =>
        $"Revoke the KMS grant {Grant.Id} of {GrantedKey}, which lets {Grant.Grantee} {string.Join(", ", Grant.Operations)} "
        + "(undone, an equal grant has another id and token)";

    public override string UndoAction =>
        $"Create a KMS grant on {GrantedKey} that lets {Grant.Grantee} {string.Join(", ", Grant.Operations)} again "
        + "(equal to the one that was revoked, with another id and token)";

    public override string Document => Grant.ToJson().ToJsonString();

    public override IReadOnlyList<string> Difference => [DifferenceLine.Removed("KMS grants", Grant.ToJson())];

    public override Task ApplyAsync(AwsRun run) => run.Writer.RevokeGrantAsync(GrantedKey, Grant);

    public override Task UndoAsync(AwsRun run) => run.Writer.RestoreGrantAsync(GrantedKey, Grant);

    public static AwsAccessChange Parse(CmekAccessChange change, RoleArn role)
    {
        if (AwsKeyArn.TryParse(change.KeyUri) is not { IsAlias: false } key)
            throw Invalid(change, $"'{change.KeyUri}' is not the ARN of a key");
        var parsed = new KmsGrantRevocation(key, role, RevokedGrant.Parse(DocumentOf<JsonObject>(change)));
        if (parsed.Grant.Problem(key, role) is { } problem)
            throw Invalid(change, problem);
        return change.Target == parsed.Target
            ? Checked(change, parsed)
            : throw Invalid(change, $"it revokes another grant than {parsed.Target}");
    }
}
