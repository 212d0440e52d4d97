using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CockroachCmek.Core.Keys.Aws;

/// <content>
/// Deleted principals. AWS shows the unique id in place of the ARN once a role or user is deleted, and refuses every
/// policy that has such an id in a Principal; a new role with the same name is another principal.
/// </content>
internal sealed partial class KeyPolicyDocument
{
    /// <summary>The deleted principals, each with the statement that names it.</summary>
    public IReadOnlyList<StalePrincipal> StalePrincipals =>
        [
            .. Statements
                .Select((s, i) => (Statement: s, Name: (string?)s["Sid"] ?? $"statement {i + 1}"))
                .SelectMany(p =>
                    Stale(p.Statement["Principal"])
                        .Select(id => new StalePrincipal(id, p.Name, IsRemovable: true))
                        .Concat(
                            Stale(p.Statement["NotPrincipal"])
                                .Select(id => new StalePrincipal(id, p.Name, IsRemovable: false))
                        )
                ),
        ];

    /// <summary>Everybody whom a statement names, as written.</summary>
    public IReadOnlyList<string> NamedPrincipals => [.. Statements.SelectMany(PrincipalsOf).Distinct()];

    /// <summary>
    /// The policy without its deleted principals. A statement that names nobody else is removed. A NotPrincipal stays:
    /// without one of its exceptions, a Deny would apply to more than before.
    /// </summary>
    public KeyPolicyDocument WithoutStalePrincipals() =>
        Changed(statements =>
        {
            foreach (var statement in statements.OfType<JsonObject>().Where(s => Stale(s["Principal"]).Any()).ToList())
            {
                JsonObject? rest = statement;
                foreach (var id in Stale(statement["Principal"]).Distinct())
                    rest = rest is null ? null : WithoutPrincipal(rest, id);
                if (rest is null)
                    statements.Remove(statement);
                else
                    statements[statements.IndexOf(statement)] = rest;
            }
        });

    private static IEnumerable<string> Stale(JsonNode? principal) =>
        Texts(principal is JsonObject map ? map["AWS"] : principal)
            .Where(p => Regex.IsMatch(p, "^A(ROA|IDA)[A-Z0-9]+$"));
}

/// <summary>A principal that was deleted, in a key policy.</summary>
/// <param name="Id">Its unique id.</param>
/// <param name="Statement">The Sid of the statement, or its position.</param>
/// <param name="IsRemovable">False where removing it would change what the statement means for others.</param>
internal sealed record StalePrincipal(string Id, string Statement, bool IsRemovable)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Id} in '{Statement}'";
}
