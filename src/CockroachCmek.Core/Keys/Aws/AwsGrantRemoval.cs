using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Plans the removal of everything that lets the role use a key by name: statements of the key policy, and KMS grants.
/// Reads only.
/// </summary>
internal sealed class AwsGrantRemoval(AwsRun run, KeyInUse key)
{
    private AwsKeyArn Arn => key.Found.Arn;

    /// <summary>
    /// Only what names the role can be taken away from it. What else lets it use the key goes on. What could not be put
    /// back from a record is not taken.
    /// </summary>
    /// <exception cref="CmekException">GrantNotRemovable, GrantNotRestorable.</exception>
    public async Task<IReadOnlyList<CmekAccessChange>> PlanAsync()
    {
        var reader = new AwsKeyAccessReader(run);
        var grants = await reader.ReadGrantsAsync(Arn);
        var own = grants.Entries.Where(g => RevokedGrant.IsTo(key.Role, g.GranteePrincipal)).ToList();
        await ThrowIfAccessGoesOnAsync(reader, grants with { Entries = [.. grants.Entries.Except(own)] });
        var changes = own.Select(g => PlanOf(RevokedGrant.Of(g))).ToList();
        var statements = key.Found.Policy.GrantsOf(key.Role.Text);
        if (statements.Count > 0)
            changes.Insert(0, Restorable(new KeyPolicyGrant(Arn, key.Role, statements), "The grant in the key policy"));
        return changes.Count > 0 ? changes : [key.ToChange(KeyPolicyGrant.Standard(Arn, key.Role), isDone: true)];
    }

    private async Task ThrowIfAccessGoesOnAsync(AwsKeyAccessReader reader, KeyGrants others)
    {
        var left = key.Found with { Policy = key.Found.Policy.WithoutGrantsTo(key.Role.Text) };
        var rest = (await reader.ReadAsync(left, key.Role, others)).ToAccess();
        if (rest.Verdict != CmekAccessVerdict.Denied && rest.Grants.Count > 0)
            throw AwsErrors.GrantNotRemovable(rest);
        if (rest.Verdict == CmekAccessVerdict.Unknown)
            run.Warn($"Without the grants to it: {rest.Uncertainty()} Check: {rest.Unread[0].Command}");
    }

    /// <summary>A principal that was deleted may retire nothing, and a new grant cannot name it.</summary>
    private CmekAccessChange PlanOf(RevokedGrant grant)
    {
        if (grant.IsRetiringGone)
        {
            run.Warn(
                $"The KMS grant {grant.Id} of {Arn} names {grant.Retiring} as its retiring principal, which was "
                    + "deleted. A restored grant has no retiring principal."
            );
            grant = grant with { Retiring = null };
        }

        return Restorable(new KmsGrantRevocation(Arn, key.Role, grant), $"The KMS grant {grant.Id}");
    }

    private CmekAccessChange Restorable(AwsAccessChange planned, string name)
    {
        var change = key.ToChange(planned, isDone: false);
        try
        {
            AwsAccessChange.Parse(change);
            return change;
        }
        catch (CmekException error)
        {
            throw AwsErrors.GrantNotRestorable(name, Arn, key.Role, error);
        }
    }
}
