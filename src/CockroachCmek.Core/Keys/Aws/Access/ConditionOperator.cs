using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>
/// The condition operators of IAM. Source: IAM user guide, "IAM JSON policy elements: Condition operators".
/// </summary>
internal sealed class ConditionOperator
{
    private static readonly Dictionary<string, ConditionOperator> All = Build();

    private readonly Func<string, string, Truth> _compare;

    private ConditionOperator(bool isNegated, bool isPattern, Func<string, string, Truth> compare)
    {
        IsNegated = isNegated;
        IsPattern = isPattern;
        _compare = compare;
    }

    /// <summary>True for the operator Null, which asks whether the key is in the request.</summary>
    public bool IsNull { get; private init; }

    /// <summary>True for a Not… operator: no value may match, and an absent key fulfils it.</summary>
    public bool IsNegated { get; }

    private bool IsPattern { get; }

    /// <summary>An operator by its name without prefix and suffix; null for one that is not known.</summary>
    public static ConditionOperator? Find(string name) => All.TryGetValue(name, out var found) ? found : null;

    /// <summary>Whether a value of the request matches a value of the policy, before negation.</summary>
    public Truth Compare(ContextValue actual, string value, string wanted)
    {
        if (actual.SomeArnOf is not { } account)
            return _compare(value, wanted);
        // The ARN of somebody in the account: it cannot equal an ARN of another account.
        var truth = Wildcard.MatchesSomeArn(wanted, account);
        return truth == Truth.Yes && !IsPattern ? Truth.No : truth;
    }

    private static Dictionary<string, ConditionOperator> Build()
    {
        var all = new Dictionary<string, ConditionOperator>(StringComparer.OrdinalIgnoreCase)
        {
            ["Null"] = new(false, false, (_, _) => Truth.Maybe) { IsNull = true },
            ["Bool"] = new(false, false, (v, w) => Equal(v, w, ignoreCase: true)),
            ["BinaryEquals"] = new(false, false, (v, w) => Equal(v, w)),
        };
        Pair("StringEquals", "StringNotEquals", (v, w) => Equal(v, w));
        Pair("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", (v, w) => Equal(v, w, ignoreCase: true));
        Pair("StringLike", "StringNotLike", (v, w) => Wildcard.Matches(w, v).ToTruth(), isPattern: true);
        Pair("ArnEquals", "ArnNotEquals", (v, w) => Wildcard.MatchesArn(w, v).ToTruth(), isPattern: true);
        Pair("ArnLike", "ArnNotLike", (v, w) => Wildcard.MatchesArn(w, v).ToTruth(), isPattern: true);
        Pair("IpAddress", "NotIpAddress", IsInRange);
        Ordered("Numeric", ParseNumber);
        Ordered("Date", ParseDate);
        return all;

        void Pair(string name, string negated, Func<string, string, Truth> compare, bool isPattern = false)
        {
            all[name] = new(false, isPattern, compare);
            all[negated] = new(true, isPattern, compare);
        }

        void Ordered(string type, Func<string, decimal?> parse)
        {
            Pair($"{type}Equals", $"{type}NotEquals", (v, w) => Order(v, w, parse, (a, b) => a == b));
            all[$"{type}LessThan"] = new(false, false, (v, w) => Order(v, w, parse, (a, b) => a < b));
            all[$"{type}LessThanEquals"] = new(false, false, (v, w) => Order(v, w, parse, (a, b) => a <= b));
            all[$"{type}GreaterThan"] = new(false, false, (v, w) => Order(v, w, parse, (a, b) => a > b));
            all[$"{type}GreaterThanEquals"] = new(false, false, (v, w) => Order(v, w, parse, (a, b) => a >= b));
        }
    }

    private static Truth Equal(string value, string wanted, bool ignoreCase = false) =>
        string.Equals(value, wanted, ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal)
            .ToTruth();

    private static Truth Order(
        string value,
        string wanted,
        Func<string, decimal?> parse,
        Func<decimal, decimal, bool> compare
    ) => parse(value) is { } one && parse(wanted) is { } other ? compare(one, other).ToTruth() : Truth.Maybe;

    private static decimal? ParseNumber(string text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Seconds since 1970: of a number as it is, of a date in one of the forms of ISO 8601.</summary>
    private static decimal? ParseDate(string text)
    {
        if (ParseNumber(text) is { } seconds)
            return seconds;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out var date)
            ? date.ToUnixTimeMilliseconds() / 1000m
            : null;
    }

    private static Truth IsInRange(string value, string wanted)
    {
        var (range, _, length) = (wanted.Split('/')[0], 0, wanted.Contains('/') ? wanted.Split('/')[1] : null);
        if (!IPAddress.TryParse(value, out var address) || !IPAddress.TryParse(range, out var network))
            return Truth.Maybe;
        if (address.AddressFamily != network.AddressFamily)
            return Truth.No;
        var bits = network.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        if (length is not null && (!int.TryParse(length, out bits) || bits < 0))
            return Truth.Maybe;
        var (one, other) = (address.GetAddressBytes(), network.GetAddressBytes());
        return Enumerable
            .Range(0, Math.Min(bits, one.Length * 8))
            .All(i => ((one[i / 8] ^ other[i / 8]) & (0x80 >> (i % 8))) == 0)
            .ToTruth();
    }
}
