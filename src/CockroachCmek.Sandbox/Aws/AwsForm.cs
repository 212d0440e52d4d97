using System.Text;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>The form of a request in the Query protocol of IAM and STS.</summary>
internal static class AwsForm
{
    public static Dictionary<string, string> Parse(SandboxRequest request) =>
        Encoding
            .UTF8.GetString(request.Body)
            .Split(['&'], StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split(['='], 2))
            .GroupBy(p => Decode(p[0]))
            .ToDictionary(g => g.Key, g => g.Last().Length > 1 ? Decode(g.Last()[1]) : "");

    /// <exception cref="AwsException">ValidationError: the parameter is missing.</exception>
    public static string Required(IReadOnlyDictionary<string, string> form, string name) =>
        form.TryGetValue(name, out var value) && value.Length > 0
            ? value
            : throw new AwsException(
                "ValidationError",
                $"1 validation error detected: Value null at '{name}' failed to satisfy constraint: "
                    + "Member must not be null"
            );

    /// <summary>The items of a list of values: name.member.1, name.member.2 and so on.</summary>
    public static IEnumerable<string> List(IReadOnlyDictionary<string, string> form, string name)
    {
        for (var i = 1; form.TryGetValue($"{name}.member.{i}", out var value); i++)
            yield return value;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
