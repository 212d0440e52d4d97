using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>New versions of KMS keys, on demand. A multi-region key is rotated once, at its primary; its replicas follow.</summary>
internal sealed class AwsKeyRotation(AwsClients clients, AwsCalls calls)
{
    private readonly AwsKeyReader _reader = new(clients, calls);

    /// <summary>The same URIs, once every key has a version that is newer than what the cluster took up last; null when that was not allowed.</summary>
    public async Task<IReadOnlyList<CmekRegionSpec>?> RotateAsync(IReadOnlyList<CmekRegionInfo> regions)
    {
        var keys = regions.Select(r => r.Keys[0]).ToList();
        var homes = await Task.WhenAll(keys.Select(async k => (Key: k, Home: await HomeAsync(k.KeyUri))));
        // Regions that share a key may have taken it up at different times; the latest counts.
        var due = homes
            .GroupBy(h => h.Home)
            .Select(g => (Home: g.Key, TakenUp: g.Max(h => h.Key.CreatedAt) ?? DateTimeOffset.MinValue))
            .ToList();
        var newest = await Task.WhenAll(due.Select(d => NewestAsync(d.Home)));
        var allowed = new List<((string Region, string Arn) Home, DateTimeOffset TakenUp)>();
        var refused = false;
        for (var i = 0; i < due.Count; i++)
        {
            if (newest[i] > due[i].TakenUp)
                calls.Context.Log.Verbose(
                    $"{due[i].Home.Arn} was rotated on {newest[i]:u}, after the cluster took it up: it is not rotated again."
                );
            else if (
                await calls.Context.Log.ShouldProcessAsync(
                    due[i].Home.Arn,
                    "Rotate the KMS key on demand",
                    calls.Context.CancellationToken
                )
            )
                allowed.Add(due[i]);
            else
                refused = true; // go on asking: a dry run names every key
        }

        if (refused)
            return null;
        await Task.WhenAll(allowed.Select(d => RotateAsync(d.Home, d.TakenUp)));
        return
        [
            .. regions.Select(r => new CmekRegionSpec
            {
                Region = r.Region,
                KeySpec = new CmekKeySpec
                {
                    Type = r.Keys[0].KeyType,
                    Uri = r.Keys[0].KeyUri,
                    AuthPrincipal = r.Keys[0].AuthPrincipal,
                },
            }),
        ];
    }

    /// <summary>When the key behind a URI got its newest version; the beginning of time when it was never rotated.</summary>
    public async Task<DateTimeOffset> NewestAsync(string arn) => await NewestAsync(await HomeAsync(arn));

    private async Task RotateAsync((string Region, string Arn) home, DateTimeOffset takenUp)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                await calls.WriteAsync("KMS", "RotateKeyOnDemand", home.Arn, c =>
                    clients
                        .Kms(home.Region)
                        .RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = home.Arn }, c)
                );
                return;
            }
            catch (LimitExceededException fault)
            {
                throw AwsErrors.RotationLimitReached(home.Arn, fault);
            }
            catch (ConflictException fault)
            {
                throw AwsErrors.RotationRunning(home.Arn, fault);
            }
            catch (Exception fault) when (calls.IsResponseLost(fault))
            {
                // Rotating is not idempotent: only a look at the rotations tells whether it happened.
                if (await NewestAsync(home) > takenUp)
                    return;
                if (round == 3)
                    throw;
            }
        }
    }

    /// <summary>Where a key is rotated: at the primary of a multi-region key.</summary>
    private async Task<(string Region, string Arn)> HomeAsync(string arn)
    {
        var region = arn.Split(':')[3];
        var metadata = await _reader.DescribeAsync(region, arn) ?? throw AwsErrors.KeyNotFound(arn, region);
        return metadata.MultiRegionConfiguration?.PrimaryKey is { } primary
            ? (primary.Region, primary.Arn)
            : (region, metadata.Arn);
    }

    private async Task<DateTimeOffset> NewestAsync((string Region, string Arn) home)
    {
        var newest = DateTimeOffset.MinValue;
        string? marker = null;
        do
        {
            var page = await calls.ReadAsync("KMS", "ListKeyRotations", home.Arn, c =>
                clients
                    .Kms(home.Region)
                    .ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = home.Arn, Marker = marker }, c)
            );
            foreach (var date in (page.Rotations ?? []).Select(r => r.RotationDate).OfType<DateTime>())
                if (new DateTimeOffset(date.ToUniversalTime()) is var at && at > newest)
                    newest = at;
            marker = page.Truncated == true ? page.NextMarker : null;
        } while (marker is not null);

        return newest;
    }
}
