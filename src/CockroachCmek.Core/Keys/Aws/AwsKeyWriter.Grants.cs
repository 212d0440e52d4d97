using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <content>KMS grants.</content>
internal sealed partial class AwsKeyWriter
{
    /// <summary>Revokes a grant, and waits until KMS lists it no more. A grant that is gone counts as revoked.</summary>
    /// <exception cref="CmekException">GrantNotSeen.</exception>
    public async Task RevokeGrantAsync(AwsKeyArn key, RevokedGrant grant)
    {
        if (await IsGoneAsync())
            return;
        await calls.SettleAsync(
            $"RevokeGrant {key} {grant.Id}",
            () =>
                calls.WriteAsync("KMS", "RevokeGrant", $"{key} {grant.Id}", c =>
                    clients
                        .Kms(key.Region)
                        .RevokeGrantAsync(new RevokeGrantRequest { KeyId = key.ToString(), GrantId = grant.Id }, c)
                ),
            IsGoneAsync,
            new Settling { IsDone = error => error is NotFoundException }
        );
        await calls.PollUntilAsync(IsGoneAsync, Propagation, Pause, () =>
            AwsErrors.GrantNotSeen(key.ToString(), key.Region)
        );

        async Task<bool> IsGoneAsync() => (await reader.GetGrantsAsync(key)).All(g => g.GrantId != grant.Id);
    }

    /// <summary>Creates a grant that equals one, and waits until KMS lists it. One that is there already stays.</summary>
    /// <remarks>
    /// CreateGrant has an idempotency token only for grants with a name: a lost response is settled by reading, twice,
    /// because a new grant may be listed late.
    /// </remarks>
    /// <exception cref="CmekException">GrantNotSeen.</exception>
    public async Task RestoreGrantAsync(AwsKeyArn key, RevokedGrant grant)
    {
        if (await IsThereAsync())
            return;
        await calls.SettleAsync(
            $"CreateGrant {key}",
            () =>
                calls.RetryUntilPropagatedAsync(
                    () =>
                        calls.WriteAsync("KMS", "CreateGrant", key.ToString(), c =>
                            clients.Kms(key.Region).CreateGrantAsync(grant.ToRequest(key), c)
                        ),
                    // A principal of this session that KMS does not know yet; any other is not waited for.
                    error => error is InvalidArnException && clients.IsNew(grant.Grantee),
                    Propagation,
                    Pause
                ),
            IsThereAsync,
            new Settling { SecondRead = Pause }
        );
        await calls.PollUntilAsync(IsThereAsync, Propagation, Pause, () =>
            AwsErrors.GrantNotSeen(key.ToString(), key.Region)
        );

        async Task<bool> IsThereAsync() =>
            (await reader.GetGrantsAsync(key)).Any(g => g.GrantId == grant.Id || RevokedGrant.Of(g).IsEqualTo(grant));
    }
}
