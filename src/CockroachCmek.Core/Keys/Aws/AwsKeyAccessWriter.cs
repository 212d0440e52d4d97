using System.Text.Json.Nodes;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Makes and undoes changes of access, and reads each back. Making or undoing a change twice has the effect of once.
/// </summary>
internal sealed class AwsKeyAccessWriter(AwsRun run)
{
    public async Task<CmekAccessChange> RevokeAsync(CmekAccessChange change)
    {
        var key = AwsKeyArn.Parse(change.Target);
        switch (change.Kind)
        {
            case AwsAccessChange.Deny:
                await ChangePolicyAsync(key, policy => policy.With(AwsAccessChange.DocumentOf<JsonObject>(change)));
                break;
            case AwsAccessChange.Grant:
                await ChangePolicyAsync(key, policy => policy.WithoutGrantsTo(change.AuthPrincipal));
                break;
            case AwsAccessChange.State:
                await run.Writer.SetEnabledAsync(key, enabled: false);
                break;
            default:
                throw AwsAccessChange.UnknownKind(change);
        }

        return change with
        {
            State = CmekAccessChangeState.Done,
        };
    }

    public async Task<CmekAccessChange> RestoreAsync(CmekAccessChange change)
    {
        var key = AwsKeyArn.Parse(change.Target);
        switch (change.Kind)
        {
            case AwsAccessChange.Deny:
                await ChangePolicyAsync(key, policy => policy.Without(AwsAccessChange.DocumentOf<JsonObject>(change)));
                break;
            case AwsAccessChange.Grant:
                await ChangePolicyAsync(key, policy =>
                    policy.WithGrants(AwsAccessChange.DocumentOf<JsonArray>(change), change.AuthPrincipal)
                );
                break;
            case AwsAccessChange.State:
                await run.Writer.SetEnabledAsync(key, enabled: true);
                break;
            default:
                throw AwsAccessChange.UnknownKind(change);
        }

        return change with
        {
            State = CmekAccessChangeState.Restored,
            Fault = "",
        };
    }

    /// <summary>Changes the policy as it is now; sends nothing when it is already as wanted.</summary>
    private Task ChangePolicyAsync(AwsKeyArn key, Func<KeyPolicyDocument, KeyPolicyDocument> change) =>
        run.Writer.ChangePolicyAsync(key.Region, key.ToString(), change);
}
