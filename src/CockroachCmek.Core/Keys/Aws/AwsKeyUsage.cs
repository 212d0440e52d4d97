using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// The use of a key by the cluster's role. CloudTrail's event history tells who, how often and what was refused; KMS's
/// own record (GetKeyLastUsage) tells the last use, also an older one, but not by whom.
/// </summary>
internal sealed class AwsKeyUsage(AwsRun run, KeyUsageRequest request)
{
    /// <summary>Entries take about five minutes on average; AWS guarantees nothing.</summary>
    private static readonly TimeSpan Delay = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Decrypts of everything in the account and region: only the newest are looked through for refusals.
    /// </summary>
    private const int RefusalPages = 10;

    private readonly AwsKeyArn _key = AwsKeyArn.Parse(request.Key.KeyUri);
    private readonly List<CmekLogGap> _gaps = [];

    private DateTimeOffset Now => run.Calls.Context.Time.GetUtcNow();

    public async Task<KeyUsage> ReadAsync()
    {
        var reading = ReadTrailAsync(ofKeys: false);
        var recorded = ReadLastUsageAsync();
        var usage = new KeyUsage { Source = AwsTrail.Source, Delay = Delay };
        if (await reading is { } trail)
            usage = await JudgeAsync(usage, trail);
        usage = await WithRecordAsync(usage, await recorded);
        return usage with { Gaps = _gaps };
    }

    /// <summary>The entries of the key in the account of the role: it sees what was refused to the role, too.</summary>
    private async Task<TrailReading?> ReadTrailAsync(bool ofKeys)
    {
        try
        {
            return await new AwsTrail(run).ReadAsync(
                _key.Region,
                ofKeys,
                "ResourceName",
                _key.ToString(),
                request.Since
            );
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            _gaps.Add(
                AwsTrailGaps.History(
                    ofKeys ? $"who else uses {_key}" : $"uses of {_key} by {request.Key.AuthPrincipal}",
                    _key.Region,
                    error
                )
            );
            return null;
        }
    }

    private async Task<KeyUsage> JudgeAsync(KeyUsage usage, TrailReading trail)
    {
        var uses = trail.Entries.Where(e => e.IsUse).ToList();
        var own = uses.Where(IsOwn).ToList();
        var succeeded = own.Where(e => e.Succeeded).ToList();
        if (!trail.IsComplete)
            _gaps.Add(
                AwsTrailGaps.Budget(
                    $"uses of {_key} before {trail.ReadFrom:u}",
                    _key.Region,
                    trail.ReadFrom,
                    $"AttributeKey=ResourceName,AttributeValue={_key}"
                )
            );
        else if (trail.ReadFrom > request.Since.AddHours(1))
            _gaps.Add(AwsTrailGaps.Kept($"uses of {_key}", trail.ReadFrom));
        var (refused, isKnown) = await ReadRefusalsAsync([.. own.Where(e => e.IsRefused)], trail);
        var last = succeeded.FirstOrDefault();
        var others = run.Clients.HasKeyProfile ? await ReadTrailAsync(ofKeys: true) : trail;
        return usage with
        {
            ReadFrom = trail.ReadFrom,
            Uses = succeeded.Count,
            UsesIsMinimum = !trail.IsComplete,
            LastUsed = last?.Time,
            LastOperation = last?.Name ?? "",
            LastKeyMaterialId = last?.KeyMaterialId ?? "",
            Refused = isKnown || refused.Count > 0 ? refused.Count : null,
            LastRefused = refused.FirstOrDefault()?.Time,
            LastRefusal = refused.FirstOrDefault()?.ErrorCode ?? "",
            OtherPrincipals =
            [
                .. (others?.Entries ?? [])
                    .Where(e => e.IsUse && e.Succeeded && !IsOwn(e))
                    .Select(e => e.Who)
                    .Where(w => w.Length > 0)
                    .Distinct(),
            ],
            UsesNewestMaterial = await UsesNewestMaterialAsync(succeeded),
        };
    }

    /// <summary>
    /// Refused uses. A request that AWS denied may not be listed under the key, so that the Decrypts of the region are
    /// looked through for it as well, as far as a limit allows.
    /// </summary>
    private async Task<(List<TrailEntry> Refused, bool IsKnown)> ReadRefusalsAsync(
        IReadOnlyList<TrailEntry> listed,
        TrailReading trail
    )
    {
        try
        {
            var all = await new AwsTrail(run).ReadAsync(
                _key.Region,
                ofKeys: false,
                "EventName",
                "Decrypt",
                request.Since,
                RefusalPages
            );
            var unlisted = all.Entries.Where(e => IsOwn(e) && e.IsRefused && e.Concerns(_key));
            if (!all.IsComplete)
                _gaps.Add(
                    AwsTrailGaps.Budget(
                        $"refused uses of {_key} before {all.ReadFrom:u}",
                        _key.Region,
                        all.ReadFrom,
                        "AttributeKey=EventName,AttributeValue=Decrypt"
                    )
                );
            return (
                [.. listed.Concat(unlisted).GroupBy(e => e.Id).Select(g => g.First()).OrderByDescending(e => e.Time)],
                all.IsComplete && trail.IsComplete
            );
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            _gaps.Add(AwsTrailGaps.History($"refused uses of {_key}", _key.Region, error));
            return ([.. listed], IsKnown: false);
        }
    }

    /// <summary>
    /// A Decrypt with the newest material proves that the cluster re-wrapped with it: data that was encrypted before
    /// decrypts with the older one. An Encrypt proves nothing, since KMS always encrypts with the newest.
    /// </summary>
    private async Task<bool?> UsesNewestMaterialAsync(IReadOnlyList<TrailEntry> succeeded)
    {
        var decrypts = succeeded.Where(e => e.Name == "Decrypt" && e.KeyMaterialId.Length > 0).ToList();
        if (decrypts.Count == 0)
            return null;
        try
        {
            var (createdAt, _) = await run.Keys.GetNewestMaterialAsync(_key);
            if ((await run.Keys.DescribeAsync(_key))?.CurrentKeyMaterialId is not { Length: > 0 } current)
                return null;
            return decrypts.Any(e => e.KeyMaterialId == current) ? true
                : decrypts.Any(e => e.Time > createdAt) ? false
                : null;
        }
        catch (Exception error) when (run.Calls.IsUnread(error) || error is UnsupportedOperationException)
        {
            if (error is not UnsupportedOperationException)
                _gaps.Add(AwsTrailGaps.Rotations(_key, error));
            return null;
        }
    }

    /// <summary>KMS's own record of the last use; null when it could not be read, or the key does not exist.</summary>
    private async Task<GetKeyLastUsageResponse?> ReadLastUsageAsync()
    {
        try
        {
            return await run.Calls.ReadAsync("KMS", "GetKeyLastUsage", _key.ToString(), c =>
                run.Clients.Kms(_key.Region)
                    .GetKeyLastUsageAsync(new GetKeyLastUsageRequest { KeyId = _key.ToString() }, c)
            );
        }
        catch (NotFoundException)
        {
            return null;
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            _gaps.Add(AwsTrailGaps.LastUsage(_key, error));
            return null;
        }
    }

    /// <summary>Adds what KMS records: a use before the event history, or that there never was one.</summary>
    private async Task<KeyUsage> WithRecordAsync(KeyUsage usage, GetKeyLastUsageResponse? response)
    {
        if (response is null)
            return usage;
        if (response.KeyLastUsage?.Timestamp is not { } timestamp)
            return usage with
            {
                IsNeverUsed =
                    response.KeyCreationDate is { } created
                    && response.TrackingStartDate is { } tracked
                    && created >= tracked
                    && usage.LastUsed is null
                    && usage.OtherPrincipals.Count == 0,
            };
        var at = new DateTimeOffset(timestamp.ToUniversalTime());
        if (usage.ReadFrom is not { } readFrom)
        {
            _gaps.Add(AwsTrailGaps.WhoUsedLast(_key, at, "The event history, which has the name, could not be read."));
            return OfSomebody(usage, at, response.KeyLastUsage);
        }

        if (at < readFrom)
        {
            if (usage.LastUsed is not null)
                return usage;
            _gaps.Add(AwsTrailGaps.WhoUsedLast(_key, at, $"The event history was read from {readFrom:u} on."));
            return OfSomebody(usage, at, response.KeyLastUsage);
        }

        return await WithNewestAsync(usage, at, response.KeyLastUsage);
    }

    private static KeyUsage OfSomebody(KeyUsage usage, DateTimeOffset at, KeyLastUsageData record) =>
        usage with
        {
            LastUsed = at,
            LastOperation = record.Operation ?? "",
            IsLastUserKnown = false,
        };

    /// <summary>A use that is newer than what was read: its entry tells whose it is, once it is there.</summary>
    private async Task<KeyUsage> WithNewestAsync(KeyUsage usage, DateTimeOffset at, KeyLastUsageData record)
    {
        var known = usage.LastUsed is { } last && last >= at.AddSeconds(-1);
        if (known || record.CloudTrailEventId is not { Length: > 0 } id)
            return usage;
        var found = await new AwsTrail(run).ReadAsync(
            _key.Region,
            ofKeys: false,
            "EventId",
            id,
            request.Since,
            pages: 1
        );
        var entry = found.Entries.Count > 0 ? found.Entries[0] : null;
        if (entry is null)
        {
            if (Now - at <= Delay)
                _gaps.Add(AwsTrailGaps.WhoUsedLast(_key, at, "Its entry is not in the event history yet."));
            return usage;
        }

        return IsOwn(entry)
            ? usage with
            {
                LastUsed = entry.Time,
                LastOperation = entry.Name,
                LastKeyMaterialId = entry.KeyMaterialId,
                Uses = usage.Uses is { } uses && uses == 0 ? 1 : usage.Uses,
            }
            : usage;
    }

    private bool IsOwn(TrailEntry entry) => entry.Who == request.Key.AuthPrincipal;
}
