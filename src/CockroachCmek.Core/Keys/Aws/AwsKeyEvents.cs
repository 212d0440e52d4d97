using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// What happened to keys and to their role: from CloudTrail's event history with who did it, and older rotations from
/// KMS.
/// </summary>
internal sealed class AwsKeyEvents(AwsRun run, KeyEventsRequest request)
{
    private static readonly Dictionary<string, KeyEventAction> OfKey = new()
    {
        ["CreateKey"] = KeyEventAction.Created,
        ["ReplicateKey"] = KeyEventAction.Replicated,
        ["SynchronizeMultiRegionKey"] = KeyEventAction.PropertiesChanged,
        ["RotateKeyOnDemand"] = KeyEventAction.Rotated,
        ["RotateKey"] = KeyEventAction.Rotated,
        ["EnableKeyRotation"] = KeyEventAction.RotationChanged,
        ["DisableKeyRotation"] = KeyEventAction.RotationChanged,
        ["DisableKey"] = KeyEventAction.Disabled,
        ["EnableKey"] = KeyEventAction.Enabled,
        ["ScheduleKeyDeletion"] = KeyEventAction.DeletionScheduled,
        ["CancelKeyDeletion"] = KeyEventAction.DeletionCanceled,
        ["DeleteKey"] = KeyEventAction.Deleted,
        ["PutKeyPolicy"] = KeyEventAction.PolicyChanged,
        ["CreateGrant"] = KeyEventAction.PolicyChanged,
        ["RevokeGrant"] = KeyEventAction.PolicyChanged,
        ["RetireGrant"] = KeyEventAction.PolicyChanged,
        ["ImportKeyMaterial"] = KeyEventAction.MaterialImported,
        ["DeleteImportedKeyMaterial"] = KeyEventAction.MaterialDeleted,
        ["DeleteExpiredKeyMaterial"] = KeyEventAction.MaterialDeleted,
        ["UpdateKeyDescription"] = KeyEventAction.PropertiesChanged,
        ["UpdatePrimaryRegion"] = KeyEventAction.PropertiesChanged,
        ["TagResource"] = KeyEventAction.PropertiesChanged,
        ["UntagResource"] = KeyEventAction.PropertiesChanged,
        ["CreateAlias"] = KeyEventAction.PropertiesChanged,
        ["UpdateAlias"] = KeyEventAction.PropertiesChanged,
        ["DeleteAlias"] = KeyEventAction.PropertiesChanged,
    };

    /// <summary>The operations of IAM that change who may assume a role, and what it may do.</summary>
    private static readonly HashSet<string> OfRole =
    [
        "CreateRole",
        "DeleteRole",
        "UpdateAssumeRolePolicy",
        "PutRolePolicy",
        "DeleteRolePolicy",
        "AttachRolePolicy",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "DeleteRolePermissionsBoundary",
    ];

    /// <summary>KMS names the end of a rotation, CloudTrail its beginning.</summary>
    private static readonly TimeSpan RotationTakes = TimeSpan.FromHours(1);

    private readonly List<CmekLogGap> _gaps = [];

    public async Task<KeyEvents> ReadAsync()
    {
        var keys = request.Keys.GroupBy(k => k.KeyUri).Select(g => g.First()).ToList();
        var events = new List<KeyEvent>();
        foreach (var key in keys)
            events.AddRange(await ReadKeyAsync(AwsKeyArn.Parse(key.KeyUri)));
        foreach (var role in keys.GroupBy(k => k.AuthPrincipal))
            events.AddRange(await ReadRoleAsync(RoleArn.Parse(role.Key), role.First().KeyUri));
        return new KeyEvents([.. events.OrderByDescending(e => e.Time)], _gaps);
    }

    private async Task<IReadOnlyList<KeyEvent>> ReadKeyAsync(AwsKeyArn key)
    {
        var trail = await ReadTrailAsync(key.Region, ofKeys: true, key.ToString(), $"events of {key}");
        var logged = (trail?.Entries ?? [])
            .Where(e => OfKey.ContainsKey(e.Name))
            .Select(e => ToEvent(e, key.ToString(), OfKey[e.Name]))
            .ToList();
        foreach (var rotation in await ReadRotationsAsync(key))
            if (
                !logged.Any(e =>
                    e is { Action: KeyEventAction.Rotated, Error: "" }
                    && e.Time <= rotation.Time.AddMinutes(1)
                    && rotation.Time - e.Time < RotationTakes
                )
            )
                logged.Add(rotation);
        return logged;
    }

    private async Task<IReadOnlyList<KeyEvent>> ReadRoleAsync(RoleArn role, string keyUri)
    {
        var region = AwsPartition.Named(role.Partition).IamSigningRegion;
        var trail = await ReadTrailAsync(region, ofKeys: false, role.Name, $"events of {role}");
        return
        [
            .. (trail?.Entries ?? [])
                .Where(e => OfRole.Contains(e.Name))
                .Select(e =>
                    ToEvent(e, keyUri, KeyEventAction.IdentityChanged) with
                    {
                        Detail = $"{e.Name} {role.Name}",
                    }
                ),
        ];
    }

    private async Task<TrailReading?> ReadTrailAsync(string region, bool ofKeys, string resource, string what)
    {
        try
        {
            var trail = await new AwsTrail(run).ReadAsync(region, ofKeys, "ResourceName", resource, request.Since);
            if (!trail.IsComplete)
                _gaps.Add(
                    AwsTrailGaps.Budget(
                        $"{what} before {trail.ReadFrom:u}",
                        region,
                        trail.ReadFrom,
                        $"AttributeKey=ResourceName,AttributeValue={resource}"
                    )
                );
            else if (trail.ReadFrom > request.Since.AddHours(1))
                _gaps.Add(AwsTrailGaps.Kept(what, trail.ReadFrom));
            return trail;
        }
        catch (Exception error) when (run.Calls.IsUnread(error))
        {
            _gaps.Add(AwsTrailGaps.History(what, region, error));
            return null;
        }
    }

    /// <summary>The rotations that KMS lists: all of the key's life, without who made them.</summary>
    private async Task<IReadOnlyList<KeyEvent>> ReadRotationsAsync(AwsKeyArn key)
    {
        try
        {
            return
            [
                .. (await run.Keys.GetRotationsAsync(key))
                    .Where(r => r.RotationDate is not null)
                    .Select(r => new KeyEvent
                    {
                        Time = new DateTimeOffset(r.RotationDate!.Value.ToUniversalTime()),
                        KeyUri = key.ToString(),
                        Action = KeyEventAction.Rotated,
                        Source = "KMS",
                        Detail = $"{r.RotationType}{(r.KeyMaterialId is { } id ? $", material {id}" : "")}",
                    })
                    .Where(e => e.Time >= request.Since),
            ];
        }
        catch (Exception error) when (run.Calls.IsUnread(error) || error is NotFoundException)
        {
            if (error is not (NotFoundException or UnsupportedOperationException))
                _gaps.Add(AwsTrailGaps.Rotations(key, error));
            return [];
        }
    }

    private static KeyEvent ToEvent(TrailEntry entry, string keyUri, KeyEventAction action) =>
        new()
        {
            Time = entry.Time,
            KeyUri = keyUri,
            Action = action,
            Who = entry.Who,
            Source = AwsTrail.Source,
            Detail = entry.Name,
            RequestId = entry.RequestId,
            Error = entry.ErrorCode,
        };
}
