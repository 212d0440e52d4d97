using Amazon.Runtime;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Reads the roles of a cluster, and whom they trust.</summary>
internal sealed class AwsRoleReader(AwsRun run, RoleSearch search)
{
    private readonly AwsPartition _partition = AwsPartition.Of(search.Cluster);

    public async Task<IReadOnlyList<CmekRole>> FindAsync()
    {
        var name = search.Name ?? AwsNames.Default(search.Cluster);
        var named = search
            .AuthPrincipals.Select(RoleArn.TryParse)
            .OfType<RoleArn>()
            .Where(r => search.Name is null || IsSame(r.Name, name))
            .ToList();
        var roles = (await Task.WhenAll(named.Select(ReadAsync))).ToList();
        if (
            !named.Exists(r => IsSame(r.Name, name))
            && await run.FindRoleOnceAsync(_partition, name) is { } role
            && !roles.Exists(r => r.AuthPrincipal == role.Arn)
        )
            roles.Add(Of(role));
        return roles;
    }

    private static bool IsSame(string one, string other) =>
        string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>A role that CockroachDB Cloud or a key names: it is listed also where it cannot be read.</summary>
    private async Task<CmekRole> ReadAsync(RoleArn arn)
    {
        try
        {
            var found = await run.FindRoleOnceAsync(_partition, arn.Name);
            if (found?.Arn == arn.Text)
                return Of(found);
            run.Warn(
                found is null
                    ? $"The role {arn} was not found with these credentials. It was deleted, or is in another account."
                    : $"The role {arn} was not found with these credentials, which see {found.Arn}."
            );
        }
        catch (AmazonServiceException error) when (AwsCalls.IsDenied(error))
        {
            run.Warn($"The role {arn} could not be read: iam:GetRole is not allowed.");
        }

        return Unread(arn);
    }

    private CmekRole Unread(RoleArn arn) =>
        new()
        {
            Cluster = search.Cluster,
            Name = arn.Name,
            AuthPrincipal = arn.Text,
            TrustedPrincipal = _partition.Root(search.Cluster.AccountId),
            ExternalId = search.OrganizationId ?? "",
            Trust = "not known: the role could not be read",
        };

    private CmekRole Of(IamRole role)
    {
        var (trust, isExact) = TrustOf(role);
        return Unread(RoleArn.Parse(role.Arn)) with
        {
            Trust = trust,
            IsTrustExact = isExact,
            CreatedAt = role.CreatedAt,
            LastUsedAt = role.LastUsedAt,
        };
    }

    private (string Text, bool? IsExact) TrustOf(IamRole role)
    {
        var account = search.Cluster.AccountId;
        if (search.OrganizationId is not { } organization)
            return (
                "not known: this API key is not allowed to read the organization, whose id is the external id",
                null
            );
        var trust = TrustPolicy.Read(role, account, organization, run.Calls.Context.Time.GetUtcNow());
        if (trust.Differences.Count == 0)
            return ($"account {account} with the organization's external id, and nobody else", true);
        return trust.IsOnlyConditional
            ? ($"depends on {string.Join(", ", trust.Conditions)}, which only AWS can see", null)
            : (string.Join("; ", trust.Differences), false);
    }
}
