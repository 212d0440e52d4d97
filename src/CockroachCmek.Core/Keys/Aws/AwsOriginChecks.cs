using Amazon.KeyManagementService.Model;
using CockroachCmek.Core.Checks;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>Checks where a key's material comes from, and whether imported material expires.</summary>
internal sealed class AwsOriginChecks(AwsRun run, KeyChecks results)
{
    /// <summary>From how long before its expiry imported material is reported.</summary>
    private static readonly TimeSpan ExpiryWarning = TimeSpan.FromDays(30);

    public async Task CheckAsync(KeyMetadata key)
    {
        var origin = await new AwsKeyOrigins(run).ReadAsync(key);
        results.Pass(CmekCheckName.KeyOrigin, $"{key.Arn} {origin.Detail}.");
        if (origin.Kind is not (CmekKeyOrigin.Imported or CmekKeyOrigin.HashiCorpVault))
            return;
        var now = run.Calls.Context.Time.GetUtcNow();
        if (origin.ExpiresAt is not { } end)
            results.Pass(CmekCheckName.KeyExpiry, $"The imported material of {key.Arn} does not expire.");
        else if (end <= now)
            results.Fail(CmekCheckName.KeyExpiry, AwsErrors.KeyMaterialExpired(key.Arn, end));
        else if (end - now < ExpiryWarning)
            results.Warn(
                CmekCheckName.KeyExpiry,
                "KeyExpiresSoon",
                $"The imported material of {key.Arn} expires on {end:yyyy-MM-dd HH:mm} UTC. The key cannot be used "
                    + "then, "
                    + "neither for new data nor for old.",
                AwsErrors.ImportAgain(key.Arn)
            );
        else
            results.Pass(
                CmekCheckName.KeyExpiry,
                $"The imported material of {key.Arn} expires on {end:yyyy-MM-dd HH:mm} UTC."
            );
    }
}
