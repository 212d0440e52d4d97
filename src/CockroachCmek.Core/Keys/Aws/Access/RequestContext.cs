using System.Globalization;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>The value of a condition key in a request.</summary>
internal sealed record ContextValue
{
    /// <summary>Only AWS sees it when the request is made.</summary>
    public static ContextValue Unknown { get; } = new() { IsUnknown = true };

    /// <summary>The request does not contain the key.</summary>
    public static ContextValue Absent { get; } = new() { IsAbsent = true };

    public IReadOnlyList<string> Values { get; private init; } = [];

    public bool IsUnknown { get; private init; }

    public bool IsAbsent { get; private init; }

    /// <summary>Of the ARN of an identity that is not known: its account. Null for a value that is known.</summary>
    public string? SomeArnOf { get; private init; }

    /// <summary>A value that is known.</summary>
    public static ContextValue Of(string value) => new() { Values = [value] };

    /// <summary>The ARN of some identity of an account.</summary>
    public static ContextValue ArnIn(string accountId) => new() { Values = [""], SomeArnOf = accountId };
}

/// <summary>
/// What is known about a request: made directly, over TLS, now. Every key that is not listed here is known to AWS only.
/// </summary>
internal sealed class RequestContext
{
    /// <summary>In a request that a principal makes directly, and not a service for it, these do not exist.</summary>
    /// <remarks>Source: IAM user guide, "AWS global condition context keys", the availability of each.</remarks>
    private static readonly string[] OfServices =
    [
        "aws:CalledVia",
        "aws:CalledViaFirst",
        "aws:CalledViaLast",
        "aws:PrincipalServiceName",
        "aws:PrincipalServiceNamesList",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "kms:ViaService",
    ];

    private readonly Dictionary<string, ContextValue> _values = new(StringComparer.OrdinalIgnoreCase);

    private RequestContext(PolicySubject subject, DateTimeOffset? now)
    {
        if (now is { } time)
        {
            Set("aws:CurrentTime", time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
            Set("aws:EpochTime", time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        }

        Set("aws:SecureTransport", "true");
        if (subject.AccountId.Length == 0)
            return;
        Set("aws:PrincipalAccount", subject.AccountId);
        _values["aws:PrincipalArn"] = subject.Arn is { } arn
            ? ContextValue.Of(arn)
            : ContextValue.ArnIn(subject.AccountId);
    }

    /// <summary>The value of a key.</summary>
    public ContextValue this[string key] => _values.TryGetValue(key, out var value) ? value : ContextValue.Unknown;

    /// <summary>The use of a key by a role through a session, as CockroachDB Cloud does it.</summary>
    public static RequestContext OfKeyUse(PolicySubject role, string keyAccount, string region, DateTimeOffset? now)
    {
        var context = OfKey(role, keyAccount, region, now);
        context.SetDirect();
        context.Set("aws:PrincipalType", "AssumedRole");
        context._values["aws:username"] = ContextValue.Absent;
        context._values["sts:ExternalId"] = ContextValue.Absent;
        return context;
    }

    /// <summary>A call to a key by somebody else, who may also come through a service.</summary>
    public static RequestContext OfKey(PolicySubject caller, string keyAccount, string region, DateTimeOffset? now)
    {
        var context = new RequestContext(caller, now);
        context.Set("aws:ResourceAccount", keyAccount);
        context.Set("aws:RequestedRegion", region);
        if (caller.AccountId.Length > 0)
            context.Set("kms:CallerAccount", caller.AccountId);
        return context;
    }

    /// <summary>sts:AssumeRole.</summary>
    /// <param name="externalId">The external id; null for none.</param>
    public static RequestContext OfAssumeRole(
        PolicySubject caller,
        string roleAccount,
        ContextValue externalId,
        DateTimeOffset? now
    )
    {
        var context = new RequestContext(caller, now);
        context.SetDirect();
        context.Set("aws:ResourceAccount", roleAccount);
        context._values["sts:ExternalId"] = externalId;
        return context;
    }

    private void SetDirect()
    {
        Set("aws:ViaAWSService", "false");
        Set("aws:PrincipalIsAWSService", "false");
        foreach (var key in OfServices)
            _values[key] = ContextValue.Absent;
    }

    private void Set(string key, string value) => _values[key] = ContextValue.Of(value);
}
