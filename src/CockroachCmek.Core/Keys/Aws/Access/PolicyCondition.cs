using CockroachCmek.Core.Access;

namespace CockroachCmek.Core.Keys.Aws.Access;

/// <summary>One test of a Condition: an operator, a key and its values.</summary>
internal sealed record PolicyCondition
{
    private const string AnyValue = "ForAnyValue:";
    private const string AllValues = "ForAllValues:";
    private const string IfExists = "IfExists";

    /// <summary>The condition key, as written. Keys have no case.</summary>
    public required string Key { get; init; }

    /// <summary>The values; one of them has to match.</summary>
    public required IReadOnlyList<PolicyValue> Values { get; init; }

    /// <summary>How a value of the request is compared; null for an operator that is not known.</summary>
    private ConditionOperator? Operator { get; init; }

    private string OperatorText { get; init; } = "";

    private bool IsAnyValue { get; init; }

    private bool IsAllValues { get; init; }

    private bool PassesWhenAbsent { get; init; }

    /// <summary>True for a test that a request fulfils only with one of the values.</summary>
    public bool IsOnlyForItsValues =>
        Operator is { IsNegated: false, IsNull: false } && !PassesWhenAbsent && !IsAllValues;

    public static PolicyCondition Parse(string text, string key, IReadOnlyList<string> values, bool hasVariables)
    {
        var name = text;
        var (isAny, isAll) = (HasPrefix(name, AnyValue), HasPrefix(name, AllValues));
        if (isAny || isAll)
            name = name.Substring(name.IndexOf(':') + 1);
        var ifExists = name.EndsWith(IfExists, StringComparison.OrdinalIgnoreCase);
        if (ifExists)
            name = name.Substring(0, name.Length - IfExists.Length);
        return new PolicyCondition
        {
            Key = key,
            Values = [.. values.Select(v => PolicyValue.Parse(v, hasVariables))],
            Operator = ConditionOperator.Find(name),
            OperatorText = text,
            IsAnyValue = isAny,
            IsAllValues = isAll,
            PassesWhenAbsent = ifExists,
        };
    }

    /// <summary>Whether a request fulfils it.</summary>
    public Finding Evaluate(RequestContext context)
    {
        if (Operator is null)
            return Finding.Maybe($"the operator {OperatorText}");
        var actual = context[Key];
        if (Operator.IsNull)
            return actual.IsUnknown ? Finding.Maybe(Key)
                : Values
                    .Select(v => string.Equals(v.Text, actual.IsAbsent ? "true" : "false", IgnoreCase))
                    .Any(isSo => isSo)
                    ? Finding.Yes
                : Finding.No;
        if (actual.IsUnknown)
            return Finding.Maybe(Key);
        if (actual.IsAbsent)
            return PassesWhenAbsent || IsAllValues || (Operator.IsNegated && !IsAnyValue) ? Finding.Yes : Finding.No;
        var hits = actual.Values.Select(v => Values.Select(p => Hit(actual, v, p)).Any());
        if (Operator.IsNegated)
            hits = hits.Select(Not);
        return IsAnyValue ? hits.Any() : hits.All();
    }

    private const StringComparison IgnoreCase = StringComparison.OrdinalIgnoreCase;

    private Finding Hit(ContextValue actual, string value, PolicyValue wanted) =>
        wanted.Variables.Count > 0
            ? wanted.Variables.Select(Finding.Maybe).All()
            : Finding.Of(Operator!.Compare(actual, value, wanted.Text), Key);

    private static Finding Not(Finding finding) =>
        finding.Truth switch
        {
            Truth.Yes => Finding.No,
            Truth.No => Finding.Yes,
            _ => finding,
        };

    private static bool HasPrefix(string text, string prefix) => text.StartsWith(prefix, IgnoreCase);
}
